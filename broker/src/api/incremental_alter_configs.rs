//! IncrementalAlterConfigs: a topic's configs, one operation at a time. The broker's own
//! configs come from its start and do not change.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use crate::api::describe_configs::TOPIC;
use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::definitions::{self, Kind};
use crate::topics::{Configs, TopicFault};

/// Operations, by their numbers on the wire.
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

/// Changes each resource; a resource changes as a whole or not at all.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let mut responses = Vec::with_capacity(request.resources.len());
    for resource in request.resources {
        let (resource_type, resource_name) =
            (resource.resource_type, resource.resource_name.clone());
        let (error_code, error_message) = match alter(&node, resource, request.validate_only).await
        {
            Ok(()) => (ErrorCode::NONE, None),
            Err(fault) => (fault.code, Some(fault.message)),
        };
        responses.push(AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type,
            resource_name,
        });
    }
    IncrementalAlterConfigsResponse { responses, ..Default::default() }
}

async fn alter(
    node: &Arc<Node>,
    resource: AlterConfigsResource,
    only_check: bool,
) -> Result<(), TopicFault> {
    if resource.resource_type != TOPIC {
        let what = "only topics have configs that change while the broker runs";
        return Err(TopicFault::new(ErrorCode::INVALID_REQUEST, what));
    }
    let AlterConfigsResource { resource_name, configs, .. } = resource;
    let change = move |own: &mut Configs| configs.iter().try_for_each(|config| apply(own, config));
    node.change_topics(move |topics| topics.configure(&resource_name, only_check, change)).await
}

fn apply(own: &mut Configs, config: &AlterableConfig) -> Result<(), TopicFault> {
    let invalid = |what: String| Err(TopicFault::new(ErrorCode::INVALID_CONFIG, what));
    let name = &config.name;
    let Some(definition) = definitions::find(name) else {
        return invalid(format!("Unknown topic config name: {name}"));
    };
    if config.config_operation == DELETE {
        own.remove(name);
        return Ok(());
    }
    let Some(value) = &config.value else {
        return invalid(format!("Null value not supported for: {name}"));
    };
    if config.config_operation == SET {
        own.insert(name.clone(), value.clone());
        return Ok(());
    }
    if definition.kind != Kind::List {
        return invalid(format!("{name} is no list; nothing can be appended or subtracted"));
    }
    let current = own.get(name).map_or(definition.default, String::as_str);
    let mut words: Vec<&str> = current.split(',').filter(|word| !word.is_empty()).collect();
    let given = || value.split(',').filter(|word| !word.is_empty());
    match config.config_operation {
        APPEND => words.extend(given().filter(|word| !current.split(',').any(|w| w == *word))),
        SUBTRACT => words.retain(|word| !given().any(|gone| gone == *word)),
        other => {
            let what = format!("operation {other} is unknown");
            return Err(TopicFault::new(ErrorCode::INVALID_REQUEST, what));
        }
    }
    let joined = words.join(",");
    own.insert(name.clone(), joined);
    Ok(())
}
