//! DescribeConfigs: topics and this broker, with where each value comes from.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
    DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};

use crate::config::{BrokerConfig, FlushPolicy};
use crate::dispatch::Context;
use crate::node::Node;
use crate::topics::definitions::{DEFINITIONS, Definition, Kind};
use crate::topics::{Topic, TopicFault, settings};

/// Resource types, by their numbers on the wire.
pub const TOPIC: i8 = 2;
/// A broker's own configs.
pub const BROKER: i8 = 4;

/// Sources, by their numbers on the wire.
const DYNAMIC_TOPIC: i8 = 1;
const STATIC_BROKER: i8 = 4;
const DEFAULT: i8 = 5;

/// A config as it stands.
pub struct Value {
    /// Its name.
    pub name: &'static str,
    /// What it is now.
    pub value: String,
    /// Where that comes from.
    pub source: i8,
    definition: &'static Definition,
}

/// Describes each resource.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let (synonyms, documentation) = (request.include_synonyms, request.include_documentation);
    let results = request.resources.into_iter().map(|resource| {
        let described = match resource.resource_type {
            TOPIC => topic(&node, &resource.resource_name),
            BROKER => broker(&node.config, &resource.resource_name),
            other => Err(TopicFault::new(
                ErrorCode::INVALID_REQUEST,
                format!("resources of type {other} have no configs here"),
            )),
        };
        answer(resource, described, synonyms, documentation)
    });
    DescribeConfigsResponse { results: results.collect(), ..Default::default() }
}

/// All configs of a topic.
pub fn topic_values(node: &Node, topic: &Topic) -> impl Iterator<Item = Value> {
    let (configs, defaults) = (topic.configs(), node.topics.defaults().clone());
    DEFINITIONS.iter().map(move |definition| {
        let own = configs.get(definition.name).cloned();
        let inherited = settings::broker_default(definition, &defaults);
        let source = match &own {
            Some(_) => DYNAMIC_TOPIC,
            None if inherited != definition.default => STATIC_BROKER,
            None => DEFAULT,
        };
        let value = own.unwrap_or(inherited);
        Value { name: definition.name, value, source, definition }
    })
}

fn topic(node: &Node, name: &str) -> Result<Vec<DescribeConfigsResourceResult>, TopicFault> {
    let topic = node.topics.named(name).ok_or_else(|| {
        let what = format!("there is no topic {name}");
        TopicFault::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what)
    })?;
    let defaults = node.topics.defaults();
    let describe = |value: Value| {
        let definition = value.definition;
        let inherited = settings::broker_default(definition, defaults);
        let mut synonyms = Vec::new();
        if value.source == DYNAMIC_TOPIC {
            synonyms.push(synonym(value.name, &value.value, DYNAMIC_TOPIC));
        }
        if let Some(broker) = definition.broker {
            if inherited != definition.default {
                synonyms.push(synonym(broker, &inherited, STATIC_BROKER));
            }
            synonyms.push(synonym(broker, definition.default, DEFAULT));
        }
        DescribeConfigsResourceResult {
            name: value.name.to_owned(),
            value: Some(value.value),
            config_source: value.source,
            synonyms,
            config_type: definition.kind as i8,
            documentation: Some(definition.doc.to_owned()),
            ..Default::default()
        }
    };
    Ok(topic_values(node, &topic).map(describe).collect())
}

fn broker(
    config: &BrokerConfig,
    id: &str,
) -> Result<Vec<DescribeConfigsResourceResult>, TopicFault> {
    if !id.is_empty() && id != config.node_id.to_string() {
        let what = format!("this is broker {}, not {id}", config.node_id);
        return Err(TopicFault::new(ErrorCode::INVALID_REQUEST, what));
    }
    if id.is_empty() {
        return Ok(Vec::new());
    }
    let inherited = DEFINITIONS.iter().filter_map(|definition| {
        let value = settings::broker_default(definition, &config.log);
        let source = if value == definition.default { DEFAULT } else { STATIC_BROKER };
        Some(broker_value(definition.broker?, value, source, definition.kind))
    });
    let own = own_values(config).into_iter();
    let own = own.map(|(name, value, kind)| broker_value(name, value, STATIC_BROKER, kind));
    let mut all: Vec<_> = inherited.chain(own).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

fn own_values(config: &BrokerConfig) -> Vec<(&'static str, String, Kind)> {
    let flush = match config.flush {
        FlushPolicy::Group { max_wait, .. } => format!("group:{}ms", max_wait.as_millis()),
        FlushPolicy::Os => "os".to_owned(),
    };
    let limits = &config.limits;
    vec![
        ("auto.create.topics.enable", config.auto_create_topics.to_string(), Kind::Boolean),
        ("broker.rack", config.name.clone(), Kind::String),
        ("connections.max.idle.ms", limits.idle.as_millis().to_string(), Kind::Long),
        ("default.replication.factor", "1".to_owned(), Kind::Int),
        ("fetch.max.bytes", limits.fetch_bytes_max.to_string(), Kind::Int),
        ("listeners", format!("PLAINTEXT://{}", config.listen), Kind::String),
        ("log.dirs", config.data_dir.display().to_string(), Kind::String),
        ("max.connections", limits.connections.to_string(), Kind::Int),
        ("max.connections.per.ip", limits.connections_per_address.to_string(), Kind::Int),
        ("node.id", config.node_id.to_string(), Kind::Int),
        ("num.partitions", config.default_partitions.to_string(), Kind::Int),
        ("socket.request.max.bytes", limits.frame_bytes.to_string(), Kind::Int),
        ("strait.flush", flush, Kind::String),
    ]
}

fn broker_value(
    name: &str,
    value: String,
    source: i8,
    kind: Kind,
) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: name.to_owned(),
        synonyms: vec![synonym(name, &value, source)],
        value: Some(value),
        read_only: true,
        config_source: source,
        config_type: kind as i8,
        ..Default::default()
    }
}

fn synonym(name: &str, value: &str, source: i8) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym { name: name.to_owned(), value: Some(value.to_owned()), source }
}

fn answer(
    resource: DescribeConfigsResource,
    described: Result<Vec<DescribeConfigsResourceResult>, TopicFault>,
    synonyms: bool,
    documentation: bool,
) -> DescribeConfigsResult {
    let (resource_type, resource_name) = (resource.resource_type, resource.resource_name);
    let mut configs = match described {
        Ok(configs) => configs,
        Err(fault) => {
            return DescribeConfigsResult {
                error_code: fault.code,
                error_message: Some(fault.message),
                resource_type,
                resource_name,
                ..Default::default()
            };
        }
    };
    if let Some(keys) = resource.configuration_keys.filter(|keys| !keys.is_empty()) {
        configs.retain(|config| keys.contains(&config.name));
    }
    for config in &mut configs {
        if !synonyms {
            config.synonyms.clear();
        }
        if !documentation {
            config.documentation = None;
        }
    }
    DescribeConfigsResult { resource_type, resource_name, configs, ..Default::default() }
}
