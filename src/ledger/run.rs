//! Runs: stretches in which source and target offsets advance in step. Pure.

use serde::{Deserialize, Serialize};

use super::{Digest, LaneRecord};
use crate::model::{SourceOffset, TargetOffset};

/// One stretch of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// First source offset.
    pub source_start: SourceOffset,
    /// The source offset after the last one copied.
    pub source_end: SourceOffset,
    /// Target offset of the first record.
    pub target_start: TargetOffset,
    /// The target offset after the last one written.
    pub target_end: TargetOffset,
    /// Records copied in this run.
    pub records: u64,
    /// Over the blocks as fetched.
    pub source_digest: Digest,
    /// Over the blocks as sent.
    pub target_digest: Digest,
}

/// What the target acknowledged: one batch, at its new place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Source offset of the batch.
    pub source_base: SourceOffset,
    /// The source offset after it.
    pub source_next: SourceOffset,
    /// Where the target put it.
    pub target_base: TargetOffset,
    /// Offsets it takes there.
    pub target_span: i64,
    /// Records inside.
    pub records: i32,
    /// CRC-32C of the block as fetched.
    pub source_digest: u32,
    /// CRC-32C of the block as sent.
    pub target_digest: u32,
}

impl Run {
    fn begin(copied: &Copied) -> Self {
        Self {
            source_start: copied.source_base,
            source_end: copied.source_base,
            target_start: copied.target_base,
            target_end: copied.target_base,
            records: 0,
            source_digest: Digest::default(),
            target_digest: Digest::default(),
        }
    }

    /// Whether the batch goes on where this run ends. A batch that takes fewer offsets at the
    /// target than at the source (its holes were closed) is a run of its own.
    fn in_step_with(&self, copied: &Copied) -> bool {
        let follows =
            copied.source_base == self.source_end && copied.target_base == self.target_end;
        let source_span = self.source_end.0 - self.source_start.0;
        let is_even = source_span == self.target_end.0 - self.target_start.0;
        follows && is_even && copied.source_next == copied.source_base + copied.target_span
    }

    fn extend(&mut self, copied: &Copied) {
        self.source_end = copied.source_next;
        self.target_end = copied.target_base + copied.target_span;
        self.records += copied.records as u64;
        self.source_digest = self.source_digest.with(copied.source_digest, copied.records);
        self.target_digest = self.target_digest.with(copied.target_digest, copied.records);
    }
}

/// The open end of one lane's ledger: the run that still grows, and how many closed before it.
///
/// Runs close when the difference between source and target changes; a closed run is written
/// once and never again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaneLedger {
    /// The number of the open run; runs are numbered from 0.
    pub number: u64,
    /// The open run, if anything was copied.
    pub open: Option<Run>,
    /// Runs that closed since the last [`LaneLedger::take_closed`], with their numbers.
    closed: Vec<(u64, Run)>,
}

impl LaneLedger {
    /// Takes back what [`LaneLedger::take_closed`] gave out, because it was not written.
    pub fn restore_closed(&mut self, mut earlier: Vec<(u64, Run)>) {
        earlier.append(&mut self.closed);
        self.closed = earlier;
    }

    /// Adds an acknowledged batch. Panics if it lies before what is recorded: a lane's order is
    /// the source's order.
    pub fn record(&mut self, copied: &Copied) {
        let end = self.end();
        assert!(
            end.is_none_or(|end| end <= copied.source_base),
            "an acknowledged batch at {:?} lies before the ledger's end {end:?}",
            copied.source_base
        );
        if self.open.as_ref().is_some_and(|run| !run.in_step_with(copied)) {
            self.close();
        }
        self.open.get_or_insert_with(|| Run::begin(copied)).extend(copied);
    }

    /// The source offset after everything recorded.
    pub fn end(&self) -> Option<SourceOffset> {
        self.open.as_ref().map(|run| run.source_end)
    }

    /// Hands out the runs that closed, to be written before the open one.
    pub fn take_closed(&mut self) -> Vec<(u64, Run)> {
        std::mem::take(&mut self.closed)
    }

    fn close(&mut self) {
        if let Some(run) = self.open.take() {
            self.closed.push((self.number, run));
            self.number += 1;
        }
    }
}

impl From<&LaneRecord> for LaneLedger {
    /// Goes on after what was read back.
    fn from(record: &LaneRecord) -> Self {
        Self { number: record.number, open: record.run.clone(), closed: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(source: i64, target: i64, span: i64) -> Copied {
        Copied {
            source_base: SourceOffset(source),
            source_next: SourceOffset(source + span),
            target_base: TargetOffset(target),
            target_span: span,
            records: span as i32,
            source_digest: source as u32,
            target_digest: source as u32,
        }
    }

    #[test]
    fn a_lane_in_step_costs_one_run() {
        let mut lane = LaneLedger::default();
        for n in 0..100 {
            lane.record(&copied(n * 10, 500 + n * 10, 10));
        }
        assert!(lane.take_closed().is_empty());
        let run = lane.open.expect("an open run");
        assert_eq!((run.source_start, run.source_end), (SourceOffset(0), SourceOffset(1000)));
        assert_eq!((run.target_start, run.target_end), (TargetOffset(500), TargetOffset(1500)));
        assert_eq!(run.records, 1000);
    }

    #[test]
    fn another_lane_in_between_starts_a_new_run() {
        let mut lane = LaneLedger::default();
        lane.record(&copied(0, 0, 5));
        lane.record(&copied(5, 8, 5));
        let closed = lane.take_closed();
        assert_eq!(closed.len(), 1);
        assert_eq!((closed[0].0, closed[0].1.source_end), (0, SourceOffset(5)));
        assert_eq!((lane.number, lane.end()), (1, Some(SourceOffset(10))));
    }

    #[test]
    fn a_batch_whose_holes_were_closed_is_a_run_of_its_own() {
        let mut lane = LaneLedger::default();
        lane.record(&copied(0, 0, 5));
        lane.record(&Copied { source_next: SourceOffset(15), ..copied(5, 5, 4) });
        lane.record(&copied(15, 9, 5));
        let closed = lane.take_closed();
        let ends = |run: &Run| (run.source_end.0, run.target_end.0);
        assert_eq!(closed.iter().map(|(_, run)| ends(run)).collect::<Vec<_>>(), [(5, 5), (15, 9)]);
        assert_eq!(ends(lane.open.as_ref().expect("an open run")), (20, 14));
    }

    #[test]
    #[should_panic(expected = "lies before the ledger's end")]
    fn going_back_is_a_bug() {
        let mut lane = LaneLedger::default();
        lane.record(&copied(0, 0, 5));
        lane.record(&copied(3, 5, 5));
    }
}
