//! From a fetched batch to one the target accepts. Pure.
//!
//! With `pass` and a batch without holes the block is read once, for its CRC, and never opened.

use strait_wire::Compression;
use strait_wire::batch::{BatchError, BlockCrc, RawBatch};

use super::recode::{Offsets, rebuild, recode};
use super::{Outbound, RecodeError, Stamp};
use crate::config::WanCompression;
use crate::model::SourceOffset;

/// Why a batch cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Its bytes are not those the producer wrote.
    #[error(transparent)]
    Corrupt(#[from] BatchError),
    /// Its block does not open.
    #[error(transparent)]
    Recode(#[from] RecodeError),
}

/// How a lane's batches are to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The codec on the wire to the target.
    pub compression: WanCompression,
    /// Whether the target gives offsets anew and refuses holes (a stock Kafka leader does).
    pub dense: bool,
}

/// A batch whose bytes were checked, with what is sent of it.
#[derive(Debug)]
pub struct Prepared {
    batch: RawBatch,
    source_next: SourceOffset,
    source_crc: BlockCrc,
    fetched_bytes: usize,
    opened: bool,
}

impl Prepared {
    /// Checks the batch's CRC; records below `from` are left out, which opens the block.
    /// `None` when nothing is left to send.
    pub fn new(
        batch: RawBatch,
        from: Option<SourceOffset>,
        rules: Rules,
    ) -> Result<Option<Self>, PrepareError> {
        let source_crc = BlockCrc::of(&batch.block());
        source_crc.verify(&batch.header)?;
        let header = batch.header;
        let source_next = SourceOffset(header.next_offset());
        let fetched_bytes = batch.bytes().len();
        let holes = header.has_holes() || header.has_delete_horizon();
        if from.is_none() && !(rules.dense && holes) {
            let opened = false;
            return Ok(Some(Self { batch, source_next, source_crc, fetched_bytes, opened }));
        }
        let start = from.unwrap_or(SourceOffset(header.base_offset));
        let offsets = if rules.dense { Offsets::Dense } else { Offsets::Kept };
        let Some(rebuilt) = rebuild(&batch, start, offsets)? else { return Ok(None) };
        let opened = true;
        Ok(Some(Self { batch: rebuilt, source_next, source_crc, fetched_bytes, opened }))
    }

    /// Offsets it takes where offsets are given anew.
    pub fn span(&self) -> i64 {
        i64::from(self.batch.header.last_offset_delta) + 1
    }

    /// The batch under its new header, recoded if the rules say so. Batches that `preserve`
    /// copies (markers among them) keep their codec when they hold no data.
    pub fn stamp(self, stamp: Stamp, rules: Rules) -> Result<Outbound, PrepareError> {
        let header = self.batch.header;
        let source_base = SourceOffset(header.base_offset);
        let block = self.batch.block();
        let codec = match rules.compression {
            WanCompression::Recode { codec, level } if !header.is_control() => Some((codec, level)),
            _ => None,
        };
        let recoded = codec
            .map(|(codec, level)| recode(header, block.clone(), codec, level))
            .transpose()?
            .flatten();
        let plain = header.compression() == Some(Compression::None);
        let mut out = Outbound {
            source_base,
            source_next: self.source_next,
            target_span: self.span(),
            records: header.count,
            source_digest: self.source_crc.value(),
            target_digest: self.source_crc.value(),
            logical_bytes: plain.then(|| block.len() as u64),
            fetched_bytes: self.fetched_bytes,
            max_timestamp: header.max_timestamp,
            opened: self.opened,
            head: Default::default(),
            block,
        };
        let (mut sent_header, mut crc) = (header, self.source_crc);
        if let Some(recoded) = recoded {
            out.logical_bytes = Some(recoded.logical_bytes);
            out.block = recoded.block;
            out.opened = true;
            sent_header = recoded.header;
        }
        if out.opened {
            crc = BlockCrc::of(&out.block);
            out.target_digest = crc.value();
        }
        out.head = match stamp {
            Stamp::Preserve if out.opened => crc.seal(sent_header).to_vec().into(),
            stamp => stamp.seal(sent_header, crc),
        };
        Ok(out)
    }
}
