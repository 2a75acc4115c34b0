//! DeleteRecords: moves log starts up.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsRequest,
    DeleteRecordsResponse, DeleteRecordsTopicResult,
};

use crate::dispatch::Context;
use crate::node::Node;

/// "Everything readers can see."
const HIGH_WATERMARK: i64 = -1;

/// Deletes below the offsets asked for.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: DeleteRecordsRequest,
) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let delete = |wanted: &DeleteRecordsPartition| answer(&node, &topic.name, wanted);
        let partitions = topic.partitions.iter().map(delete).collect();
        DeleteRecordsTopicResult { name: topic.name, partitions }
    });
    DeleteRecordsResponse { topics: topics.collect(), ..Default::default() }
}

fn answer(
    node: &Node,
    topic: &str,
    wanted: &DeleteRecordsPartition,
) -> DeleteRecordsPartitionResult {
    let partition_index = wanted.partition_index;
    let (low_watermark, error_code) = match delete(node, topic, wanted) {
        Ok(log_start) => (log_start, ErrorCode::NONE),
        Err(code) => (-1, code),
    };
    DeleteRecordsPartitionResult { partition_index, low_watermark, error_code }
}

fn delete(node: &Node, topic: &str, wanted: &DeleteRecordsPartition) -> Result<i64, ErrorCode> {
    let found = node.topics.named(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let settings = found.settings();
    if found.is_internal() || (settings.compacted && settings.log.retention_ms.is_none()) {
        return Err(ErrorCode::POLICY_VIOLATION);
    }
    let partition = node.topics.partition(topic, wanted.partition_index)?;
    partition.change(|log, high_watermark| {
        let offset = match wanted.offset {
            HIGH_WATERMARK => high_watermark,
            offset => offset,
        };
        if !(0..=high_watermark).contains(&offset) {
            return Ok(Err(ErrorCode::OFFSET_OUT_OF_RANGE));
        }
        log.delete_before(offset)?;
        Ok(Ok(log.log_start()))
    })?
}
