//! A cluster as its metadata shows it: brokers, topics, leaders. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use strait_wire::messages::metadata::{
    MetadataResponse, MetadataResponsePartition, MetadataResponseTopic,
};
use strait_wire::{ErrorCode, Uuid};

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
}

impl TopicPartition {
    /// A partition by its coordinates.
    pub fn new(topic: impl Into<String>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// What one answer to Metadata said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterView {
    /// The cluster's own id.
    pub cluster_id: String,
    /// Where to send changes, if known.
    pub controller: Option<i32>,
    /// The brokers, by id.
    pub brokers: BTreeMap<i32, BrokerView>,
    /// The topics asked for, by name.
    pub topics: BTreeMap<String, Arc<TopicView>>,
}

/// A broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerView {
    /// Its id.
    pub id: i32,
    /// Its advertised host.
    pub host: String,
    /// Its advertised port.
    pub port: i32,
    /// Where it stands.
    pub rack: Option<String>,
}

impl BrokerView {
    /// `host:port`, with brackets where the host is a literal IPv6 address.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// A topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicView {
    /// Its name.
    pub name: String,
    /// Its id; nil where the broker does not know ids.
    pub id: Uuid,
    /// Whether Kafka itself owns it.
    pub internal: bool,
    /// Its partitions in ascending order.
    pub partitions: Vec<PartitionView>,
    /// Why nothing is known about it.
    pub error: Option<ErrorCode>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionView {
    /// Its number.
    pub partition: i32,
    /// The broker that leads it; `None` while there is none.
    pub leader: Option<i32>,
    /// The leader's epoch; -1 where the broker does not tell.
    pub leader_epoch: i32,
    /// The brokers that should hold it, preferred leader first.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub isr: Vec<i32>,
    /// Those of them that are down.
    pub offline: Vec<i32>,
}

impl ClusterView {
    pub(crate) fn new(response: MetadataResponse) -> Self {
        let brokers = response.brokers.into_iter().map(|b| {
            (b.node_id, BrokerView { id: b.node_id, host: b.host, port: b.port, rack: b.rack })
        });
        let topics = response.topics.into_iter().map(TopicView::new);
        Self {
            cluster_id: response.cluster_id.unwrap_or_default(),
            controller: Some(response.controller_id).filter(|id| *id >= 0),
            brokers: brokers.collect(),
            topics: topics.map(|topic| (topic.name.clone(), Arc::new(topic))).collect(),
        }
    }

    /// The view with another's brokers, and its topics in place of those of the same name.
    pub(crate) fn updated(&self, newer: &ClusterView) -> Self {
        let mut topics = self.topics.clone();
        topics.extend(newer.topics.iter().map(|(name, topic)| (name.clone(), topic.clone())));
        Self { topics, ..newer.clone() }
    }

    /// A topic the answer knew something about.
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicView>> {
        self.topics.get(name).filter(|topic| topic.error.is_none())
    }

    /// A partition, if its topic is known.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<&PartitionView> {
        self.topic(topic)?.partition(partition)
    }

    /// The broker that leads a partition.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        self.partition(topic, partition)?.leader
    }
}

impl TopicView {
    fn new(topic: MetadataResponseTopic) -> Self {
        let mut partitions: Vec<_> = topic.partitions.into_iter().map(PartitionView::new).collect();
        partitions.sort_by_key(|p| p.partition);
        Self {
            name: topic.name.unwrap_or_default(),
            id: topic.topic_id,
            internal: topic.is_internal,
            partitions,
            error: topic.error_code.ok().err(),
        }
    }

    /// A partition by its number.
    pub fn partition(&self, partition: i32) -> Option<&PartitionView> {
        let found = self.partitions.binary_search_by_key(&partition, |p| p.partition);
        found.ok().map(|at| &self.partitions[at])
    }
}

impl PartitionView {
    fn new(partition: MetadataResponsePartition) -> Self {
        Self {
            partition: partition.partition_index,
            leader: Some(partition.leader_id).filter(|id| *id >= 0),
            leader_epoch: partition.leader_epoch,
            replicas: partition.replica_nodes,
            isr: partition.isr_nodes,
            offline: partition.offline_replicas,
        }
    }
}
