//! Whether a producer's batch may be appended, and what the leader changes in it. Pure.
//!
//! The rules are those of Kafka's leader, and two more: what a batch opens to is bounded, and
//! offset deltas run 0..n-1 in uncompressed batches too, because a poisoned batch hurts every
//! reader. A batch that passes unchanged is appended byte for byte but for offset and epoch.

use bytes::Bytes;
use strait_wire::batch::{BatchError, RecordError};
use strait_wire::compression::CodecError;
use strait_wire::{BatchHeader, Compression, ErrorCode, RawBatch};

use crate::topics::TopicSettings;

/// At most this many faulty records are named in an answer.
const NAMED_RECORDS_MAX: usize = 100;
/// What a record without a time has for one; it is exempt from the bounds.
const NO_TIMESTAMP: i64 = -1;
/// zstd came with Produce 7 (KIP-110).
const ZSTD_VERSION_MIN: i16 = 7;

/// A batch fit to be appended; its CRC is right.
#[derive(Debug)]
pub struct Fit {
    /// Its header; base offset and leader epoch are still to be stamped.
    pub header: BatchHeader,
    /// Its records, compressed or not.
    pub block: Bytes,
    /// How many records were looked at one by one.
    pub decoded: u64,
}

/// Why a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the partition's answer.
    pub code: ErrorCode,
    /// In words.
    pub message: String,
    /// The faulty records, by their place in the batch.
    pub records: Vec<(i32, String)>,
}

/// What a batch is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The topic's configs.
    pub settings: &'a TopicSettings,
    /// The version of the Produce request.
    pub version: i16,
    /// The wall clock.
    pub now_ms: i64,
    /// What the batch may open to.
    pub inflated_max: usize,
}

/// Checks the records field of one partition.
pub fn check(records: Bytes, rules: Rules<'_>) -> Result<Fit, Refusal> {
    let batch = only_batch(records)?;
    check_header(&batch.header, rules)?;
    batch.verify().map_err(|error| refuse(ErrorCode::CORRUPT_MESSAGE, error.to_string()))?;
    let mut header = batch.header.with_log_append_time(false);
    let mut decoded = 0;
    if rules.settings.walk_records {
        header.max_timestamp = walk(&header, &batch.block(), rules)?;
        decoded = header.count as u64;
    }
    if rules.settings.log_append_time {
        header = header.with_log_append_time(true);
        header.max_timestamp = rules.now_ms;
    }
    let (header, block) = seal(header, &batch, rules)?;
    if header.size() > rules.settings.max_message_bytes {
        return Err(too_large(header.size(), rules));
    }
    Ok(Fit { header, block, decoded })
}

fn only_batch(mut records: Bytes) -> Result<RawBatch, Refusal> {
    if records.is_empty() {
        return Err(refuse(ErrorCode::INVALID_RECORD, "there is no record batch".to_owned()));
    }
    let batch = RawBatch::split_from(&mut records).map_err(|error| {
        let code = match error {
            BatchError::Truncated { .. } | BatchError::BadLength { .. } => {
                ErrorCode::CORRUPT_MESSAGE
            }
            _ => ErrorCode::INVALID_RECORD,
        };
        refuse(code, error.to_string())
    })?;
    if records.is_empty() {
        return Ok(batch);
    }
    let what = "a produce request holds exactly one record batch for each partition";
    Err(refuse(ErrorCode::INVALID_RECORD, what.to_owned()))
}

fn check_header(header: &BatchHeader, rules: Rules<'_>) -> Result<(), Refusal> {
    let invalid = |what: String| Err(refuse(ErrorCode::INVALID_RECORD, what));
    if header.size() > rules.settings.max_message_bytes {
        return Err(too_large(header.size(), rules));
    }
    match header.compression() {
        None => return invalid(format!("compression codec {} is unknown", header.attributes & 7)),
        Some(Compression::Zstd) if rules.version < ZSTD_VERSION_MIN => {
            let what = format!("zstd needs Produce version {ZSTD_VERSION_MIN} or later");
            return Err(refuse(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, what));
        }
        Some(_) => {}
    }
    if header.base_offset != 0 {
        return invalid(format!("a batch has base offset 0, not {}", header.base_offset));
    }
    if header.count < 1 || header.has_holes() {
        return invalid(format!(
            "a batch of {} records ends at offset delta {}",
            header.count, header.last_offset_delta
        ));
    }
    if header.is_control() {
        return invalid("clients may not write control batches".to_owned());
    }
    if header.is_transactional() {
        let what = "transactions are not served by this broker".to_owned();
        return Err(refuse(ErrorCode::INVALID_TXN_STATE, what));
    }
    if header.has_producer() && (header.base_sequence < 0 || header.producer_epoch < 0) {
        return invalid(format!(
            "producer {} wrote sequence {} in epoch {}",
            header.producer_id, header.base_sequence, header.producer_epoch
        ));
    }
    Ok(())
}

/// Looks at every record; the result is the largest timestamp.
fn walk(header: &BatchHeader, block: &Bytes, rules: Rules<'_>) -> Result<i64, Refusal> {
    let settings = rules.settings;
    let earliest = rules.now_ms.saturating_sub(settings.timestamp_before_max_ms);
    let latest = rules.now_ms.saturating_add(settings.timestamp_after_max_ms);
    let (mut next, mut max_timestamp) = (0, i64::MIN);
    let (mut keyless, mut mistimed) = (Vec::new(), Vec::new());
    let records = strait_wire::batch::Records::open(header, block, rules.inflated_max);
    let walked = records.map_err(|error| unreadable(&error))?.walk(|delta, timestamp, has_key| {
        if delta != next {
            return Err("its offset delta does not follow the one before");
        }
        if settings.compacted && !has_key && keyless.len() < NAMED_RECORDS_MAX {
            keyless.push((next, "a compacted topic takes only records with a key".to_owned()));
        }
        let timely = settings.log_append_time
            || timestamp == NO_TIMESTAMP
            || (earliest..=latest).contains(&timestamp);
        if !timely && mistimed.len() < NAMED_RECORDS_MAX {
            let what = format!("timestamp {timestamp} is outside {earliest} to {latest}");
            mistimed.push((next, what));
        }
        max_timestamp = max_timestamp.max(timestamp);
        next += 1;
        Ok(())
    });
    walked.map_err(|error| unreadable(&error))?;
    blame(ErrorCode::INVALID_RECORD, "records without a key", keyless)?;
    blame(ErrorCode::INVALID_TIMESTAMP, "records with a timestamp out of bounds", mistimed)?;
    Ok(max_timestamp)
}

fn blame(code: ErrorCode, what: &str, records: Vec<(i32, String)>) -> Result<(), Refusal> {
    if records.is_empty() {
        return Ok(());
    }
    Err(Refusal { code, message: format!("the batch holds {what}"), records })
}

/// Recompresses if the topic says so, and closes the header again if anything changed.
fn seal(
    header: BatchHeader,
    batch: &RawBatch,
    rules: Rules<'_>,
) -> Result<(BatchHeader, Bytes), Refusal> {
    let own = header.compression().expect("check_header refuses unknown codecs");
    let wanted = rules.settings.compression.filter(|(codec, _)| *codec != own);
    let (header, block) = match wanted {
        None if header == batch.header => return Ok((header, batch.block())),
        None => (header, batch.block()),
        Some((codec, level)) => {
            let open = own
                .decompress(&batch.block(), rules.inflated_max)
                .and_then(|open| codec.compress(&open, level));
            let block = open.map_err(|error| unreadable(&error.into()))?;
            (header.with_compression(codec), Bytes::from(block))
        }
    };
    let head = header.seal(&block);
    let header = BatchHeader::parse(&head).expect("a sealed header is a valid one");
    Ok((header, block))
}

fn unreadable(error: &RecordError) -> Refusal {
    let code = match error {
        RecordError::Codec(CodecError::TooLarge { .. }) => ErrorCode::MESSAGE_TOO_LARGE,
        _ => ErrorCode::INVALID_RECORD,
    };
    refuse(code, error.to_string())
}

fn too_large(size: usize, rules: Rules<'_>) -> Refusal {
    let max = rules.settings.max_message_bytes;
    let what = format!("the batch has {size} bytes, max.message.bytes is {max}");
    refuse(ErrorCode::MESSAGE_TOO_LARGE, what)
}

fn refuse(code: ErrorCode, message: String) -> Refusal {
    Refusal { code, message, records: Vec::new() }
}
