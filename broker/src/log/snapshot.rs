//! Kafka's producer snapshot, version 1: the producers of a log as of the offset in the file's
//! name, so that a start need not read the whole log.
//!
//! ```text
//! version i16 = 1, crc-32c u32 of all that follows, count i32, then 46 bytes a row:
//! producer id i64, epoch i16, last sequence i32, last offset i64, offset delta i32,
//! timestamp i64, coordinator epoch i32, transaction start i64 (-1 for none)
//! ```
//! Kafka writes one row a producer, its last batch. Here each remembered batch has a row, the
//! oldest first: Kafka's reader keeps the last row of an id, and ours gets all five back, so a
//! restart forgets no duplicate. The last batch has a second row if a marker came after it, with
//! the marker's timestamp.

use std::path::Path;

use strait_io::fs;

use super::producers::{ProducerBatch, ProducerEntry, Producers};
use super::segment::offset_in_name;

const VERSION: i16 = 1;
const CRC_END: usize = 6;
const ROWS_FROM: usize = 10;
const ROW_BYTES: usize = 46;
/// What stands for the last batch of a producer that has none in its epoch.
const NO_BATCH: ProducerBatch = ProducerBatch {
    first_sequence: -1,
    last_sequence: -1,
    base_offset: -1,
    last_offset: -1,
    timestamp: -1,
};

/// The content of a snapshot file.
pub(super) fn encode(producers: &Producers) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&[0; 8]);
    let mut rows: i32 = 0;
    let mut put = |id, entry: &ProducerEntry, batch: &ProducerBatch| {
        put_row(&mut bytes, id, entry, batch);
        rows += 1;
    };
    for (id, entry) in producers.iter() {
        entry.batches().iter().for_each(|batch| put(id, entry, batch));
        let last = entry.batches().last().copied().unwrap_or(NO_BATCH);
        if last.timestamp != entry.last_timestamp || last == NO_BATCH {
            put(id, entry, &ProducerBatch { timestamp: entry.last_timestamp, ..last });
        }
    }
    bytes[CRC_END..ROWS_FROM].copy_from_slice(&rows.to_be_bytes());
    let crc = crc32c::crc32c(&bytes[CRC_END..]);
    bytes[2..CRC_END].copy_from_slice(&crc.to_be_bytes());
    bytes
}

fn put_row(bytes: &mut Vec<u8>, id: i64, entry: &ProducerEntry, batch: &ProducerBatch) {
    let delta = (batch.last_offset - batch.base_offset) as i32;
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&entry.epoch.to_be_bytes());
    bytes.extend_from_slice(&batch.last_sequence.to_be_bytes());
    bytes.extend_from_slice(&batch.last_offset.to_be_bytes());
    bytes.extend_from_slice(&delta.to_be_bytes());
    bytes.extend_from_slice(&batch.timestamp.to_be_bytes());
    bytes.extend_from_slice(&(-1i32).to_be_bytes());
    bytes.extend_from_slice(&entry.transaction_start.unwrap_or(-1).to_be_bytes());
}

/// The producers in a snapshot; `None` if the bytes are not a whole one.
pub(super) fn decode(bytes: &[u8]) -> Option<Producers> {
    let rows = bytes.get(ROWS_FROM..)?;
    let (rows, rest) = rows.as_chunks::<ROW_BYTES>();
    let version = i16::from_be_bytes(field(bytes, 0));
    let crc = u32::from_be_bytes(field(bytes, 2));
    let count = i32::from_be_bytes(field(bytes, CRC_END));
    let whole = rest.is_empty() && usize::try_from(count) == Ok(rows.len());
    if version != VERSION || !whole || crc != crc32c::crc32c(&bytes[CRC_END..]) {
        return None;
    }
    let mut producers = Producers::default();
    rows.iter().for_each(|row| take_row(&mut producers, row));
    Some(producers)
}

fn take_row(producers: &mut Producers, row: &[u8; ROW_BYTES]) {
    let last_sequence = i32::from_be_bytes(field(row, 10));
    let last_offset = i64::from_be_bytes(field(row, 14));
    let delta = i32::from_be_bytes(field(row, 22));
    let timestamp = i64::from_be_bytes(field(row, 26));
    let transaction_start = i64::from_be_bytes(field(row, 38));
    let epoch = i16::from_be_bytes(field(row, 8));
    let entry = producers.restore(i64::from_be_bytes(field(row, 0)), epoch);
    entry.enter(epoch);
    entry.transaction_start = (transaction_start >= 0).then_some(transaction_start);
    entry.last_timestamp = timestamp;
    let is_news = entry.batches().last().is_none_or(|last| last.last_offset < last_offset);
    if last_sequence >= 0 && is_news {
        entry.remember(ProducerBatch {
            first_sequence: last_sequence.wrapping_sub(delta) & i32::MAX,
            last_sequence,
            base_offset: last_offset.saturating_sub(i64::from(delta)),
            last_offset,
            timestamp,
        });
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the caller has checked the length")
}

/// The offsets of the snapshots in a folder, rising.
pub(super) fn offsets(dir: &Path) -> std::io::Result<Vec<i64>> {
    let paths = fs::list(dir)?;
    Ok(paths.iter().filter_map(|path| offset_in_name(path, "snapshot")).collect())
}
