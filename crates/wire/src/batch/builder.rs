//! Builds a batch from records: the generator, the ledger, the console producer, group commits.

use bytes::{BufMut, Bytes, BytesMut};

use super::{BatchHeader, HEADER_BYTES, NO_PRODUCER};
use crate::compression::{CodecError, Compression};

/// Collects records; `finish` closes the block and computes the header.
#[derive(Debug)]
pub struct BatchBuilder {
    block: Vec<u8>,
    scratch: Vec<u8>,
    header: BatchHeader,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self {
            block: Vec::new(),
            scratch: Vec::new(),
            header: BatchHeader {
                base_offset: 0,
                length: 0,
                leader_epoch: -1,
                magic: 2,
                crc: 0,
                attributes: 0,
                last_offset_delta: -1,
                base_timestamp: 0,
                max_timestamp: 0,
                producer_id: NO_PRODUCER,
                producer_epoch: -1,
                base_sequence: -1,
                count: 0,
            },
        }
    }
}

impl BatchBuilder {
    /// The id, epoch and first sequence of an idempotent producer.
    pub fn producer(mut self, id: i64, epoch: i16, base_sequence: i32) -> Self {
        self.header.producer_id = id;
        self.header.producer_epoch = epoch;
        self.header.base_sequence = base_sequence;
        self
    }

    /// Adds a record; its offset is the next one.
    pub fn add(&mut self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.add_with_headers(timestamp, key, value, &[]);
    }

    /// Adds a record with headers.
    pub fn add_with_headers(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(String, Option<Bytes>)],
    ) {
        if self.header.count == 0 {
            self.header.base_timestamp = timestamp;
            self.header.max_timestamp = timestamp;
        }
        let body = &mut self.scratch;
        body.clear();
        body.push(0);
        varint(body, timestamp.wrapping_sub(self.header.base_timestamp));
        varint(body, i64::from(self.header.last_offset_delta) + 1);
        nullable(body, key);
        nullable(body, value);
        varint(body, headers.len() as i64);
        for (name, value) in headers {
            nullable(body, Some(name.as_bytes()));
            nullable(body, value.as_deref());
        }
        varint(&mut self.block, self.scratch.len() as i64);
        self.block.extend_from_slice(&self.scratch);
        self.header.count += 1;
        self.header.last_offset_delta += 1;
        self.header.max_timestamp = self.header.max_timestamp.max(timestamp);
    }

    /// Leaves the next `offsets` offsets empty, as compaction does.
    pub fn skip(&mut self, offsets: i32) {
        self.header.last_offset_delta += offsets;
    }

    /// Records so far.
    pub fn count(&self) -> i32 {
        self.header.count
    }

    /// Bytes of the block so far, uncompressed.
    pub fn block_bytes(&self) -> usize {
        self.block.len()
    }

    /// The finished batch at base offset 0. Panics when empty: a batch has records.
    pub fn finish(self, codec: Compression, level: Option<i32>) -> Result<Bytes, CodecError> {
        assert!(self.header.count > 0, "a batch holds at least one record");
        let block = match codec {
            Compression::None => self.block,
            codec => codec.compress(&self.block, level)?,
        };
        let head = self.header.with_compression(codec).seal(&block);
        let mut batch = BytesMut::with_capacity(HEADER_BYTES + block.len());
        batch.put_slice(&head);
        batch.put_slice(&block);
        Ok(batch.freeze())
    }
}

fn nullable(to: &mut Vec<u8>, bytes: Option<&[u8]>) {
    varint(to, bytes.map_or(-1, |b| b.len() as i64));
    to.extend_from_slice(bytes.unwrap_or_default());
}

fn varint(to: &mut Vec<u8>, value: i64) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        to.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    to.push(zigzag as u8);
}
