//! The Kafka protocol without I/O: frames, messages, record batches and codecs.
//!
//! Every length read from a peer is checked against the bytes that remain before anything is
//! allocated, so hostile bytes cost an error and never memory. This crate knows no socket, no
//! file and no clock; connections belong to `strait-client` and `strait-broker`.
//!
//! Reading order: [`mod@frame`] (what travels), [`api_key`] (the version table), [`message`]
//! (how a table becomes a struct), [`messages`] (the tables), [`batch`] (the unit of work).

pub mod api_key;
pub mod batch;
pub mod compression;
pub mod error_code;
pub mod frame;
pub mod message;
pub mod messages;
pub mod primitives;
pub mod reader;
pub mod records;
#[cfg(feature = "sample")]
pub mod sample;
pub mod writer;

pub use api_key::{ApiKey, Request};
pub use batch::{BatchBuilder, BatchHeader, RawBatch, Record};
pub use bytes::Bytes;
pub use compression::Compression;
pub use error_code::ErrorCode;
pub use message::{Shape, Wire};
pub use reader::{Reader, WireError};
pub use records::Records;
pub use uuid::Uuid;
pub use writer::{Piece, Writer};
