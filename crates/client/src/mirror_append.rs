//! Mirror append: compare-and-append of whole batches into one of our own brokers.
//!
//! `Connection::supports(ApiKey::MirrorAppend)` tells whether the broker is one. Repeating an
//! append is harmless: the broker answers where the lane stands and appends nothing twice.

use std::collections::HashMap;
use std::future::Future;

use strait_io::time::Duration;
use strait_wire::messages::mirror_append::{
    MirrorAppendPartition, MirrorAppendPartitionResult, MirrorAppendRequest, MirrorAppendResponse,
    MirrorAppendTopic,
};
use strait_wire::{ErrorCode, Records};

use crate::connection::Connection;
use crate::error::ClientError;

/// One lane's batches for one partition, with what the lane believes.
#[derive(Debug, Clone, PartialEq)]
pub struct AppendAsk {
    /// The topic's name.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The lane's producer id for `merge`; `None` for `preserve`.
    pub producer_id: Option<i64>,
    /// Which owner of the lane is speaking.
    pub generation: i16,
    /// Where the lane believes to stand (see the message's own description).
    pub expected: i64,
    /// Whole batches; none to ask, or to claim a generation.
    pub records: Records,
}

/// Where the lane stands after an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// How it went.
    pub error: ErrorCode,
    /// The broker's own words.
    pub error_message: Option<String>,
    /// The generation that owns the lane; -1 for none.
    pub generation: i16,
    /// Where the lane stands, in the terms of `expected`.
    pub position: i64,
    /// The target offset of the first record appended, if any was.
    pub base_offset: Option<i64>,
    /// The end of the target's log.
    pub log_end_offset: i64,
}

/// Appends and waits for the answer.
pub async fn mirror_append(
    connection: &Connection,
    asks: Vec<AppendAsk>,
    timeout: Duration,
) -> Result<Vec<AppendedPartition>, ClientError> {
    send_mirror_append(connection, asks, timeout).await?.await
}

/// Sends appends; the answer, in the order of the asks, can be awaited later.
/// `timeout` is how long the broker may take to make them durable.
pub async fn send_mirror_append(
    connection: &Connection,
    asks: Vec<AppendAsk>,
    timeout: Duration,
) -> Result<impl Future<Output = Result<Vec<AppendedPartition>, ClientError>> + use<>, ClientError>
{
    let asked: Vec<_> = asks.iter().map(|ask| (ask.topic.clone(), ask.partition)).collect();
    let answer = connection.send_up_to(&request(asks, timeout), i16::MAX, timeout).await?;
    let connection = connection.clone();
    Ok(async move { appended(&connection, answer.await?, asked) })
}

fn request(asks: Vec<AppendAsk>, timeout: Duration) -> MirrorAppendRequest {
    let mut topics: Vec<MirrorAppendTopic> = Vec::new();
    for ask in asks {
        let partition = MirrorAppendPartition {
            partition: ask.partition,
            producer_id: ask.producer_id.unwrap_or(-1),
            generation: ask.generation,
            expected: ask.expected,
            records: ask.records,
        };
        match topics.iter_mut().find(|topic| topic.topic == ask.topic) {
            Some(topic) => topic.partitions.push(partition),
            None => {
                topics.push(MirrorAppendTopic { topic: ask.topic, partitions: vec![partition] });
            }
        }
    }
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    MirrorAppendRequest { timeout_ms, topics }
}

fn appended(
    connection: &Connection,
    response: MirrorAppendResponse,
    asked: Vec<(String, i32)>,
) -> Result<Vec<AppendedPartition>, ClientError> {
    let mut found = HashMap::new();
    for topic in response.topics {
        for result in topic.partitions {
            found.insert((topic.topic.clone(), result.partition), result);
        }
    }
    let answers = asked.into_iter().map(|key| match found.remove(&key) {
        Some(result) => Ok(AppendedPartition::new(key.0, result)),
        None => {
            let reason = format_args!("MirrorAppend left out {}-{}", key.0, key.1);
            Err(connection.place().protocol(reason, None))
        }
    });
    answers.collect()
}

impl AppendedPartition {
    fn new(topic: String, result: MirrorAppendPartitionResult) -> Self {
        Self {
            topic,
            partition: result.partition,
            error: result.error_code,
            error_message: result.error_message,
            generation: result.generation,
            position: result.position,
            base_offset: Some(result.base_offset).filter(|offset| *offset >= 0),
            log_end_offset: result.log_end_offset,
        }
    }
}
