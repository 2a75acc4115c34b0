//! CreateTopics: each topic on its own; one refusal does not touch the others.

use std::collections::HashMap;
use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest,
    CreateTopicsResponse,
};

use crate::api::describe_configs;
use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::{Configs, NewTopic, Topic, TopicFault, name};

/// Makes the topics, or only checks them.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: CreateTopicsRequest,
) -> CreateTopicsResponse {
    let mut counts: HashMap<String, u32> = HashMap::new();
    request.topics.iter().for_each(|topic| *counts.entry(topic.name.clone()).or_default() += 1);
    let mut topics = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let name = wanted.name.clone();
        let done = match counts.get(&name) {
            Some(2..) => {
                let what = "the request names this topic more than once";
                Err(TopicFault::new(ErrorCode::INVALID_REQUEST, what))
            }
            _ => create(&node, wanted, request.validate_only).await,
        };
        topics.push(match done {
            Ok((topic, partitions)) => describe(&node, &topic, partitions),
            Err(fault) => refuse(name, fault),
        });
    }
    CreateTopicsResponse { topics, ..Default::default() }
}

async fn create(
    node: &Arc<Node>,
    wanted: CreatableTopic,
    only_check: bool,
) -> Result<(Arc<Topic>, i32), TopicFault> {
    let new = read(node, wanted)?;
    let partitions = node.topics.partitions_for(new.partitions);
    let topic = node.change_topics(move |topics| topics.create(new, only_check)).await?;
    Ok((topic, partitions))
}

fn read(node: &Node, wanted: CreatableTopic) -> Result<NewTopic, TopicFault> {
    if name::is_internal(&wanted.name) {
        let what = format!("{} belongs to the broker", wanted.name);
        return Err(TopicFault::new(ErrorCode::INVALID_TOPIC_EXCEPTION, what));
    }
    let (mut partitions, mut replication_factor) =
        (wanted.num_partitions, wanted.replication_factor);
    if !wanted.assignments.is_empty() {
        let fits = wanted.assignments.iter().enumerate().all(|(index, assignment)| {
            assignment.partition_index == index as i32
                && assignment.broker_ids == [node.config.node_id]
        });
        if !fits || partitions != -1 || replication_factor != -1 {
            let what = format!("every partition's only replica is node {}", node.config.node_id);
            return Err(TopicFault::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, what));
        }
        (partitions, replication_factor) = (wanted.assignments.len() as i32, 1);
    }
    let mut configs = Configs::new();
    for config in wanted.configs {
        let Some(value) = config.value else {
            let what = format!("Null value not supported for topic configs: {}", config.name);
            return Err(TopicFault::new(ErrorCode::INVALID_CONFIG, what));
        };
        configs.insert(config.name, value);
    }
    Ok(NewTopic { name: wanted.name, partitions, replication_factor, configs })
}

fn describe(node: &Node, topic: &Topic, num_partitions: i32) -> CreatableTopicResult {
    let configs = describe_configs::topic_values(node, topic).map(|value| CreatableTopicConfigs {
        name: value.name.to_owned(),
        value: Some(value.value),
        read_only: false,
        config_source: value.source,
        is_sensitive: false,
    });
    CreatableTopicResult {
        name: topic.name.to_string(),
        topic_id: topic.id,
        num_partitions,
        replication_factor: topic.replication_factor,
        configs: Some(configs.collect()),
        ..Default::default()
    }
}

fn refuse(name: String, fault: TopicFault) -> CreatableTopicResult {
    CreatableTopicResult {
        name,
        error_code: fault.code,
        error_message: Some(fault.message),
        configs: Some(Vec::new()),
        ..Default::default()
    }
}
