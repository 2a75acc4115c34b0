//! Randomness: ids and jitter.

use rand::Rng;

/// Sixteen random bytes, for ids.
pub fn id() -> [u8; 16] {
    rand::random()
}

/// A number in `0..n`; 0 when `n` is 0.
pub fn below(n: u64) -> u64 {
    if n == 0 { 0 } else { rand::rng().random_range(0..n) }
}
