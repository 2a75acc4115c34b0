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
        /// The target's tail, by offset.
        found: BTreeMap<SourceOffset, Found>,
        /// The target's log start offset; what lay below it is not there to compare.
        kept_from: SourceOffset,
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
            Landed::AsItWas { end, .. } | Landed::Scattered { end, .. } => *end,
        }
    }

    /// Where the batch that begins at `base` stands, if it has landed.
    pub fn find(&self, base: SourceOffset, span: i64, digest: u32) -> Option<Found> {
        match self {
            Landed::Nothing => None,
            Landed::AsItWas { kept_from, .. } if base + span <= *kept_from => {
                Some(Found { target_base: TargetOffset(base.0), target_span: span, digest })
            }
            Landed::AsItWas { found, .. } | Landed::Scattered { found, .. } => {
                found.get(&base).filter(|found| found.target_span == span).copied()
            }
        }
    }
}

/// The source offset that a merge sequence stands for: the one whose low 31 bits it is, at or
/// above `floor`. `None` if the nearest such offset lies below.
pub fn source_offset_of(sequence: i64, floor: SourceOffset) -> Option<SourceOffset> {
    let period = 1i64 << SEQUENCE_BITS;
    let ahead = (sequence - floor.0).rem_euclid(period);
    (ahead < period / 2).then(|| floor + ahead)
}

/// A preserved batch in the target's tail: at the offset it has at the source.
pub fn as_it_was(header: &BatchHeader) -> Option<SourceOffset> {
    Some(SourceOffset(header.base_offset))
}

/// A lane's batch in the target's tail, by its header; `None` for other producers' batches.
pub fn recognise(
    header: &BatchHeader,
    producer_id: i64,
    floor: SourceOffset,
) -> Option<SourceOffset> {
    let ours = header.producer_id == producer_id && !header.is_control();
    ours.then(|| source_offset_of(i64::from(header.base_sequence), floor)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_read_relative_to_the_checkpoint() {
        let far = SourceOffset((5 << 31) + 100);
        assert_eq!(source_offset_of(100, far), Some(far));
        assert_eq!(source_offset_of(107, far), Some(far + 7));
        let before_the_wrap = SourceOffset((6 << 31) - 1);
        assert_eq!(source_offset_of(4, before_the_wrap), Some(before_the_wrap + 5));
        assert_eq!(source_offset_of(99, far), None, "the target stands below the ledger");
    }

    #[test]
    fn a_preserved_batch_has_landed_only_if_the_tail_shows_it() {
        let at = |offset, span, digest| {
            let target_base = TargetOffset(offset);
            (SourceOffset(offset), Found { target_base, target_span: span, digest })
        };
        let landed = Landed::AsItWas {
            found: BTreeMap::from([at(20, 5, 7)]),
            kept_from: SourceOffset(20),
            end: SourceOffset(25),
        };
        let digest = |base, span| landed.find(SourceOffset(base), span, 9).map(|f| f.digest);
        assert_eq!(digest(20, 5), Some(7), "what stands there, not what should");
        assert_eq!(digest(20, 3), None, "another batch at the same offset");
        assert_eq!(digest(10, 10), Some(9), "the target's retention was faster");
    }
}
