//! Reads protocol primitives from a frame that is already in memory.
//!
//! Invariant: a length taken from the wire is `<=` the bytes that remain before it is used, so
//! the most a hostile frame can make us allocate is a small multiple of its own size.

use bytes::{Buf, Bytes};

/// Why bytes are not the message they claim to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The frame ends inside a value.
    #[error("the frame ends early: {needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes the value needs.
        needed: usize,
        /// Bytes the frame still holds.
        left: usize,
    },
    /// A length below what its type allows.
    #[error("{what} has length {length}")]
    BadLength {
        /// The kind of value.
        what: &'static str,
        /// The length read.
        length: i64,
    },
    /// A variable-length integer that does not end within its width.
    #[error("a variable-length integer is too long")]
    VarintTooLong,
    /// Text that is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// Tag numbers that do not ascend.
    #[error("tagged field {tag} does not follow {previous}")]
    TagOrder {
        /// The offending tag.
        tag: u32,
        /// The one before it.
        previous: u32,
    },
}

/// A cursor over one frame.
#[derive(Debug)]
pub struct Reader {
    left: Bytes,
}

impl Reader {
    /// Starts at the first byte of `frame`.
    pub fn new(frame: Bytes) -> Self {
        Self { left: frame }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.left.len()
    }

    /// Everything not read yet.
    pub fn rest(self) -> Bytes {
        self.left
    }

    /// The next `n` bytes, sharing the frame's memory.
    pub fn take(&mut self, n: usize) -> Result<Bytes, WireError> {
        self.need(n)?;
        Ok(self.left.split_to(n))
    }

    /// A single byte.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        self.need(1)?;
        Ok(self.left.get_u8())
    }

    /// Big-endian fixed-width bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.need(N)?;
        let mut out = [0; N];
        self.left.copy_to_slice(&mut out);
        Ok(out)
    }

    /// Unsigned LEB128, at most 32 bits.
    pub fn uvarint(&mut self) -> Result<u32, WireError> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// A 16-bit length (or compact one): `None` for null.
    pub fn string_length(&mut self, flexible: bool) -> Result<Option<usize>, WireError> {
        if flexible {
            return self.compact_length();
        }
        let length = i16::from_be_bytes(self.array()?);
        nullable("string", i64::from(length))
    }

    /// A 32-bit length (or compact one): `None` for null.
    pub fn long_length(&mut self, flexible: bool) -> Result<Option<usize>, WireError> {
        if flexible {
            return self.compact_length();
        }
        let length = i32::from_be_bytes(self.array()?);
        nullable("array or bytes", i64::from(length))
    }

    /// Hands each tagged field of a struct to `known`, which may leave its bytes unread.
    pub fn tags(
        &mut self,
        mut known: impl FnMut(u32, &mut Reader) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        let count = self.uvarint()?;
        let mut previous = None;
        for _ in 0..count {
            let tag = self.uvarint()?;
            if let Some(previous) = previous.filter(|p| *p >= tag) {
                return Err(WireError::TagOrder { tag, previous });
            }
            let size = self.uvarint()? as usize;
            known(tag, &mut Reader::new(self.take(size)?))?;
            previous = Some(tag);
        }
        Ok(())
    }

    fn compact_length(&mut self) -> Result<Option<usize>, WireError> {
        Ok((self.uvarint()? as usize).checked_sub(1))
    }

    fn need(&self, needed: usize) -> Result<(), WireError> {
        let left = self.left.len();
        if needed > left { Err(WireError::Truncated { needed, left }) } else { Ok(()) }
    }
}

fn nullable(what: &'static str, length: i64) -> Result<Option<usize>, WireError> {
    match length {
        -1 => Ok(None),
        0.. => Ok(Some(length as usize)),
        _ => Err(WireError::BadLength { what, length }),
    }
}
