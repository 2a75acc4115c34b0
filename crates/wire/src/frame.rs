//! What travels on a connection: a 4-byte length, a header, a body.
//!
//! `0 <= length <= FRAME_BYTES_MAX`; a length outside it is named for what it probably is (TLS,
//! HTTP) before the connection closes. Header versions follow KIP-482: flexible requests carry
//! header 2, flexible responses header 1, and ApiVersions always answers with header 0 so that
//! a client can read the refusal of a version it guessed.

use bytes::Bytes;

use crate::api_key::{ApiKey, Request};
use crate::message::{Shape, Wire};
use crate::reader::{Reader, WireError};
use crate::writer::{Piece, Writer};

/// The largest frame anybody may send us: Kafka's `socket.request.max.bytes`.
pub const FRAME_BYTES_MAX: usize = 100 * 1024 * 1024;

/// Why a length prefix is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Negative or above the cap.
    #[error("a frame of {length} bytes; the limit is {max}")]
    Length {
        /// What the prefix said.
        length: i32,
        /// The largest length accepted.
        max: usize,
    },
    /// The first bytes of a TLS record.
    #[error(
        "this looks like TLS, and the port speaks plain Kafka: use the TLS port, \
         or turn TLS off for this address"
    )]
    LooksLikeTls,
    /// The first bytes of an HTTP request or response.
    #[error("this looks like HTTP, and the port speaks Kafka: check host and port")]
    LooksLikeHttp,
}

/// Checks a length prefix before anything is allocated.
pub fn frame_length(prefix: [u8; 4], max: usize) -> Result<usize, FrameError> {
    match &prefix {
        [0x16 | 0x15, 0x03, 0x00..=0x04, _] => return Err(FrameError::LooksLikeTls),
        b"GET " | b"POST" | b"HEAD" | b"PUT " | b"HTTP" | b"OPTI" => {
            return Err(FrameError::LooksLikeHttp);
        }
        _ => {}
    }
    let length = i32::from_be_bytes(prefix);
    match usize::try_from(length) {
        Ok(n) if n <= max => Ok(n),
        _ => Err(FrameError::Length { length, max }),
    }
}

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader {
    /// The API's number, known to us or not.
    pub api_key: i16,
    /// The version of the body.
    pub version: i16,
    /// Comes back in the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<String>,
}

impl RequestHeader {
    /// Reads the head; `flexible` says whether this API and version end it in tagged fields
    /// (the client id stays an old-style string even then).
    pub fn read(
        from: &mut Reader,
        flexible: impl FnOnce(i16, i16) -> bool,
    ) -> Result<Self, WireError> {
        let shape = Shape { version: 0, flexible: false };
        let header = Self {
            api_key: i16::read(from, shape)?,
            version: i16::read(from, shape)?,
            correlation_id: i32::read(from, shape)?,
            client_id: Wire::read(from, shape)?,
        };
        if flexible(header.api_key, header.version) {
            from.tags(|_, _| Ok(()))?;
        }
        Ok(header)
    }

    fn write(&self, to: &mut Writer, flexible: bool) {
        let shape = Shape { version: 0, flexible: false };
        self.api_key.write(to, shape);
        self.version.write(to, shape);
        self.correlation_id.write(to, shape);
        self.client_id.write(to, shape);
        if flexible {
            to.uvarint(0);
        }
    }
}

/// A request as pieces, length first.
pub fn encode_request<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: &str,
) -> Vec<Piece> {
    let shape = R::KEY.shape(version);
    let header = RequestHeader {
        api_key: R::KEY.code(),
        version,
        correlation_id,
        client_id: Some(client_id.to_owned()),
    };
    let mut to = Writer::default();
    header.write(&mut to, shape.flexible);
    request.write(&mut to, shape);
    to.into_frame()
}

/// A response as pieces, length first.
pub fn encode_response<T: Wire>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: &T,
) -> Vec<Piece> {
    let shape = key.shape(version);
    let mut to = Writer::default();
    to.put(&correlation_id.to_be_bytes());
    if shape.flexible && key != ApiKey::ApiVersions {
        to.uvarint(0);
    }
    body.write(&mut to, shape);
    to.into_frame()
}

/// The correlation id a response frame starts with.
pub fn correlation_id(frame: &Bytes) -> Result<i32, WireError> {
    Ok(i32::from_be_bytes(Reader::new(frame.clone()).array()?))
}

/// Reads a response frame (without its length) as the answer to `R`.
pub fn decode_response<R: Request>(frame: Bytes, version: i16) -> Result<R::Response, WireError> {
    let shape = R::KEY.shape(version);
    let mut from = Reader::new(frame);
    let _correlation_id: [u8; 4] = from.array()?;
    if shape.flexible && R::KEY != ApiKey::ApiVersions {
        from.tags(|_, _| Ok(()))?;
    }
    R::Response::read(&mut from, shape)
}
