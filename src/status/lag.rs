//! Lag in seconds from the history of a source's high watermark. Pure.
//!
//! The history holds (time, high watermark) pairs; the lag is how long ago the high watermark
//! passed the lane's checkpoint, interpolated between samples. It needs no record timestamp, is
//! 0 when caught up, and is a lower bound when the checkpoint lies before the history.

use std::collections::VecDeque;

/// Samples kept: ten minutes at one a second.
const SAMPLES_MAX: usize = 600;

/// A source partition's end over time; times ascend, in seconds of any steady clock.
#[derive(Debug, Default, Clone)]
pub struct EndHistory {
    samples: VecDeque<(f64, i64)>,
}

impl EndHistory {
    /// Adds what was seen at `now`.
    pub fn observe(&mut self, now: f64, end: i64) {
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back((now, end));
    }

    /// Seconds since the source's end was at `checkpoint`; `None` before the first sample.
    pub fn lag_seconds(&self, now: f64, checkpoint: i64) -> Option<f64> {
        let (_, end) = *self.samples.back()?;
        if checkpoint >= end {
            return Some(0.0);
        }
        let after = self.samples.partition_point(|(_, end)| *end <= checkpoint);
        let (later_time, later_end) = self.samples[after.min(self.samples.len() - 1)];
        let passed = match after.checked_sub(1).map(|i| self.samples[i]) {
            None => later_time,
            Some((time, end)) => {
                let share = (checkpoint - end) as f64 / (later_end - end).max(1) as f64;
                time + (later_time - time) * share
            }
        };
        Some((now - passed).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(samples: &[(f64, i64)]) -> EndHistory {
        let mut history = EndHistory::default();
        samples.iter().for_each(|(time, end)| history.observe(*time, *end));
        history
    }

    #[test]
    fn caught_up_is_zero() {
        assert_eq!(history(&[(0.0, 10), (1.0, 20)]).lag_seconds(5.0, 20), Some(0.0));
    }

    #[test]
    fn lag_is_interpolated_between_samples() {
        let lag = history(&[(0.0, 0), (10.0, 100)]).lag_seconds(12.0, 50);
        assert!((lag.expect("known") - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_checkpoint_before_the_history_gives_a_lower_bound() {
        assert_eq!(history(&[(100.0, 50), (101.0, 60)]).lag_seconds(103.0, 5), Some(3.0));
    }

    #[test]
    fn nothing_seen_is_unknown() {
        assert_eq!(EndHistory::default().lag_seconds(1.0, 0), None);
    }
}
