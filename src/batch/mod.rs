//! Batches on their way through a lane, kept whole.
//!
//! A fetched batch becomes an [`Outbound`]: the same block under a header the target accepts.
//! With compression `pass` the block is never opened, only read once for its CRC. Everything
//! here is pure.

pub mod prepare;
pub mod recode;
pub mod stamp;

use bytes::Bytes;
use strait_wire::Records;

use crate::ledger::run::Copied;
use crate::model::{SourceOffset, TargetOffset};

pub use prepare::{PrepareError, Prepared, Rules};
pub use recode::{RecodeError, Recoded};
pub use stamp::Stamp;

/// A batch ready for the target.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Source offset of the batch's first record.
    pub source_base: SourceOffset,
    /// The source offset after the batch; `source_base < source_next`.
    pub source_next: SourceOffset,
    /// Offsets the batch takes at the target: `lastOffsetDelta + 1` of what is sent.
    pub target_span: i64,
    /// Records inside.
    pub records: i32,
    /// CRC-32C of the block as it came.
    pub source_digest: u32,
    /// CRC-32C of the block as it goes; equal to `source_digest` unless recoded.
    pub target_digest: u32,
    /// Bytes of the block once opened, where that was learned (recoding, uncompressed batches).
    pub logical_bytes: Option<u64>,
    /// Bytes as fetched.
    pub fetched_bytes: usize,
    /// Whether the block was opened on the way.
    pub opened: bool,
    /// The largest timestamp in the batch, milliseconds.
    pub max_timestamp: i64,
    /// 61 bytes of header for the target.
    pub head: Bytes,
    /// The records block for the target.
    pub block: Bytes,
}

impl Outbound {
    /// Bytes on the wire.
    pub fn size(&self) -> usize {
        self.head.len() + self.block.len()
    }

    /// The batch as a records field: header and block side by side, nothing copied.
    pub fn records_field(&self) -> Records {
        Records::Parts(vec![self.head.clone(), self.block.clone()])
    }
}

impl Outbound {
    /// The ledger's view of the batch once the target has put it at `target_base`.
    pub fn copied_to(&self, target_base: TargetOffset) -> Copied {
        Copied {
            source_base: self.source_base,
            source_next: self.source_next,
            target_base,
            target_span: self.target_span,
            records: self.records,
            source_digest: self.source_digest,
            target_digest: self.target_digest,
        }
    }
}
