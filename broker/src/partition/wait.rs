//! Parks until appended records are safe.

use std::sync::Arc;

use strait_io::time::{self, Instant};
use strait_wire::ErrorCode;
use tokio::sync::Notify;

use super::Partition;

/// Waits until every partition is safe up to its offset, or the deadline. The results stand in
/// the order of `targets`; a partition that did not make it has REQUEST_TIMED_OUT.
pub async fn safe(
    targets: &[(Arc<Partition>, i64)],
    deadline: Instant,
) -> Vec<Result<(), ErrorCode>> {
    let waiter = Arc::new(Notify::new());
    loop {
        let states: Vec<_> = targets.iter().map(|(p, end)| p.is_safe(*end, &waiter)).collect();
        let pending = states.contains(&Ok(false));
        if !pending || time::timeout_at(deadline, waiter.notified()).await.is_err() {
            return states.into_iter().map(verdict).collect();
        }
    }
}

fn verdict(state: Result<bool, ErrorCode>) -> Result<(), ErrorCode> {
    if state? { Ok(()) } else { Err(ErrorCode::REQUEST_TIMED_OUT) }
}
