//! The CRC-32C of a records block, computed in one pass and used three times: to verify the
//! batch as it came, to seal it under a patched header, and as the block's digest in proofs.
//!
//! A batch's CRC covers 40 header bytes and then the block; CRCs of concatenations combine, so
//! the block itself is read once however often its header changes.

use super::{BatchError, BatchHeader, CRC_AT, CRC_FROM, HEADER_BYTES, LOG_OVERHEAD_BYTES};

/// CRC and length of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockCrc {
    crc: u32,
    length: usize,
}

impl BlockCrc {
    /// Reads `block` once.
    pub fn of(block: &[u8]) -> Self {
        Self { crc: crc32c::crc32c(block), length: block.len() }
    }

    /// The block's own CRC-32C.
    pub fn value(self) -> u32 {
        self.crc
    }

    /// Whether the block is the one `header` was sealed over.
    pub fn verify(self, header: &BatchHeader) -> Result<(), BatchError> {
        let computed = self.under(&header.to_bytes());
        let BatchHeader { base_offset, crc: stored, .. } = *header;
        if computed == stored {
            Ok(())
        } else {
            Err(BatchError::Crc { base_offset, stored, computed })
        }
    }

    /// The header's bytes over this block, length and CRC made to fit.
    pub fn seal(self, mut header: BatchHeader) -> [u8; HEADER_BYTES] {
        header.length = (HEADER_BYTES - LOG_OVERHEAD_BYTES + self.length) as i32;
        let mut head = header.to_bytes();
        let crc = self.under(&head);
        head[CRC_AT..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
        head
    }

    fn under(self, head: &[u8; HEADER_BYTES]) -> u32 {
        crc32c::crc32c_combine(crc32c::crc32c(&head[CRC_FROM..]), self.crc, self.length)
    }
}
