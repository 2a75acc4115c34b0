//! What a lane does with each fetched batch: copy it, pass it over with a reason, or stop.
//! Pure.
//!
//! `position` never goes back and never jumps: `position <= batch.next_offset` for every batch
//! taken, and a jump forwards is a compaction hole only if the source's log start offset did not
//! overrun us. Aborted transactions are known from the fetch's list: a producer's batches from
//! the listed first offset up to its abort marker (Kafka's consumer does the same).

use std::collections::{BTreeMap, HashSet};

use strait_wire::batch::{BatchHeader, RawBatch};

use crate::model::SourceOffset;

/// What to do with one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Copy(RawBatch),
    /// Send what lies at or above the offset: the batch starts below the lane's position.
    CopyFrom(RawBatch, SourceOffset),
    /// Do not send the batch of this header; go on behind it.
    PassOver(Reason, BatchHeader),
}

/// Why a batch is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was sent before (the fetch began inside it or before it).
    Before,
    /// A transaction marker.
    Marker,
    /// Part of an aborted transaction.
    Aborted,
    /// Compaction left a batch without records.
    Empty,
}

/// A transaction that was aborted: its producer, and its first offset in this partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aborted {
    /// Whose transaction.
    pub producer_id: i64,
    /// Where it began.
    pub first_offset: SourceOffset,
}

impl From<(i64, i64)> for Aborted {
    fn from((producer_id, first_offset): (i64, i64)) -> Self {
        Self { producer_id, first_offset: SourceOffset(first_offset) }
    }
}

/// A lane's view of the stream it reads.
#[derive(Debug, Clone)]
pub struct Inspector {
    position: SourceOffset,
    keep_offsets: bool,
    aborting: HashSet<i64>,
}

impl Inspector {
    /// Starts at `position`. `keep_offsets` is for `preserve`, whose copy has every offset where
    /// it was: markers stay, and batches of aborted transactions leave a hole, because a reader
    /// of the copy could not tell them from committed ones.
    pub fn new(position: SourceOffset, keep_offsets: bool) -> Self {
        Self { position, keep_offsets, aborting: HashSet::new() }
    }

    /// The next source offset to look at.
    pub fn position(&self) -> SourceOffset {
        self.position
    }

    /// Decides on a fetched range, in order.
    pub fn inspect(&mut self, batches: Vec<RawBatch>, aborted: &[Aborted]) -> Vec<Decision> {
        let mut starts: BTreeMap<SourceOffset, i64> =
            aborted.iter().map(|a| (a.first_offset, a.producer_id)).collect();
        batches.into_iter().map(|batch| self.decide(batch, &mut starts)).collect()
    }

    fn decide(&mut self, batch: RawBatch, starts: &mut BTreeMap<SourceOffset, i64>) -> Decision {
        let header = batch.header;
        let (base, next) = (SourceOffset(header.base_offset), SourceOffset(header.next_offset()));
        if next <= self.position {
            return Decision::PassOver(Reason::Before, header);
        }
        self.begin_aborts(next, starts);
        let began = self.position;
        self.position = next;
        match self.reason_to_pass(&header) {
            Some(reason) => Decision::PassOver(reason, header),
            None if base < began && !self.keep_offsets => Decision::CopyFrom(batch, began),
            None => Decision::Copy(batch),
        }
    }

    fn begin_aborts(&mut self, next: SourceOffset, starts: &mut BTreeMap<SourceOffset, i64>) {
        while let Some(first) = starts.first_entry().filter(|entry| *entry.key() < next) {
            self.aborting.insert(first.remove());
        }
    }

    fn reason_to_pass(&mut self, header: &BatchHeader) -> Option<Reason> {
        if header.is_control() {
            self.aborting.remove(&header.producer_id);
            return (!self.keep_offsets).then_some(Reason::Marker);
        }
        if header.is_transactional() && self.aborting.contains(&header.producer_id) {
            return Some(Reason::Aborted);
        }
        (header.count == 0 && !self.keep_offsets).then_some(Reason::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strait_wire::Bytes;
    use strait_wire::batch::BatchBuilder;
    use strait_wire::{Compression, batch::BlockCrc};

    const TRANSACTIONAL: i16 = 1 << 4;
    const CONTROL: i16 = 1 << 5;

    fn batch(base: i64, records: i64, producer: i64, attributes: i16) -> RawBatch {
        let mut builder = BatchBuilder::default().producer(producer, 0, 0);
        (0..records).for_each(|n| builder.add(n, None, Some(b"x")));
        let mut bytes = builder.finish(Compression::None, None).expect("no codec");
        let plain = RawBatch::split_from(&mut bytes).expect("a batch");
        let header = BatchHeader { base_offset: base, attributes, ..plain.header };
        let head = BlockCrc::of(&plain.block()).seal(header);
        let mut bytes = Bytes::from([&head[..], &plain.block()[..]].concat());
        RawBatch::split_from(&mut bytes).expect("a batch")
    }

    fn kinds(decisions: &[Decision]) -> Vec<&'static str> {
        let kind = |d: &Decision| match d {
            Decision::Copy(_) => "copy",
            Decision::CopyFrom(..) => "copy from",
            Decision::PassOver(Reason::Before, _) => "before",
            Decision::PassOver(Reason::Marker, _) => "marker",
            Decision::PassOver(Reason::Aborted, _) => "aborted",
            Decision::PassOver(Reason::Empty, _) => "empty",
        };
        decisions.iter().map(kind).collect()
    }

    #[test]
    fn aborted_batches_and_markers_are_passed_over_until_the_marker() {
        let mut lane = Inspector::new(SourceOffset(0), false);
        let aborted = [Aborted { producer_id: 9, first_offset: SourceOffset(0) }];
        let decisions = lane.inspect(
            vec![
                batch(0, 2, 9, TRANSACTIONAL),
                batch(2, 2, 8, TRANSACTIONAL),
                batch(4, 1, 9, TRANSACTIONAL | CONTROL),
                batch(5, 2, 9, TRANSACTIONAL),
            ],
            &aborted,
        );
        assert_eq!(kinds(&decisions), ["aborted", "copy", "marker", "copy"]);
        assert_eq!(lane.position(), SourceOffset(7));
    }

    #[test]
    fn preserve_keeps_offsets_and_shows_nothing_aborted() {
        let mut lane = Inspector::new(SourceOffset(0), true);
        let aborted = [Aborted { producer_id: 9, first_offset: SourceOffset(0) }];
        let batches = vec![
            batch(0, 2, 9, TRANSACTIONAL),
            batch(2, 1, 9, TRANSACTIONAL | CONTROL),
            batch(3, 1, 9, TRANSACTIONAL),
            batch(4, 1, 9, TRANSACTIONAL | CONTROL),
        ];
        let decisions = lane.inspect(batches, &aborted);
        assert_eq!(kinds(&decisions), ["aborted", "copy", "copy", "copy"]);
    }

    #[test]
    fn a_fetch_that_begins_inside_a_batch_is_trimmed_and_one_before_it_is_dropped() {
        let mut lane = Inspector::new(SourceOffset(15), false);
        let decisions = lane.inspect(vec![batch(0, 10, -1, 0), batch(10, 10, -1, 0)], &[]);
        assert_eq!(kinds(&decisions), ["before", "copy from"]);
    }

    #[test]
    fn holes_are_no_gap() {
        let mut lane = Inspector::new(SourceOffset(0), false);
        let decisions = lane.inspect(vec![batch(5, 5, -1, 0), batch(12, 1, -1, 0)], &[]);
        assert_eq!(kinds(&decisions), ["copy", "copy"]);
        assert_eq!(lane.position(), SourceOffset(13));
    }
}
