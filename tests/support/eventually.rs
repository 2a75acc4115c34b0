//! Waiting for something that becomes true on its own.

use std::time::{Duration, Instant};

/// Asks until the answer is `Ok`, at most for `patience`; then panics with the last `Err`.
pub fn eventually<T>(patience: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(reason) if started.elapsed() >= patience => {
                panic!("not within {patience:?}: {reason}")
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
