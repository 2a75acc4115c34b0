//! Raw fetch: whole batches of many partitions of one broker, as slices of the answer's frame.
//!
//! Topics travel by id from version 13 on, which is chosen only if every id is known. No fetch
//! session is opened: each request names everything it wants, so requests may be pipelined.

use std::collections::HashMap;
use std::future::Future;

use bytes::Bytes;
use strait_io::time::Duration;
use strait_wire::messages::fetch::{
    AbortedTransaction, EpochEndOffset, FetchPartition, FetchRequest, FetchResponse, FetchTopic,
    FetchableTopicResponse, LeaderIdAndEpoch, PartitionData,
};
use strait_wire::{ApiKey, ErrorCode, Uuid};

use crate::connection::Connection;
use crate::error::{ClientError, Subject};

/// The last version that names topics by name.
const LAST_BY_NAME: i16 = 12;
const ANY_REPLICA: i32 = -1;
const NO_SESSION: (i32, i32) = (0, -1);

/// One partition to fetch from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchAsk {
    /// The topic's name.
    pub topic: String,
    /// The topic's id; nil if unknown.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The first offset wanted; the batch that holds it comes whole.
    pub offset: i64,
    /// The leader's epoch as we know it; -1 for none.
    pub current_leader_epoch: i32,
    /// The epoch of the last batch we have, to learn of a truncation; -1 for none.
    pub last_fetched_epoch: i32,
    /// Bytes wanted at most; the first batch comes even if it is larger.
    pub max_bytes: i32,
}

/// What holds for the request as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// How long the broker may wait for `min_bytes`.
    pub max_wait: Duration,
    /// Bytes worth an answer.
    pub min_bytes: i32,
    /// Bytes of the whole answer at most.
    pub max_bytes: i32,
    /// Whether to stop at the last stable offset and list aborted transactions.
    pub read_committed: bool,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            max_wait: Duration::from_millis(500),
            min_bytes: 1,
            max_bytes: 50 * 1024 * 1024,
            read_committed: false,
        }
    }
}

/// What the broker gave of one partition.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchedPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// How it went.
    pub error: ErrorCode,
    /// The end of what is replicated everywhere in the ISR.
    pub high_watermark: i64,
    /// The end of what no open transaction can still change.
    pub last_stable_offset: i64,
    /// The oldest offset kept.
    pub log_start_offset: i64,
    /// Where the log parted from ours, if it did: the last common epoch and its end.
    pub diverging_epoch: Option<(i32, i64)>,
    /// The leader and its epoch, if the broker knows better than we do.
    pub current_leader: Option<(i32, i32)>,
    /// Aborted transactions as (producer id, first offset), for `read_committed`.
    pub aborted: Vec<(i64, i64)>,
    /// Whole batches, the last one perhaps cut.
    pub records: Bytes,
}

/// Fetches and waits for the answer.
pub async fn fetch(
    connection: &Connection,
    asks: &[FetchAsk],
    limits: FetchLimits,
) -> Result<Vec<FetchedPartition>, ClientError> {
    send_fetch(connection, asks, limits).await?.await
}

/// Sends a fetch; the answer, in the order of the asks, can be awaited later.
pub async fn send_fetch(
    connection: &Connection,
    asks: &[FetchAsk],
    limits: FetchLimits,
) -> Result<impl Future<Output = Result<Vec<FetchedPartition>, ClientError>> + use<>, ClientError> {
    let cap = version_cap(asks.iter().map(|ask| ask.topic_id));
    let answer = connection.send_up_to(&request(asks, limits), cap, limits.max_wait).await?;
    let (connection, by_id) = (connection.clone(), answer.version() > LAST_BY_NAME);
    let asked: Vec<_> = asks.iter().map(|a| (a.topic.clone(), a.topic_id, a.partition)).collect();
    Ok(async move { fetched(&connection, answer.await?, asked, by_id) })
}

/// The newest version that these topic ids allow.
fn version_cap(mut ids: impl Iterator<Item = Uuid>) -> i16 {
    if ids.any(|id| id.is_nil()) { LAST_BY_NAME } else { i16::MAX }
}

fn request(asks: &[FetchAsk], limits: FetchLimits) -> FetchRequest {
    let mut topics: Vec<FetchTopic> = Vec::new();
    for ask in asks {
        let partition = FetchPartition {
            partition: ask.partition,
            current_leader_epoch: ask.current_leader_epoch,
            fetch_offset: ask.offset,
            last_fetched_epoch: ask.last_fetched_epoch,
            partition_max_bytes: ask.max_bytes,
            ..Default::default()
        };
        match topics.iter_mut().find(|topic| topic.topic == ask.topic) {
            Some(topic) => topic.partitions.push(partition),
            None => topics.push(FetchTopic {
                topic: ask.topic.clone(),
                topic_id: ask.topic_id,
                partitions: vec![partition],
            }),
        }
    }
    FetchRequest {
        replica_id: ANY_REPLICA,
        max_wait_ms: i32::try_from(limits.max_wait.as_millis()).unwrap_or(i32::MAX),
        min_bytes: limits.min_bytes,
        max_bytes: limits.max_bytes,
        isolation_level: i8::from(limits.read_committed),
        session_id: NO_SESSION.0,
        session_epoch: NO_SESSION.1,
        topics,
        ..Default::default()
    }
}

fn fetched(
    connection: &Connection,
    response: FetchResponse,
    asked: Vec<(String, Uuid, i32)>,
    by_id: bool,
) -> Result<Vec<FetchedPartition>, ClientError> {
    response.error_code.ok().map_err(|code| ClientError::Kafka {
        code,
        region: connection.region().clone(),
        api: ApiKey::Fetch,
        subject: Subject::Request,
        message: None,
    })?;
    let mut found = HashMap::new();
    for FetchableTopicResponse { topic, topic_id, partitions } in response.responses {
        for data in partitions {
            found.insert((topic.clone(), topic_id, data.partition_index), data);
        }
    }
    let answers = asked.into_iter().map(|(topic, id, partition)| {
        let key = match by_id {
            true => (String::new(), id, partition),
            false => (topic.clone(), Uuid::nil(), partition),
        };
        let data = found.remove(&key).ok_or_else(|| {
            connection.place().protocol(format_args!("Fetch left out {topic}-{partition}"), None)
        })?;
        Ok(FetchedPartition::new(topic, data))
    });
    answers.collect()
}

impl FetchedPartition {
    fn new(topic: String, data: PartitionData) -> Self {
        let EpochEndOffset { epoch, end_offset } = data.diverging_epoch;
        let LeaderIdAndEpoch { leader_id, leader_epoch } = data.current_leader;
        let aborted = data.aborted_transactions.unwrap_or_default().into_iter();
        Self {
            topic,
            partition: data.partition_index,
            error: data.error_code,
            high_watermark: data.high_watermark,
            last_stable_offset: data.last_stable_offset,
            log_start_offset: data.log_start_offset,
            diverging_epoch: (end_offset >= 0).then_some((epoch, end_offset)),
            current_leader: (leader_id >= 0).then_some((leader_id, leader_epoch)),
            aborted: aborted
                .map(|AbortedTransaction { producer_id, first_offset }| (producer_id, first_offset))
                .collect(),
            records: data.records.into_bytes(),
        }
    }
}
