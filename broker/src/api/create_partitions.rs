//! CreatePartitions: widens topics.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
    CreatePartitionsTopicResult,
};

use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::TopicFault;

/// Widens each topic to the count asked for.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut results = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let name = wanted.name.clone();
        let (error_code, error_message) = match widen(&node, wanted, request.validate_only).await {
            Ok(()) => (ErrorCode::NONE, None),
            Err(fault) => (fault.code, Some(fault.message)),
        };
        results.push(CreatePartitionsTopicResult { name, error_code, error_message });
    }
    CreatePartitionsResponse { results, ..Default::default() }
}

async fn widen(
    node: &Arc<Node>,
    wanted: CreatePartitionsTopic,
    only_check: bool,
) -> Result<(), TopicFault> {
    let ours = [node.config.node_id];
    let mut assigned = wanted.assignments.iter().flatten();
    if assigned.any(|assignment| assignment.broker_ids != ours) {
        let what = format!("every partition's only replica is node {}", node.config.node_id);
        return Err(TopicFault::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, what));
    }
    node.change_topics(move |topics| topics.widen(&wanted.name, wanted.count, only_check)).await
}
