//! OffsetForLeaderEpoch: where an epoch ended in our log, so that a reader notices if it and we
//! do not tell the same story.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition, OffsetForLeaderTopicResult,
};

use crate::dispatch::Context;
use crate::node::Node;

/// Looks each partition up; an epoch we never had is (-1, -1).
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let look = |wanted: &OffsetForLeaderPartition| answer(&node, &topic.topic, wanted);
        let partitions = topic.partitions.iter().map(look).collect();
        OffsetForLeaderTopicResult { topic: topic.topic, partitions }
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..Default::default() }
}

fn answer(node: &Node, topic: &str, wanted: &OffsetForLeaderPartition) -> EpochEndOffset {
    let partition = wanted.partition;
    let found = node.topics.partition(topic, partition).and_then(|found| {
        found.fence(wanted.current_leader_epoch)?;
        let current = found.leader_epoch();
        found.inspect(|log, _| {
            let own = (wanted.leader_epoch == current).then(|| (current, log.log_end()));
            own.unwrap_or_else(|| log.epoch_end(wanted.leader_epoch))
        })
    });
    match found {
        Ok((leader_epoch, end_offset)) => {
            EpochEndOffset { partition, leader_epoch, end_offset, error_code: ErrorCode::NONE }
        }
        Err(error_code) => EpochEndOffset { partition, error_code, ..Default::default() },
    }
}
