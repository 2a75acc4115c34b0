//! Metadata: who leads what. This node leads everything.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::{Topic, name};

/// What anybody may do with a topic while no rules are set (KIP-430): read, write, create,
/// delete, alter, describe, and both for its configs.
const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// The same for the cluster: create, alter, describe, act, both for configs, idempotent write.
pub const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

/// Describes the topics asked for; those unknown may be made.
pub async fn handle(
    node: Arc<Node>,
    context: Context,
    request: MetadataRequest,
) -> MetadataResponse {
    let version = context.caller.version;
    let topics = match &request.topics {
        None => describe_all(&node, &request),
        Some(topics) if topics.is_empty() && version == 0 => describe_all(&node, &request),
        Some(topics) => {
            let mut described = Vec::with_capacity(topics.len());
            for wanted in topics {
                described.push(describe_one(&node, wanted, &request).await);
            }
            described
        }
    };
    let (host, port) = context.advertised;
    let cluster_authorized_operations =
        if request.include_cluster_authorized_operations { CLUSTER_OPERATIONS } else { i32::MIN };
    MetadataResponse {
        brokers: vec![MetadataResponseBroker {
            node_id: node.config.node_id,
            host,
            port: i32::from(port),
            rack: Some(node.config.name.clone()),
        }],
        cluster_id: Some(node.identity.cluster_id.clone()),
        controller_id: node.config.node_id,
        topics,
        cluster_authorized_operations,
        ..Default::default()
    }
}

fn describe_all(node: &Node, request: &MetadataRequest) -> Vec<MetadataResponseTopic> {
    node.topics.catalog().all().map(|topic| describe(node, topic, request)).collect()
}

async fn describe_one(
    node: &Arc<Node>,
    wanted: &MetadataRequestTopic,
    request: &MetadataRequest,
) -> MetadataResponseTopic {
    match find(node, wanted, request.allow_auto_topic_creation).await {
        Ok(topic) => describe(node, &topic, request),
        Err(error_code) => MetadataResponseTopic {
            error_code,
            name: wanted.name.clone(),
            topic_id: wanted.topic_id,
            is_internal: wanted.name.as_deref().is_some_and(name::is_internal),
            ..Default::default()
        },
    }
}

async fn find(
    node: &Arc<Node>,
    wanted: &MetadataRequestTopic,
    may_create: bool,
) -> Result<Arc<Topic>, ErrorCode> {
    if !wanted.topic_id.is_nil() {
        return node.topics.with_id(wanted.topic_id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID);
    }
    let name = wanted.name.as_deref().ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
    if let Some(topic) = node.topics.named(name) {
        return Ok(topic);
    }
    if name::fault(name).is_some() {
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    if !may_create || !node.config.auto_create_topics || name::is_internal(name) {
        return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    }
    match node.auto_create(name.to_owned()).await {
        Ok(topic) => Ok(topic),
        Err(fault) if fault.code == ErrorCode::TOPIC_ALREADY_EXISTS => {
            node.topics.named(name).ok_or(ErrorCode::LEADER_NOT_AVAILABLE)
        }
        Err(fault) => Err(fault.code),
    }
}

fn describe(node: &Node, topic: &Topic, request: &MetadataRequest) -> MetadataResponseTopic {
    let leader_id = node.config.node_id;
    let partitions = topic.partitions();
    let partitions = partitions.iter().map(|partition| MetadataResponsePartition {
        partition_index: partition.index(),
        leader_id,
        leader_epoch: partition.leader_epoch(),
        replica_nodes: vec![leader_id],
        isr_nodes: vec![leader_id],
        ..Default::default()
    });
    let asked = request.include_topic_authorized_operations;
    MetadataResponseTopic {
        name: Some(topic.name.to_string()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: partitions.collect(),
        topic_authorized_operations: if asked { TOPIC_OPERATIONS } else { i32::MIN },
        ..Default::default()
    }
}
