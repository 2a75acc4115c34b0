//! Random messages for tests and fuzzing: any value that may stand on the wire in one version.
//!
//! A field outside the version at hand, and every fourth one inside it, keeps its default. Sizes
//! are small, except that a string now and then needs a two-byte compact length and bytes are
//! now and then long enough to be shared instead of copied.

use bytes::Bytes;
use uuid::Uuid;

use crate::error_code::ErrorCode;
use crate::message::Shape;
use crate::records::Records;

/// A source of values, the same for the same seed.
#[derive(Debug)]
pub struct Sampler {
    state: u64,
    null: bool,
}

/// A value that can be made up.
pub trait Sample: Sized {
    /// Makes one up that `shape` can carry.
    fn sample(from: &mut Sampler, shape: Shape) -> Self;
}

impl Sampler {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, null: false }
    }

    /// The next 64 bits (splitmix64).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % end as u64) as usize
    }

    /// `length` random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next_u64() as u8).collect()
    }

    /// Fills a field, or leaves it at its default; `null` says whether that may be null.
    pub fn field<T: Sample>(&mut self, value: &mut T, shape: Shape, null: bool) {
        if !null || self.below(4) != 0 {
            self.null = null;
            *value = T::sample(self, shape);
        }
    }

    fn null(&mut self) -> bool {
        self.null && self.below(4) == 0
    }

    fn length(&mut self, long: usize) -> usize {
        if self.below(24) == 0 { long + self.below(16) } else { self.below(10) }
    }
}

macro_rules! whole_numbers {
    ($($ty:ty),*) => {$(
        impl Sample for $ty {
            fn sample(from: &mut Sampler, _: Shape) -> Self {
                match from.below(8) {
                    0 => <$ty>::MIN,
                    1 => <$ty>::MAX,
                    2 => 0,
                    _ => from.next_u64() as $ty,
                }
            }
        }
    )*};
}

whole_numbers!(i8, i16, u16, i32, u32, i64);

impl Sample for f64 {
    fn sample(from: &mut Sampler, _: Shape) -> Self {
        from.next_u64() as f64 / 3.0
    }
}

impl Sample for bool {
    fn sample(from: &mut Sampler, _: Shape) -> Self {
        from.below(2) == 1
    }
}

impl Sample for ErrorCode {
    fn sample(from: &mut Sampler, shape: Shape) -> Self {
        ErrorCode(i16::sample(from, shape))
    }
}

impl Sample for Uuid {
    fn sample(from: &mut Sampler, _: Shape) -> Self {
        Uuid::from_u64_pair(from.next_u64(), from.next_u64())
    }
}

impl Sample for String {
    fn sample(from: &mut Sampler, _: Shape) -> Self {
        let letters = ['a', 'Z', '0', '.', '_', 'é', '\0', '漢', '🦀'];
        (0..from.length(120)).map(|_| letters[from.below(letters.len())]).collect()
    }
}

impl Sample for Bytes {
    fn sample(from: &mut Sampler, _: Shape) -> Self {
        let length = from.length(1020);
        from.bytes(length).into()
    }
}

impl Sample for Records {
    fn sample(from: &mut Sampler, shape: Shape) -> Self {
        <Option<Bytes>>::sample(from, shape).map_or(Records::Null, Records::Bytes)
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(from: &mut Sampler, shape: Shape) -> Self {
        (0..from.below(4)).map(|_| T::sample(from, shape)).collect()
    }
}

macro_rules! optional {
    ($([$($generic:tt)*] $ty:ty),*) => {$(
        impl<$($generic)*> Sample for Option<$ty> {
            fn sample(from: &mut Sampler, shape: Shape) -> Self {
                if from.null() { None } else { Some(Sample::sample(from, shape)) }
            }
        }
    )*};
}

optional!([] String, [] Bytes, [T: Sample] Vec<T>);
