//! How long to wait before asking again. Pure: randomness is passed in.
//!
//! `step / 2 <= delay <= step`, where the step doubles from the first to the largest.

use strait_io::time::Duration;

/// Delays that double up to a limit, with jitter so that many callers do not return as one.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    attempts: u32,
}

impl Default for Backoff {
    /// 50 ms to 1 s, as Kafka's clients do it.
    fn default() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(1))
    }
}

impl Backoff {
    /// Delays from `first` to `max`.
    pub fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, attempts: 0 }
    }

    /// The next delay; `random` is any number.
    pub fn next(&mut self, random: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.attempts.min(20));
        let step = doubled.min(self.max);
        self.attempts = self.attempts.saturating_add(1);
        let half = step / 2;
        half + half.mul_f64((random % 1024) as f64 / 1023.0)
    }

    /// Starts over, after a success.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// How often `next` was asked since the last success.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_within_their_jitter_and_stop_at_the_limit() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        for (random, low, high) in [(0, 50, 50), (1023, 200, 200), (511, 175, 350), (9, 175, 350)] {
            let delay = backoff.next(random);
            assert!((low..=high).contains(&delay.as_millis()), "{delay:?} of {random}");
        }
        backoff.reset();
        assert_eq!(backoff.next(1023), Duration::from_millis(100));
    }

    #[test]
    fn a_hundred_failures_do_not_overflow() {
        let mut backoff = Backoff::default();
        (0..100).for_each(|n| assert!(backoff.next(n) <= Duration::from_secs(1)));
    }
}
