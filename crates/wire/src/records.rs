//! The records field of Produce and Fetch: whole batches, never looked into here.

use bytes::{BufMut, Bytes, BytesMut};

use crate::message::{Shape, Wire};
use crate::reader::{Reader, WireError};
use crate::writer::Writer;

/// Record batches on their way: shared memory, or bytes the sender holds elsewhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Records {
    /// No records field at all.
    #[default]
    Null,
    /// Contiguous batches.
    Bytes(Bytes),
    /// Parts that are contiguous on the wire: patched headers between untouched blocks.
    Parts(Vec<Bytes>),
    /// `len` bytes the sender finds under `index` (a segment file's range).
    Deferred {
        /// The sender's own name for the bytes.
        index: usize,
        /// How many bytes they are.
        len: usize,
    },
}

impl Records {
    /// Bytes on the wire.
    pub fn len(&self) -> usize {
        match self {
            Records::Null => 0,
            Records::Bytes(bytes) => bytes.len(),
            Records::Parts(parts) => parts.iter().map(Bytes::len).sum(),
            Records::Deferred { len, .. } => *len,
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records as one buffer; what was read from the wire is never copied.
    /// Panics on deferred records: only a sender can resolve those.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Records::Null => Bytes::new(),
            Records::Bytes(bytes) => bytes,
            Records::Parts(parts) => {
                let mut all = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
                parts.iter().for_each(|part| all.put_slice(part));
                all.freeze()
            }
            Records::Deferred { .. } => panic!("deferred records have no content here"),
        }
    }
}

impl Wire for Records {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        Ok(<Option<Bytes>>::read(from, shape)?.map_or(Records::Null, Records::Bytes))
    }

    fn write(&self, to: &mut Writer, shape: Shape) {
        let length = (*self != Records::Null).then(|| self.len());
        to.long_length(length, shape.flexible);
        match self {
            Records::Null => {}
            Records::Bytes(bytes) => to.share(bytes),
            Records::Parts(parts) => parts.iter().for_each(|part| to.share(part)),
            Records::Deferred { index, len } => to.defer(*index, *len),
        }
    }
}
