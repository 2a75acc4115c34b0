//! The codecs of a record batch's block, each with a cap on what it may open to.
//!
//! Kafka's forms: gzip; snappy in Xerial's framing (bare blocks are read too); LZ4 frames with
//! independent 64 KiB blocks (Java refuses linked ones); zstd. A block that opens to more than
//! the caller's limit is an error before the memory is taken.

use std::io::{self, Read, Write};

/// The codec in the low three bits of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Why a block did not open.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// It opens to more than it may.
    #[error("a {codec} block opens to more than {limit} bytes")]
    TooLarge {
        /// The codec's name.
        codec: &'static str,
        /// The limit, bytes.
        limit: usize,
    },
    /// It is not what its codec writes.
    #[error("a broken {codec} block: {reason}")]
    Broken {
        /// The codec's name.
        codec: &'static str,
        /// What the decoder said.
        reason: String,
    },
}

impl Compression {
    /// The codec of a batch's attributes; 5, 6 and 7 are not assigned.
    pub fn from_attributes(attributes: i16) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd]
            .get(usize::from(attributes as u16 & 7))
            .copied()
    }

    /// The codec's number in a batch's attributes.
    pub fn bits(self) -> i16 {
        self as i16
    }

    /// The name in configs and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The codec with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd]
            .into_iter()
            .find(|codec| codec.name() == name)
    }

    /// Closes `block`; `level` matters to zstd and gzip (their defaults where `None`).
    pub fn compress(self, block: &[u8], level: Option<i32>) -> Result<Vec<u8>, CodecError> {
        let done = match self {
            Self::None => Ok(block.to_vec()),
            Self::Gzip => gzip(block, level),
            Self::Snappy => xerial(block),
            Self::Lz4 => lz4(block),
            Self::Zstd => {
                zstd::bulk::compress(block, level.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL))
            }
        };
        done.map_err(|error| self.broken(error))
    }

    /// Opens `block`, which may hold at most `limit` bytes.
    pub fn decompress(self, block: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
        match self {
            Self::None if block.len() > limit => Err(self.too_large(limit)),
            Self::None => Ok(block.to_vec()),
            Self::Gzip => self.drain(flate2::read::MultiGzDecoder::new(block), limit),
            Self::Snappy => self.open_snappy(block, limit),
            Self::Lz4 => self.drain(lz4_flex::frame::FrameDecoder::new(block), limit),
            Self::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(block).map_err(|e| self.broken(e))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|e| self.broken(e))?;
                self.drain(decoder, limit)
            }
        }
    }

    fn drain(self, decoder: impl Read, limit: usize) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        let cap = limit as u64 + 1;
        decoder.take(cap).read_to_end(&mut out).map_err(|e| self.broken(e))?;
        if out.len() > limit { Err(self.too_large(limit)) } else { Ok(out) }
    }

    fn open_snappy(self, block: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
        let Some(mut framed) = block.strip_prefix(&XERIAL_MAGIC[..]) else {
            let mut out = Vec::new();
            self.open_snappy_block(block, limit, &mut out)?;
            return Ok(out);
        };
        framed = framed.get(8..).ok_or_else(|| self.broken("its header is cut"))?;
        let mut out = Vec::new();
        while let Some((length, rest)) = framed.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let chunk = rest.get(..length).ok_or_else(|| self.broken("its last chunk is cut"))?;
            self.open_snappy_block(chunk, limit, &mut out)?;
            framed = &rest[length..];
        }
        if framed.is_empty() { Ok(out) } else { Err(self.broken("its last chunk is cut")) }
    }

    fn open_snappy_block(
        self,
        block: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let length = snap::raw::decompress_len(block).map_err(|e| self.broken(e))?;
        let start = out.len();
        if length > limit - start.min(limit) {
            return Err(self.too_large(limit));
        }
        out.resize(start + length, 0);
        snap::raw::Decoder::new()
            .decompress(block, &mut out[start..])
            .map_err(|e| self.broken(e))?;
        Ok(())
    }

    fn too_large(self, limit: usize) -> CodecError {
        CodecError::TooLarge { codec: self.name(), limit }
    }

    fn broken(self, reason: impl ToString) -> CodecError {
        CodecError::Broken { codec: self.name(), reason: reason.to_string() }
    }
}

/// 128 MiB: what streams of level 22 ask for and every decoder accepts by default. The window is
/// touched only as far as bytes come out, so the limit bounds it too.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
const XERIAL_MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_BLOCK_BYTES: usize = 32 * 1024;

fn gzip(block: &[u8], level: Option<i32>) -> io::Result<Vec<u8>> {
    let level = level
        .map_or(flate2::Compression::default(), |n| flate2::Compression::new(n.clamp(0, 9) as u32));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(block)?;
    encoder.finish()
}

fn lz4(block: &[u8]) -> io::Result<Vec<u8>> {
    let info = lz4_flex::frame::FrameInfo::new()
        .block_size(lz4_flex::frame::BlockSize::Max64KB)
        .block_mode(lz4_flex::frame::BlockMode::Independent);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(block)?;
    encoder.finish().map_err(io::Error::other)
}

fn xerial(block: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = XERIAL_MAGIC.to_vec();
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    for chunk in block.chunks(XERIAL_BLOCK_BYTES) {
        let packed = snap::raw::Encoder::new().compress_vec(chunk).map_err(io::Error::other)?;
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}
