//! DeleteTopics: by name, or by id from version 6 on.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};

use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::{Topic, TopicFault};

/// Removes the topics.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let named = request.topic_names.into_iter();
    let named = named.map(|name| DeleteTopicState { name: Some(name), ..Default::default() });
    let mut responses = Vec::new();
    for wanted in named.chain(request.topics) {
        responses.push(match delete(&node, &wanted).await {
            Ok(topic) => DeletableTopicResult {
                name: Some(topic.name.to_string()),
                topic_id: topic.id,
                ..Default::default()
            },
            Err(fault) => DeletableTopicResult {
                name: wanted.name,
                topic_id: wanted.topic_id,
                error_code: fault.code,
                error_message: Some(fault.message),
            },
        });
    }
    DeleteTopicsResponse { responses, ..Default::default() }
}

async fn delete(node: &Arc<Node>, wanted: &DeleteTopicState) -> Result<Arc<Topic>, TopicFault> {
    let topic = find(node, wanted)?;
    if topic.is_internal() {
        let what = format!("{} belongs to the broker", topic.name);
        return Err(TopicFault::new(ErrorCode::INVALID_REQUEST, what));
    }
    let gone = topic.clone();
    node.change_topics(move |topics| topics.delete(&gone)).await?;
    node.groups.topics_deleted(|name| *name == *topic.name);
    Ok(topic)
}

fn find(node: &Node, wanted: &DeleteTopicState) -> Result<Arc<Topic>, TopicFault> {
    let refuse = |code, what: &str| Err(TopicFault::new(code, what));
    match (&wanted.name, wanted.topic_id) {
        (Some(_), id) if !id.is_nil() => {
            refuse(ErrorCode::INVALID_REQUEST, "a topic is named by name or by id, not by both")
        }
        (Some(name), _) => match node.topics.named(name) {
            Some(topic) => Ok(topic),
            None => refuse(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "there is no such topic"),
        },
        (None, id) => match node.topics.with_id(id) {
            Some(topic) => Ok(topic),
            None => refuse(ErrorCode::UNKNOWN_TOPIC_ID, "there is no topic with this id"),
        },
    }
}
