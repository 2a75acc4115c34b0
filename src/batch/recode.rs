//! A block under another codec, or with its offsets made dense. Pure.
//!
//! Recoding opens and closes the opaque block and parses no record. Rebuilding is for the one
//! case a Kafka leader refuses otherwise: a compacted batch whose offsets have holes, sent where
//! offsets are given anew. Both are bounded by `BLOCK_BYTES_MAX` before memory is taken.

use bytes::Bytes;
use strait_wire::Compression;
use strait_wire::batch::{BatchBuilder, BatchHeader, RawBatch, RecordError};
use strait_wire::compression::CodecError;

use crate::model::SourceOffset;

/// The most a block may open to: a batch of Kafka's largest usual size at ratio 64.
pub const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a block could not be made anew.
#[derive(Debug, thiserror::Error)]
pub enum RecodeError {
    /// The codec's number is not assigned.
    #[error("unknown compression codec {0}")]
    UnknownCodec(i16),
    /// The block does not open, or not within its limit.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Its records do not parse.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A block under the wanted codec.
#[derive(Debug)]
pub struct Recoded {
    /// The header with the new codec's bits.
    pub header: BatchHeader,
    /// The block to send.
    pub block: Bytes,
    /// Bytes of the open block.
    pub logical_bytes: u64,
}

/// The batch's block under `codec`; as it is if it is under `codec` already.
pub fn recode(
    header: BatchHeader,
    block: Bytes,
    codec: Compression,
    level: Option<i32>,
) -> Result<Option<Recoded>, RecodeError> {
    let from = header.compression().ok_or(RecodeError::UnknownCodec(header.attributes & 7))?;
    if from == codec {
        return Ok(None);
    }
    let open = match from {
        Compression::None => block,
        from => Bytes::from(from.decompress(&block, BLOCK_BYTES_MAX)?),
    };
    let logical_bytes = open.len() as u64;
    let block = match codec {
        Compression::None => open,
        codec => Bytes::from(codec.compress(&open, level)?),
    };
    Ok(Some(Recoded { header: header.with_compression(codec), block, logical_bytes }))
}

/// How a rebuilt batch numbers its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offsets {
    /// One after the other, for a target that refuses holes.
    Dense,
    /// Where they were, holes and all.
    Kept,
}

/// The batch's records from `from` on, as a batch that begins at `from`.
/// `None` when nothing is left in it.
pub fn rebuild(
    batch: &RawBatch,
    from: SourceOffset,
    offsets: Offsets,
) -> Result<Option<RawBatch>, RecodeError> {
    let header = batch.header;
    let codec = header.compression().ok_or(RecodeError::UnknownCodec(header.attributes & 7))?;
    let mut builder = BatchBuilder::default();
    let mut next = from.0;
    let mut leave_hole_up_to = |builder: &mut BatchBuilder, offset: i64| {
        if offsets == Offsets::Kept {
            builder.skip((offset - next) as i32);
        }
        next = offset + 1;
    };
    for record in batch.records(BLOCK_BYTES_MAX)? {
        let record = record?;
        if record.offset < from.0 {
            continue;
        }
        leave_hole_up_to(&mut builder, record.offset);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        builder.add_with_headers(record.timestamp, key, value, &record.headers);
    }
    if builder.count() == 0 {
        return Ok(None);
    }
    leave_hole_up_to(&mut builder, header.next_offset());
    let mut bytes = builder.finish(codec, None)?;
    let mut rebuilt = RawBatch::split_from(&mut bytes).expect("a batch just built parses");
    rebuilt.header.base_offset = from.0;
    Ok(Some(rebuilt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strait_wire::batch::BlockCrc;

    fn batch(codec: Compression) -> RawBatch {
        let mut builder = BatchBuilder::default();
        for n in 0..50i64 {
            builder.add(n, None, Some(format!("post {n} about nothing at all").as_bytes()));
        }
        let mut bytes = builder.finish(codec, None).expect("closes");
        RawBatch::split_from(&mut bytes).expect("a batch")
    }

    #[test]
    fn a_recoded_batch_holds_the_same_records() {
        let source = batch(Compression::Lz4);
        let recoded = recode(source.header, source.block(), Compression::Zstd, Some(3))
            .expect("recodes")
            .expect("another codec");
        let head = BlockCrc::of(&recoded.block).seal(recoded.header);
        let mut bytes = Bytes::from([&head[..], &recoded.block[..]].concat());
        let target = RawBatch::split_from(&mut bytes).expect("a batch");
        target.verify().expect("sealed");
        let values = |b: &RawBatch| {
            b.records(1 << 20).expect("opens").map(|r| r.expect("whole").value).collect::<Vec<_>>()
        };
        assert_eq!(values(&source), values(&target));
        assert_eq!(target.header.compression(), Some(Compression::Zstd));
    }

    #[test]
    fn the_wanted_codec_is_left_alone() {
        let source = batch(Compression::Zstd);
        let same = recode(source.header, source.block(), Compression::Zstd, None);
        assert!(same.expect("no fault").is_none());
    }
}
