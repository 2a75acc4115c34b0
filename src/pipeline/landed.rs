//! What of a lane reached the target after its last ledger entry: batches to match against the
//! source instead of writing them again. Pure.

use std::collections::BTreeMap;

use strait_wire::batch::BatchHeader;

use crate::model::{SourceOffset, TargetOffset};

/// Width of the sequence numbers that stand for source offsets.
const SEQUENCE_BITS: u32 = 31;

/// A batch found in the target's tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its first target offset.
    pub target_base: TargetOffset,
    /// Offsets it takes.
    pub target_span: i64,
    /// CRC-32C of its block.
    pub digest: u32,
}

/// Everything below `end` is at the target already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    /// Nothing is known to have landed.
    Nothing,
    /// At the offsets it has at the source.
    AsItWas {
        /// The target's log end offset.
        end: SourceOffset,
    },
    /// At the offsets that the target's tail shows.
    Scattered {
        /// By source offset.
        found: BTreeMap<SourceOffset, Found>,
        /// The source offset after the last of them.
        end: SourceOffset,
    },
}

impl Landed {
    /// The source offset from which on batches must be written.
    pub fn end(&self) -> SourceOffset {
        match self {
            Landed::Nothing => SourceOffset(0),
            Landed::AsItWas { end } | Landed::Scattered { end, .. } => *end,
        }
    }

    /// Where the batch that begins at `base` stands, if it has landed.
    pub fn find(&self, base: SourceOffset, span: i64, digest: u32) -> Option<Found> {
        match self {
            Landed::Nothing => None,
            Landed::AsItWas { end } => (base + span <= *end).then_some(Found {
                target_base: TargetOffset(base.0),
                target_span: span,
                digest,
            }),
            Landed::Scattered { found, .. } => found.get(&base).copied(),
        }
    }
}

/// The source offset that a merge sequence stands for: the first one at or above `floor` whose
/// low 31 bits are `sequence`.
pub fn source_offset_of(sequence: i64, floor: SourceOffset) -> SourceOffset {
    let period = 1i64 << SEQUENCE_BITS;
    floor + (sequence - floor.0).rem_euclid(period)
}

/// A lane's batch in the target's tail, by its header; `None` for other producers' batches.
pub fn recognise(
    header: &BatchHeader,
    producer_id: i64,
    floor: SourceOffset,
) -> Option<SourceOffset> {
    let ours = header.producer_id == producer_id && !header.is_control();
    ours.then(|| source_offset_of(i64::from(header.base_sequence), floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_read_relative_to_the_checkpoint() {
        let far = SourceOffset((5 << 31) + 100);
        assert_eq!(source_offset_of(100, far), far);
        assert_eq!(source_offset_of(107, far), far + 7);
        assert_eq!(source_offset_of(99, far), SourceOffset((6 << 31) + 99), "it has wrapped");
    }
}
