//! Settings of topics and brokers.

use strait_wire::ApiKey;
use strait_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};
use strait_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};

use super::Each;
use crate::cluster::{Cluster, To};
use crate::error::{ClientError, Subject};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Whose settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A topic's.
    Topic(String),
    /// A broker's; `None` for the default of all brokers.
    Broker(Option<i32>),
}

/// A setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; secrets have none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether it cannot be changed at run time.
    pub read_only: bool,
    /// Whether it is a secret.
    pub sensitive: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigSource {
    /// Set for this topic.
    Topic,
    /// Set at run time for this broker.
    DynamicBroker,
    /// Set at run time for all brokers.
    DynamicDefaultBroker,
    /// From the broker's file.
    StaticBroker,
    /// Nobody set it.
    Default,
    /// Any other.
    Other(i8),
}

/// A change of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChange {
    /// Gives it a value.
    Set(String),
    /// Returns to the default.
    Delete,
    /// Adds to a list.
    Append(String),
    /// Takes out of a list.
    Subtract(String),
}

impl Cluster {
    /// All settings of each resource.
    pub async fn describe_configs(
        &self,
        resources: &[Resource],
    ) -> Result<Each<Resource, Vec<ConfigEntry>>, ClientError> {
        let mut each = Vec::new();
        for (to, resources) in by_destination(resources) {
            let described = |resource: &Resource| DescribeConfigsResource {
                resource_type: resource.code(),
                resource_name: resource.name(),
                configuration_keys: None,
            };
            let request = DescribeConfigsRequest {
                resources: resources.iter().map(described).collect(),
                ..Default::default()
            };
            for result in self.call(to, request).await?.results {
                let resource = Resource::new(result.resource_type, result.resource_name);
                let (code, message) = (result.error_code, result.error_message);
                let outcome =
                    self.check(ApiKey::DescribeConfigs, resource.subject(), code, message);
                let entries = result.configs.into_iter().map(ConfigEntry::new).collect();
                each.push((resource, outcome.map(|()| entries)));
            }
        }
        Ok(each)
    }

    /// Changes single settings and leaves the others alone.
    pub async fn incremental_alter_configs(
        &self,
        changes: &[(Resource, Vec<(String, ConfigChange)>)],
        validate_only: bool,
    ) -> Result<Each<Resource, ()>, ClientError> {
        let mut each = Vec::new();
        for (resource, changes) in changes {
            let altered = AlterConfigsResource {
                resource_type: resource.code(),
                resource_name: resource.name(),
                configs: changes.iter().map(alterable).collect(),
            };
            let request =
                IncrementalAlterConfigsRequest { resources: vec![altered], validate_only };
            for result in self.call(resource.destination(), request).await?.responses {
                let (code, message) = (result.error_code, result.error_message);
                let api = ApiKey::IncrementalAlterConfigs;
                let outcome = self.check(api, resource.subject(), code, message);
                each.push((resource.clone(), outcome));
            }
        }
        Ok(each)
    }
}

impl Resource {
    fn new(code: i8, name: String) -> Self {
        match code {
            BROKER => Resource::Broker(name.parse().ok()),
            _ => Resource::Topic(name),
        }
    }

    fn code(&self) -> i8 {
        match self {
            Resource::Topic(_) => TOPIC,
            Resource::Broker(_) => BROKER,
        }
    }

    fn name(&self) -> String {
        match self {
            Resource::Topic(name) => name.clone(),
            Resource::Broker(id) => id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    fn subject(&self) -> Subject {
        match self {
            Resource::Topic(name) => Subject::Topic(name.clone()),
            Resource::Broker(Some(id)) => Subject::Broker(*id),
            Resource::Broker(None) => Subject::Request,
        }
    }

    /// A broker's own settings are known to that broker alone.
    fn destination(&self) -> To<'static> {
        match self {
            Resource::Topic(_) => To::Controller,
            Resource::Broker(Some(id)) => To::Broker(*id),
            Resource::Broker(None) => To::Controller,
        }
    }
}

/// Topics together, each broker by itself.
fn by_destination(resources: &[Resource]) -> Vec<(To<'static>, Vec<Resource>)> {
    let (topics, brokers): (Vec<_>, Vec<_>) =
        resources.iter().cloned().partition(|resource| matches!(resource, Resource::Topic(_)));
    let topics = (!topics.is_empty()).then_some((To::Any, topics));
    let brokers = brokers.into_iter().map(|broker| (broker.destination(), vec![broker]));
    topics.into_iter().chain(brokers).collect()
}

fn alterable((name, change): &(String, ConfigChange)) -> AlterableConfig {
    let (config_operation, value) = match change {
        ConfigChange::Set(value) => (0, Some(value.clone())),
        ConfigChange::Delete => (1, None),
        ConfigChange::Append(value) => (2, Some(value.clone())),
        ConfigChange::Subtract(value) => (3, Some(value.clone())),
    };
    AlterableConfig { name: name.clone(), config_operation, value }
}

impl ConfigEntry {
    fn new(result: DescribeConfigsResourceResult) -> Self {
        Self {
            name: result.name,
            value: result.value,
            source: ConfigSource::new(result.config_source),
            read_only: result.read_only,
            sensitive: result.is_sensitive,
        }
    }
}

impl ConfigSource {
    fn new(code: i8) -> Self {
        match code {
            1 => ConfigSource::Topic,
            2 => ConfigSource::DynamicBroker,
            3 => ConfigSource::DynamicDefaultBroker,
            4 => ConfigSource::StaticBroker,
            5 => ConfigSource::Default,
            other => ConfigSource::Other(other),
        }
    }
}
