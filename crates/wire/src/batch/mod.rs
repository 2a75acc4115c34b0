//! A record batch (magic 2), the unit of work: 61 header bytes and one opaque block.
//!
//! ```text
//! baseOffset i64@0  batchLength i32@8  leaderEpoch i32@12  magic i8@16  crc u32@17
//! attributes i16@21 lastOffsetDelta i32@23 baseTimestamp i64@27 maxTimestamp i64@35
//! producerId i64@43 producerEpoch i16@51 baseSequence i32@53 count i32@57 records@61
//! ```
//! The CRC-32C covers everything from the attributes on; base offset, length and leader epoch
//! lie outside it, so stamping an offset costs nothing. `base <= last < next`, and
//! `count <= lastOffsetDelta + 1` with equality unless compaction left holes.
//! Records inside the block belong to [`mod@record`] and [`mod@builder`].

pub mod builder;
pub mod checksum;
pub mod record;

use bytes::Bytes;

pub use builder::BatchBuilder;
pub use checksum::BlockCrc;
pub use record::{Record, RecordError, Records};

use crate::compression::Compression;

/// Bytes before the records block.
pub const HEADER_BYTES: usize = 61;
/// Bytes before what `batchLength` counts.
pub const LOG_OVERHEAD_BYTES: usize = 12;
/// "No producer": the id, epoch and sequence of a plain batch are all -1.
pub const NO_PRODUCER: i64 = -1;

const CRC_AT: usize = 17;
const CRC_FROM: usize = 21;
const TIMESTAMP_TYPE_BIT: i16 = 1 << 3;
const TRANSACTIONAL_BIT: i16 = 1 << 4;
const CONTROL_BIT: i16 = 1 << 5;
const DELETE_HORIZON_BIT: i16 = 1 << 6;

/// Why bytes are not a record batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Fewer bytes than the batch's own length.
    #[error("a batch of {needed} bytes is cut after {left}")]
    Truncated {
        /// Bytes of the whole batch.
        needed: usize,
        /// Bytes there are.
        left: usize,
    },
    /// A length no batch can have.
    #[error("a batch at offset {base_offset} says it is {length} bytes long")]
    BadLength {
        /// Where it starts.
        base_offset: i64,
        /// Its length field.
        length: i32,
    },
    /// A message format of before Kafka 0.11, or noise.
    #[error("a batch at offset {base_offset} has magic {magic}; only magic 2 is kept whole")]
    Magic {
        /// Where it starts.
        base_offset: i64,
        /// Its format.
        magic: i8,
    },
    /// The bytes are not those the producer wrote.
    #[error(
        "the batch at offset {base_offset} is corrupt: CRC {computed:08x}, \
         its header says {stored:08x}"
    )]
    Crc {
        /// Where it starts.
        base_offset: i64,
        /// What the header holds.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// Counts or deltas that contradict each other.
    #[error(
        "the batch at offset {base_offset} holds {count} records over a span of {span} offsets"
    )]
    Count {
        /// Where it starts.
        base_offset: i64,
        /// Records.
        count: i32,
        /// `lastOffsetDelta + 1`.
        span: i64,
    },
}

/// A batch's header, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Bytes after this field.
    pub length: i32,
    /// The epoch of the leader that appended it.
    pub leader_epoch: i32,
    /// The message format: 2.
    pub magic: i8,
    /// CRC-32C of everything from `attributes` on.
    pub crc: u32,
    /// Codec, timestamp type, transactional, control, delete horizon.
    pub attributes: i16,
    /// Offset of the last record, from the base.
    pub last_offset_delta: i32,
    /// Milliseconds since 1970 (or the delete horizon, if that bit is set).
    pub base_timestamp: i64,
    /// The largest timestamp in the batch.
    pub max_timestamp: i64,
    /// -1 for none.
    pub producer_id: i64,
    /// -1 for none.
    pub producer_epoch: i16,
    /// Sequence of the first record; -1 for none.
    pub base_sequence: i32,
    /// Records in the block.
    pub count: i32,
}

impl BatchHeader {
    /// Reads a header from the first 61 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(BatchError::Truncated { needed: HEADER_BYTES, left: bytes.len() });
        };
        let header = Self {
            base_offset: i64::from_be_bytes(field(head, 0)),
            length: i32::from_be_bytes(field(head, 8)),
            leader_epoch: i32::from_be_bytes(field(head, 12)),
            magic: head[16] as i8,
            crc: u32::from_be_bytes(field(head, CRC_AT)),
            attributes: i16::from_be_bytes(field(head, CRC_FROM)),
            last_offset_delta: i32::from_be_bytes(field(head, 23)),
            base_timestamp: i64::from_be_bytes(field(head, 27)),
            max_timestamp: i64::from_be_bytes(field(head, 35)),
            producer_id: i64::from_be_bytes(field(head, 43)),
            producer_epoch: i16::from_be_bytes(field(head, 51)),
            base_sequence: i32::from_be_bytes(field(head, 53)),
            count: i32::from_be_bytes(field(head, 57)),
        };
        header.check().map(|()| header)
    }

    /// The header's 61 bytes, as they stand in the struct (the CRC is not recomputed).
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        head[0..8].copy_from_slice(&self.base_offset.to_be_bytes());
        head[8..12].copy_from_slice(&self.length.to_be_bytes());
        head[12..16].copy_from_slice(&self.leader_epoch.to_be_bytes());
        head[16] = self.magic as u8;
        head[17..21].copy_from_slice(&self.crc.to_be_bytes());
        head[21..23].copy_from_slice(&self.attributes.to_be_bytes());
        head[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        head[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        head[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        head[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        head[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        head[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        head[57..61].copy_from_slice(&self.count.to_be_bytes());
        head
    }

    /// The header's bytes for `block`, with length and CRC made to fit.
    pub fn seal(mut self, block: &[u8]) -> [u8; HEADER_BYTES] {
        self.length = (HEADER_BYTES - LOG_OVERHEAD_BYTES + block.len()) as i32;
        let mut head = self.to_bytes();
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head[CRC_FROM..]), block);
        head[CRC_AT..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
        head
    }

    /// Bytes of the whole batch.
    pub fn size(&self) -> usize {
        LOG_OVERHEAD_BYTES + self.length as usize
    }

    /// Offset of the last record.
    pub fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta)
    }

    /// The offset after the batch.
    pub fn next_offset(&self) -> i64 {
        self.last_offset() + 1
    }

    /// Sequence of the last record; sequences wrap from 2^31-1 to 0.
    pub fn last_sequence(&self) -> i32 {
        self.base_sequence.wrapping_add(self.last_offset_delta) & i32::MAX
    }

    /// The block's codec; `None` for a number nobody assigned.
    pub fn compression(&self) -> Option<Compression> {
        Compression::from_attributes(self.attributes)
    }

    /// The header with another codec.
    pub fn with_compression(mut self, codec: Compression) -> Self {
        self.attributes = (self.attributes & !7) | codec.bits();
        self
    }

    /// Whether a producer id is set.
    pub fn has_producer(&self) -> bool {
        self.producer_id >= 0
    }

    /// Whether the broker, not the producer, set the time.
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & TIMESTAMP_TYPE_BIT != 0
    }

    /// The header with timestamp type LogAppendTime, or without it.
    pub fn with_log_append_time(mut self, on: bool) -> Self {
        self.attributes = if on {
            self.attributes | TIMESTAMP_TYPE_BIT
        } else {
            self.attributes & !TIMESTAMP_TYPE_BIT
        };
        self
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    /// Whether the batch is a marker and no data.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// Whether the base timestamp is a delete horizon (KIP-534).
    pub fn has_delete_horizon(&self) -> bool {
        self.attributes & DELETE_HORIZON_BIT != 0
    }

    /// Whether offsets inside the batch have holes (compaction removed records).
    pub fn has_holes(&self) -> bool {
        i64::from(self.count) != i64::from(self.last_offset_delta) + 1
    }

    fn check(&self) -> Result<(), BatchError> {
        let base_offset = self.base_offset;
        if self.magic != 2 {
            return Err(BatchError::Magic { base_offset, magic: self.magic });
        }
        if (self.length as i64) < (HEADER_BYTES - LOG_OVERHEAD_BYTES) as i64 || base_offset < 0 {
            return Err(BatchError::BadLength { base_offset, length: self.length });
        }
        let span = i64::from(self.last_offset_delta) + 1;
        if self.count < 0
            || span < 1
            || i64::from(self.count) > span
            || base_offset > i64::MAX - span
        {
            return Err(BatchError::Count { base_offset, count: self.count, span });
        }
        Ok(())
    }
}

fn field<const N: usize>(head: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    head[at..at + N].try_into().expect("every field lies inside the header")
}

/// A whole batch: its header decoded, its bytes untouched and shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBatch {
    /// The decoded header.
    pub header: BatchHeader,
    bytes: Bytes,
}

impl RawBatch {
    /// Takes the first batch off `bytes`.
    pub fn split_from(bytes: &mut Bytes) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(bytes)?;
        if header.size() > bytes.len() {
            return Err(BatchError::Truncated { needed: header.size(), left: bytes.len() });
        }
        Ok(Self { header, bytes: bytes.split_to(header.size()) })
    }

    /// The whole batch.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The records block, still compressed.
    pub fn block(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES..)
    }

    /// Compares the CRC with the bytes.
    pub fn verify(&self) -> Result<(), BatchError> {
        let computed = crc32c::crc32c(&self.bytes[CRC_FROM..]);
        let BatchHeader { base_offset, crc: stored, .. } = self.header;
        if computed == stored {
            Ok(())
        } else {
            Err(BatchError::Crc { base_offset, stored, computed })
        }
    }

    /// The batch's records, opened to at most `limit` bytes.
    pub fn records(&self, limit: usize) -> Result<Records, RecordError> {
        Records::open(&self.header, &self.block(), limit)
    }
}

/// The batches of a fetched range, in order. Ends before a batch that is cut (a broker may cut
/// the last one at the size limit); any other fault is an error and the last item.
pub fn batches(bytes: Bytes) -> Batches {
    Batches { left: bytes }
}

/// See [`batches`].
#[derive(Debug)]
pub struct Batches {
    left: Bytes,
}

impl Iterator for Batches {
    type Item = Result<RawBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let batch = RawBatch::split_from(&mut self.left);
        match batch {
            Err(BatchError::Truncated { .. }) => None,
            Err(_) => {
                self.left.clear();
                Some(batch)
            }
            Ok(_) => Some(batch),
        }
    }
}
