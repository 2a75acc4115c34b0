//! A running digest over the record blocks of a lane, equal on both sides of a pass-through
//! copy. It depends on the order of batches, so a swap is as visible as a drop.

/// 64 bits folded from each batch's block CRC and record count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Digest(pub u64);

/// An odd constant with well-spread bits (the golden ratio's), as in Fibonacci hashing.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Digest {
    /// The digest with one more batch behind it.
    pub fn with(self, block_crc: u32, records: i32) -> Self {
        let batch = u64::from(block_crc) | (records as u64) << 32;
        Self((self.0.rotate_left(17) ^ batch).wrapping_mul(SPREAD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_a_drop_and_a_repeat_all_show() {
        let straight = Digest::default().with(1, 10).with(2, 20);
        assert_ne!(straight, Digest::default().with(2, 20).with(1, 10));
        assert_ne!(straight, Digest::default().with(1, 10));
        assert_ne!(straight, Digest::default().with(1, 10).with(2, 20).with(2, 20));
    }
}
