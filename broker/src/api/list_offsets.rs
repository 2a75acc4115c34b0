//! ListOffsets: where a log starts, ends, or first holds a time.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};

use crate::dispatch::Context;
use crate::node::Node;
use crate::partition::Partition;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

/// Looks each partition up.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: ListOffsetsRequest,
) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let look = |wanted: &ListOffsetsPartition| answer(&node, &topic.name, wanted);
        let partitions = topic.partitions.iter().map(look).collect();
        ListOffsetsTopicResponse { name: topic.name, partitions }
    });
    ListOffsetsResponse { topics: topics.collect(), ..Default::default() }
}

fn answer(node: &Node, topic: &str, wanted: &ListOffsetsPartition) -> ListOffsetsPartitionResponse {
    let partition_index = wanted.partition_index;
    let found = node.topics.partition(topic, partition_index).and_then(|partition| {
        partition.fence(wanted.current_leader_epoch)?;
        look(&partition, wanted.timestamp)
    });
    match found {
        Ok(Found { timestamp, offset, leader_epoch }) => ListOffsetsPartitionResponse {
            partition_index,
            timestamp,
            offset,
            leader_epoch,
            ..Default::default()
        },
        Err(error_code) => {
            ListOffsetsPartitionResponse { partition_index, error_code, ..Default::default() }
        }
    }
}

struct Found {
    timestamp: i64,
    offset: i64,
    leader_epoch: i32,
}

const NOTHING: Found = Found { timestamp: -1, offset: -1, leader_epoch: -1 };

fn look(partition: &Partition, timestamp: i64) -> Result<Found, ErrorCode> {
    match timestamp {
        LATEST => Ok(at(partition, -1, partition.high_watermark()?)),
        EARLIEST | EARLIEST_LOCAL => {
            let log_start = partition.inspect(|log, _| log.log_start())?;
            Ok(at(partition, -1, log_start))
        }
        LATEST_TIERED => Ok(NOTHING),
        MAX_TIMESTAMP => found(partition, partition.change(|log, _| log.max_timestamp())?),
        0.. => found(partition, partition.change(|log, _| log.offset_for_timestamp(timestamp))?),
        _ => Err(ErrorCode::INVALID_REQUEST),
    }
}

/// A record that readers do not see yet is no answer.
fn found(partition: &Partition, place: Option<(i64, i64)>) -> Result<Found, ErrorCode> {
    let visible = partition.high_watermark()?;
    let place = place.filter(|(offset, _)| *offset < visible);
    Ok(place.map_or(NOTHING, |(offset, timestamp)| at(partition, timestamp, offset)))
}

/// The place with its leader epoch: the one its record was written in, else ours.
fn at(partition: &Partition, timestamp: i64, offset: i64) -> Found {
    let written = partition.inspect(|log, _| log.epoch_at(offset)).unwrap_or(-1);
    let leader_epoch = if written < 0 { partition.leader_epoch() } else { written };
    Found { timestamp, offset, leader_epoch }
}
