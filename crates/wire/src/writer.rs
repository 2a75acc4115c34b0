//! Writes a message as pieces, so that record batches travel without being copied.
//!
//! A frame is small owned bytes between shared or deferred ones: `Piece::Bytes` is memory that
//! may belong to a batch, `Piece::Deferred` stands for bytes the sender holds elsewhere (the
//! broker's segment files), named by an index only the sender understands.

use bytes::{BufMut, Bytes, BytesMut};

use crate::message::{Shape, Wire};

/// Shared bytes shorter than this are copied into the frame: one more piece costs more.
const SHARE_BYTES_MIN: usize = 1024;

/// A part of an encoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes in memory.
    Bytes(Bytes),
    /// `len` bytes that the sender finds under `index`.
    Deferred {
        /// The sender's own name for the bytes.
        index: usize,
        /// How many bytes they are.
        len: usize,
    },
}

impl Piece {
    /// Bytes on the wire.
    pub fn len(&self) -> usize {
        match self {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Deferred { len, .. } => *len,
        }
    }

    /// Whether the piece holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

enum Part {
    Own(BytesMut),
    Sealed(Piece),
}

/// Collects a frame.
pub struct Writer {
    parts: Vec<Part>,
    len: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self { parts: vec![Part::Own(BytesMut::with_capacity(256))], len: 0 }
    }
}

impl Writer {
    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies a few bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        self.own().put_slice(bytes);
    }

    /// Appends bytes that are already shared, without a copy when that pays.
    pub fn share(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARE_BYTES_MIN {
            return self.put(bytes);
        }
        self.len += bytes.len();
        self.parts.push(Part::Sealed(Piece::Bytes(bytes.clone())));
    }

    /// Leaves a place for bytes the sender holds elsewhere.
    pub fn defer(&mut self, index: usize, len: usize) {
        self.len += len;
        self.parts.push(Part::Sealed(Piece::Deferred { index, len }));
    }

    /// Unsigned LEB128.
    pub fn uvarint(&mut self, mut value: u32) {
        let mut out = [0u8; 5];
        let mut n = 0;
        while value >= 0x80 {
            out[n] = value as u8 | 0x80;
            value >>= 7;
            n += 1;
        }
        out[n] = value as u8;
        self.put(&out[..=n]);
    }

    /// A 16-bit (or compact) length; `None` for null.
    pub fn string_length(&mut self, length: Option<usize>, flexible: bool) {
        match (flexible, length) {
            (true, _) => self.uvarint(length.map_or(0, |n| n as u32 + 1)),
            (false, None) => self.put(&(-1i16).to_be_bytes()),
            (false, Some(n)) => {
                self.put(&i16::try_from(n).expect("strings are below 32 KiB").to_be_bytes())
            }
        }
    }

    /// A 32-bit (or compact) length; `None` for null.
    pub fn long_length(&mut self, length: Option<usize>, flexible: bool) {
        match (flexible, length) {
            (true, _) => self.uvarint(length.map_or(0, |n| n as u32 + 1)),
            (false, None) => self.put(&(-1i32).to_be_bytes()),
            (false, Some(n)) => {
                self.put(&i32::try_from(n).expect("a frame is below 2 GiB").to_be_bytes())
            }
        }
    }

    /// The frame's pieces, led by its 4-byte length.
    pub fn into_frame(self) -> Vec<Piece> {
        let length = i32::try_from(self.len).expect("a frame is below 2 GiB");
        let mut pieces = self.into_pieces();
        let mut head = BytesMut::with_capacity(4 + pieces.first().map_or(0, Piece::len));
        head.put_i32(length);
        match pieces.first_mut() {
            Some(Piece::Bytes(first)) if first.len() < SHARE_BYTES_MIN => {
                head.put_slice(first);
                *first = head.freeze();
            }
            _ => pieces.insert(0, Piece::Bytes(head.freeze())),
        }
        pieces
    }

    /// The pieces without a length prefix.
    pub fn into_pieces(self) -> Vec<Piece> {
        let pieces = self.parts.into_iter().map(|part| match part {
            Part::Own(bytes) => Piece::Bytes(bytes.freeze()),
            Part::Sealed(piece) => piece,
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }

    /// All bytes in one buffer. Panics on deferred pieces: only a sender can resolve those.
    pub fn into_bytes(self) -> Bytes {
        let mut all = BytesMut::with_capacity(self.len);
        for piece in self.into_pieces() {
            match piece {
                Piece::Bytes(bytes) => all.put_slice(&bytes),
                Piece::Deferred { .. } => panic!("deferred bytes have no content here"),
            }
        }
        all.freeze()
    }

    fn own(&mut self) -> &mut BytesMut {
        if !matches!(self.parts.last(), Some(Part::Own(_))) {
            self.parts.push(Part::Own(BytesMut::new()));
        }
        match self.parts.last_mut() {
            Some(Part::Own(bytes)) => bytes,
            _ => unreachable!("an owned part was just pushed"),
        }
    }
}

/// The tagged fields of one struct, in ascending order of tag.
#[derive(Default)]
pub struct Tags {
    fields: Vec<(u32, Writer)>,
}

impl Tags {
    /// Adds a field; the caller leaves out those that hold their default.
    pub fn push<T: Wire>(&mut self, tag: u32, value: &T, shape: Shape) {
        let mut field = Writer::default();
        value.write(&mut field, shape);
        self.fields.push((tag, field));
    }

    /// Ends the struct.
    pub fn write(self, to: &mut Writer) {
        to.uvarint(self.fields.len() as u32);
        for (tag, field) in self.fields {
            to.uvarint(tag);
            to.uvarint(field.len() as u32);
            to.put(&field.into_bytes());
        }
    }
}
