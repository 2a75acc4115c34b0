//! The records inside a batch, for those who must look: validation, consumers, tools.
//!
//! The mirror's batch engine never comes here. A record is a varint length, then attributes,
//! timestamp delta, offset delta, key, value and headers, lengths all zig-zag varints.

use bytes::{Buf, Bytes};

use super::BatchHeader;
use crate::compression::CodecError;

/// One record, sharing the memory of its opened block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Absolute offset.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// `None` is a null key.
    pub key: Option<Bytes>,
    /// `None` is a null value: a tombstone.
    pub value: Option<Bytes>,
    /// Names may repeat; a value may be null.
    pub headers: Vec<(String, Option<Bytes>)>,
}

/// Why a block does not hold the records its header promises.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The codec's number is not assigned.
    #[error("unknown compression codec {0}")]
    UnknownCodec(i16),
    /// The block does not open.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A record that runs past its block or contradicts itself.
    #[error("record {index} of the batch at offset {base_offset} is malformed: {reason}")]
    Malformed {
        /// Where the batch starts.
        base_offset: i64,
        /// Which record.
        index: i32,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The records of one opened block, in order. `count` of them, or an error.
#[derive(Debug)]
pub struct Records {
    header: BatchHeader,
    index: i32,
    left: Bytes,
}

impl Records {
    /// Opens `block` (at most `limit` bytes once open).
    pub fn open(header: &BatchHeader, block: &Bytes, limit: usize) -> Result<Self, RecordError> {
        let codec = header.compression().ok_or(RecordError::UnknownCodec(header.attributes & 7))?;
        let left = match codec {
            crate::Compression::None => block.clone(),
            codec => Bytes::from(codec.decompress(block, limit)?),
        };
        Ok(Self { header: *header, index: 0, left })
    }

    /// Walks all records without keeping them, as a leader must: every one whole, `count` of
    /// them, nothing behind the last; `each` sees offset delta, timestamp and whether a key is
    /// there.
    pub fn walk(
        mut self,
        mut each: impl FnMut(i32, i64, bool) -> Result<(), &'static str>,
    ) -> Result<(), RecordError> {
        while self.index < self.header.count {
            let view = self
                .view()
                .and_then(|v| each(v.offset_delta, v.timestamp, v.key.is_some()).map(|()| v));
            view.map_err(|reason| self.malformed(reason))?;
            self.index += 1;
        }
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(self.malformed("bytes follow the last record"))
        }
    }

    fn view(&mut self) -> Result<View, &'static str> {
        let length = varint(&mut self.left)?;
        let mut body = take(&mut self.left, length)?;
        take(&mut body, 1)?;
        let timestamp_delta = varlong(&mut body)?;
        let offset_delta = varint(&mut body)?;
        if !(0..=self.header.last_offset_delta).contains(&offset_delta) {
            return Err("its offset lies outside its batch");
        }
        let key = nullable(&mut body)?;
        let value = nullable(&mut body)?;
        let headers = varint(&mut body)?;
        let timestamp = if self.header.is_log_append_time() {
            self.header.max_timestamp
        } else {
            self.header.base_timestamp.wrapping_add(timestamp_delta)
        };
        let view = View { offset_delta, timestamp, key, value, headers, body };
        view.check_headers().map(|()| view)
    }

    fn malformed(&self, reason: &'static str) -> RecordError {
        RecordError::Malformed { base_offset: self.header.base_offset, index: self.index, reason }
    }
}

impl Iterator for Records {
    type Item = Result<Record, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.header.count {
            return None;
        }
        let base_offset = self.header.base_offset;
        let record = self.view().and_then(|view| view.into_record(base_offset));
        let record = record.map_err(|reason| self.malformed(reason));
        self.index = if record.is_ok() { self.index + 1 } else { i32::MAX };
        Some(record)
    }
}

struct View {
    offset_delta: i32,
    timestamp: i64,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: i32,
    body: Bytes,
}

impl View {
    fn check_headers(&self) -> Result<(), &'static str> {
        let mut body = self.body.clone();
        for _ in 0..self.headers {
            let length = varint(&mut body)?;
            take(&mut body, length)?;
            nullable(&mut body)?;
        }
        if self.headers < 0 || !body.is_empty() {
            return Err("its headers do not end where it ends");
        }
        Ok(())
    }

    fn into_record(mut self, base_offset: i64) -> Result<Record, &'static str> {
        let mut headers = Vec::new();
        for _ in 0..self.headers {
            let length = varint(&mut self.body)?;
            let name = take(&mut self.body, length)?;
            let name =
                String::from_utf8(name.to_vec()).map_err(|_| "a header name is not UTF-8")?;
            headers.push((name, nullable(&mut self.body)?));
        }
        Ok(Record {
            offset: base_offset + i64::from(self.offset_delta),
            timestamp: self.timestamp,
            key: self.key,
            value: self.value,
            headers,
        })
    }
}

fn nullable(from: &mut Bytes) -> Result<Option<Bytes>, &'static str> {
    match varint(from)? {
        -1 => Ok(None),
        length => take(from, length).map(Some),
    }
}

fn take(from: &mut Bytes, length: i32) -> Result<Bytes, &'static str> {
    match usize::try_from(length) {
        Ok(n) if n <= from.len() => Ok(from.split_to(n)),
        _ => Err("a length runs past its end"),
    }
}

fn varint(from: &mut Bytes) -> Result<i32, &'static str> {
    i32::try_from(varlong(from)?).map_err(|_| "a varint is too large")
}

fn varlong(from: &mut Bytes) -> Result<i64, &'static str> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        if from.is_empty() {
            return Err("it ends inside a varint");
        }
        let byte = from.get_u8();
        if shift == 63 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err("a varint is too long")
}
