//! Time: a monotonic clock for decisions, a wall clock for timestamps.
//!
//! Leases, timeouts and retention of *progress* use [`now`]; only record timestamps, file ages
//! and what a person reads use [`wall_ms`].

use std::time::{SystemTime, UNIX_EPOCH};

pub use std::time::Duration;
pub use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, Timeout};
pub use tokio::time::{sleep_until, timeout_at};

/// The monotonic clock.
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970, as record timestamps count.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Waits for `duration`.
pub fn sleep(duration: Duration) -> Sleep {
    tokio::time::sleep(duration)
}

/// Gives up on `future` after `duration`.
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    tokio::time::timeout(duration, future)
}

/// Ticks every `period`; a late tick delays the next one instead of bunching up.
pub fn interval(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
