//! Is the process alive, and does everything move: for schedulers and load balancers.

use axum::extract::State;
use axum::http::StatusCode;

use super::App;
use crate::status::{PipelineSnapshot, Snapshot};

/// The process lives and answers.
pub async fn lives() -> &'static str {
    "ok\n"
}

/// Whether every pipeline has lanes and none is stopped or in trouble; if not, why, a line each.
pub async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let reasons = not_ready(&(app.latest)());
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}

fn not_ready(snapshot: &Snapshot) -> Vec<String> {
    if snapshot.pipelines.is_empty() {
        return snapshot.headline().sentences;
    }
    let unready = snapshot.pipelines.iter().filter(|pipeline| !is_ready(pipeline));
    unready.map(|pipeline| pipeline.condition().1).collect()
}

fn is_ready(pipeline: &PipelineSnapshot) -> bool {
    !pipeline.lanes.is_empty() && !matches!(pipeline.verdict(), "stopped" | "trouble")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::sample;

    #[test]
    fn lanes_that_wait_out_a_fault_are_ready_and_stopped_ones_are_not() {
        assert_eq!(not_ready(&sample::busy()), Vec::<String>::new());
        let reasons = not_ready(&sample::troubled());
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(reasons[0].starts_with("sg-to-ad: 1 of 2 lanes stopped — "), "{reasons:?}");
    }

    #[test]
    fn without_lanes_nothing_is_ready() {
        let mut snapshot = sample::calm();
        snapshot.pipelines[1].lanes.clear();
        assert_eq!(not_ready(&snapshot), ["sg-to-ad: no topic to mirror yet."]);
        assert_eq!(not_ready(&Snapshot::default()), ["Starting: nothing is known yet."]);
    }
}
