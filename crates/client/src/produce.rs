//! Raw produce: ready-made batches to the partitions of one broker, written from where they lie.
//!
//! Always with acks=all, so that every request has an answer. Topics travel by id from version
//! 13 on, which is chosen only if every id is known.

use std::collections::HashMap;
use std::future::Future;

use strait_io::time::Duration;
use strait_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceData, TopicProduceResponse,
};
use strait_wire::{ErrorCode, Records, Uuid};

use crate::connection::Connection;
use crate::error::ClientError;

/// The last version that names topics by name.
const LAST_BY_NAME: i16 = 12;
const ACKS_ALL: i16 = -1;

/// One partition's batch. A stock broker takes one batch per partition and request.
#[derive(Debug, Clone, PartialEq)]
pub struct ProduceBatch {
    /// The topic's name.
    pub topic: String,
    /// The topic's id; nil if unknown.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The batch.
    pub records: Records,
}

/// What became of one partition's batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducedPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// How it went.
    pub error: ErrorCode,
    /// The offset of the batch's first record; -1 if the broker does not say.
    pub base_offset: i64,
    /// The time the broker stamped on the batch, if it did.
    pub log_append_time: Option<i64>,
    /// The oldest offset kept; -1 if the broker does not say.
    pub log_start_offset: i64,
    /// The leader and its epoch, if the broker knows better than we do.
    pub current_leader: Option<(i32, i32)>,
    /// The broker's own words, with those about single records.
    pub error_message: Option<String>,
}

/// Sends batches and waits for the answer.
pub async fn produce(
    connection: &Connection,
    batches: Vec<ProduceBatch>,
    timeout: Duration,
) -> Result<Vec<ProducedPartition>, ClientError> {
    send_produce(connection, batches, timeout).await?.await
}

/// Sends batches; the answer, in the order of the batches, can be awaited later.
/// `timeout` is how long the broker may wait for its replicas.
pub async fn send_produce(
    connection: &Connection,
    batches: Vec<ProduceBatch>,
    timeout: Duration,
) -> Result<impl Future<Output = Result<Vec<ProducedPartition>, ClientError>> + use<>, ClientError>
{
    let unknown_id = batches.iter().any(|batch| batch.topic_id.is_nil());
    let cap = if unknown_id { LAST_BY_NAME } else { i16::MAX };
    let asked: Vec<_> =
        batches.iter().map(|b| (b.topic.clone(), b.topic_id, b.partition)).collect();
    let answer = connection.send_up_to(&request(batches, timeout), cap, timeout).await?;
    let (connection, by_id) = (connection.clone(), answer.version() > LAST_BY_NAME);
    Ok(async move { produced(&connection, answer.await?, asked, by_id) })
}

fn request(batches: Vec<ProduceBatch>, timeout: Duration) -> ProduceRequest {
    let mut topic_data: Vec<TopicProduceData> = Vec::new();
    for ProduceBatch { topic, topic_id, partition, records } in batches {
        let data = PartitionProduceData { index: partition, records };
        match topic_data.iter_mut().find(|t| t.name == topic) {
            Some(found) => found.partition_data.push(data),
            None => topic_data.push(TopicProduceData {
                name: topic,
                topic_id,
                partition_data: vec![data],
            }),
        }
    }
    ProduceRequest {
        transactional_id: None,
        acks: ACKS_ALL,
        timeout_ms: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
        topic_data,
    }
}

fn produced(
    connection: &Connection,
    response: ProduceResponse,
    asked: Vec<(String, Uuid, i32)>,
    by_id: bool,
) -> Result<Vec<ProducedPartition>, ClientError> {
    let mut found = HashMap::new();
    for TopicProduceResponse { name, topic_id, partition_responses } in response.responses {
        for data in partition_responses {
            found.insert((name.clone(), topic_id, data.index), data);
        }
    }
    let answers = asked.into_iter().map(|(topic, id, partition)| {
        let key = match by_id {
            true => (String::new(), id, partition),
            false => (topic.clone(), Uuid::nil(), partition),
        };
        let data = found.remove(&key).ok_or_else(|| {
            connection.place().protocol(format_args!("Produce left out {topic}-{partition}"), None)
        })?;
        Ok(ProducedPartition::new(topic, data))
    });
    answers.collect()
}

impl ProducedPartition {
    fn new(topic: String, data: PartitionProduceResponse) -> Self {
        let leader = &data.current_leader;
        Self {
            topic,
            partition: data.index,
            error: data.error_code,
            base_offset: data.base_offset,
            log_append_time: Some(data.log_append_time_ms).filter(|ms| *ms >= 0),
            log_start_offset: data.log_start_offset,
            current_leader: (leader.leader_id >= 0)
                .then_some((leader.leader_id, leader.leader_epoch)),
            error_message: words(&data),
        }
    }
}

/// The message for the partition and those for its records, as one.
fn words(data: &PartitionProduceResponse) -> Option<String> {
    let records = data.record_errors.iter().filter_map(|record| {
        let message = record.batch_index_error_message.as_ref()?;
        Some(format!("record {}: {message}", record.batch_index))
    });
    let all: Vec<String> = data.error_message.clone().into_iter().chain(records).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
