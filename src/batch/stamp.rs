//! How a batch's header changes on its way: by delivery mode, and never its records.
//!
//! | mode | offsets | producer fields |
//! |---|---|---|
//! | preserve | kept | kept |
//! | merge | given by the target | the lane's id, its generation, source offset mod 2^31 |
//! | idempotent | given by the target (sent as 0) | the sink's id, its epoch, a running sequence |

use bytes::Bytes;
use strait_wire::batch::{BatchHeader, BlockCrc};

use crate::model::SourceOffset;

/// Sequences are 31 bits wide and wrap to 0.
const SEQUENCE_MASK: i64 = i32::MAX as i64;
const TRANSACTIONAL_BIT: i16 = 1 << 4;

/// What the target's log will say about who wrote a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// The batch as it is, for our broker's preserve append.
    Preserve,
    /// A lane's own producer, its sequence numbers the source offsets.
    Merge {
        /// The lane's producer id at the target.
        producer_id: i64,
        /// Who owns the lane; rises with every take-over.
        generation: i16,
    },
    /// A plain idempotent producer.
    Idempotent {
        /// The producer id the target gave.
        producer_id: i64,
        /// Its epoch.
        epoch: i16,
        /// The batch's first sequence number.
        sequence: i32,
    },
}

/// The sequence that stands for a source offset in `merge`: its low 31 bits.
pub fn merge_sequence(offset: SourceOffset) -> i32 {
    (offset.0 & SEQUENCE_MASK) as i32
}

/// The first sequence after a batch that starts at `sequence` and spans `span` offsets.
pub fn sequence_after(sequence: i32, span: i64) -> i32 {
    ((i64::from(sequence) + span) & SEQUENCE_MASK) as i32
}

impl Stamp {
    /// The header's bytes for the target, sealed over the block that `crc` was made of.
    pub fn seal(self, header: BatchHeader, crc: BlockCrc) -> Bytes {
        match self.applied(header) {
            Some(stamped) => Bytes::copy_from_slice(&crc.seal(stamped)),
            None => Bytes::copy_from_slice(&header.to_bytes()),
        }
    }

    /// The changed header, or `None` where the batch must stay as it is.
    fn applied(self, header: BatchHeader) -> Option<BatchHeader> {
        let (producer_id, producer_epoch, base_sequence) = match self {
            Stamp::Preserve => return None,
            Stamp::Merge { producer_id, generation } => {
                (producer_id, generation, merge_sequence(SourceOffset(header.base_offset)))
            }
            Stamp::Idempotent { producer_id, epoch, sequence } => (producer_id, epoch, sequence),
        };
        Some(BatchHeader {
            base_offset: 0,
            leader_epoch: -1,
            attributes: header.attributes & !TRANSACTIONAL_BIT,
            producer_id,
            producer_epoch,
            base_sequence,
            ..header
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strait_wire::batch::{BatchBuilder, RawBatch};
    use strait_wire::{Compression, Records};

    fn batch() -> RawBatch {
        let mut builder = BatchBuilder::default().producer(7, 1, 40);
        builder.add(1_000, Some(b"key"), Some(b"value"));
        builder.add(1_001, None, Some(b"more"));
        let mut bytes = builder.finish(Compression::Lz4, None).expect("lz4 closes");
        RawBatch::split_from(&mut bytes).expect("a batch")
    }

    #[test]
    fn a_preserved_batch_is_the_same_bytes() {
        let batch = batch();
        let crc = BlockCrc::of(&batch.block());
        assert_eq!(Stamp::Preserve.seal(batch.header, crc)[..], batch.bytes()[..61]);
    }

    #[test]
    fn a_stamped_batch_has_a_valid_crc_and_the_same_records() {
        let mut batch = batch();
        batch.header.base_offset = (1 << 31) + 5;
        let crc = BlockCrc::of(&batch.block());
        let head = Stamp::Merge { producer_id: 99, generation: 3 }.seal(batch.header, crc);
        let mut whole = Records::Parts(vec![head, batch.block()]).into_bytes();
        let sent = RawBatch::split_from(&mut whole).expect("a batch");
        sent.verify().expect("the CRC was recomputed");
        assert_eq!((sent.header.producer_id, sent.header.producer_epoch), (99, 3));
        assert_eq!(sent.header.base_sequence, 5, "the low 31 bits of the source offset");
        assert_eq!(sent.header.base_offset, 0);
        assert_eq!(sent.block(), batch.block());
    }

    #[test]
    fn sequences_wrap_after_31_bits() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 1, 3), 1);
    }
}
