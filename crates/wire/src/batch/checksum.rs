//! The CRC-32C of a records block, computed in one pass and used three times: to verify the
//! batch as it came, to seal it under a patched header, and as the block's digest in proofs.
//!
//! A batch's CRC covers 40 header bytes and then the block; CRCs of concatenations combine, so
//! the block itself is read once however often its header changes. Combining multiplies the
//! header's CRC by x^(8 * length) modulo the CRC's polynomial; that factor is found once per
//! block from a table of squares, some 40 times faster than by squaring matrices.

use super::{BatchError, BatchHeader, CRC_AT, CRC_FROM, HEADER_BYTES, LOG_OVERHEAD_BYTES};

/// CRC and length of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockCrc {
    crc: u32,
    length: usize,
    shift: u32,
}

impl BlockCrc {
    /// Reads `block` once.
    pub fn of(block: &[u8]) -> Self {
        let length = block.len();
        Self { crc: crc32c::crc32c(block), length, shift: x_to_the_8th_times(length) }
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
        multiply(self.shift, crc32c::crc32c(&head[CRC_FROM..])) ^ self.crc
    }
}

/// Castagnoli's polynomial; as in every value here, bit 31 is x^0.
const POLYNOMIAL: u32 = 0x82f6_3b78;
const ONE: u32 = 1 << 31;
const X: u32 = 1 << 30;
/// Bits of a length in bytes, and three more for its bits.
const SQUARES: usize = usize::BITS as usize + 3;

/// x^(2^n) at `n`.
const SQUARES_OF_X: [u32; SQUARES] = {
    let mut squares = [X; SQUARES];
    let mut n = 1;
    while n < SQUARES {
        squares[n] = multiply(squares[n - 1], squares[n - 1]);
        n += 1;
    }
    squares
};

/// x^(8 * length): what `length` more bytes do to the CRC of those before them.
fn x_to_the_8th_times(length: usize) -> u32 {
    let set = (0..usize::BITS as usize).filter(|bit| length >> bit & 1 == 1);
    set.fold(ONE, |product, bit| multiply(SQUARES_OF_X[bit + 3], product))
}

/// The product of two polynomials, modulo the CRC's.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let (mut product, mut bit) = (0, 0);
    while bit < u32::BITS {
        let takes = (a << bit) >> 31;
        product ^= b & takes.wrapping_neg();
        b = (b >> 1) ^ (POLYNOMIAL & (b & 1).wrapping_neg());
        bit += 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_size_combine_as_the_library_does() {
        let mut lengths: Vec<usize> = (1..70).collect();
        lengths.extend((6..34).flat_map(|n| [(1 << n) - 1, 1 << n, (1 << n) + 12_345]));
        for length in lengths {
            let (head, block) = (0x1234_5678 ^ length as u32, 0x9abc_def0);
            let combined = multiply(x_to_the_8th_times(length), head) ^ block;
            assert_eq!(combined, crc32c::crc32c_combine(head, block, length), "{length}");
        }
    }

    #[test]
    fn a_sealed_header_is_what_one_pass_over_all_gives() {
        for length in [0u64, 1, 100, 21_600, 65_536] {
            let block: Vec<u8> = (0..length).map(|n| (n * n >> 3) as u8).collect();
            let mut head = [7; HEADER_BYTES];
            head[16] = 2;
            let crc = BlockCrc::of(&block);
            let all = [&head[CRC_FROM..], &block].concat();
            assert_eq!(crc.under(&head), crc32c::crc32c(&all), "{length}");
        }
    }
}
