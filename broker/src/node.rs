//! What every handler may touch: the topics, the clock of group commits, ids, counters.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::BrokerConfig;
use crate::coordinator::GroupCoordinator;
use crate::flush::Flusher;
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::producer_ids::ProducerIds;
use crate::topics::{NewTopic, Topic, TopicFault, Topics};

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Requests are served.
    Serving,
    /// No new requests; parked ones are answered with what there is.
    Draining,
    /// Connections are cut.
    Stopped,
}

/// A running node.
pub struct Node {
    /// What it was started with.
    pub config: BrokerConfig,
    /// Its data folder.
    pub identity: Identity,
    /// Its topics.
    pub topics: Arc<Topics>,
    /// Its consumer groups.
    pub groups: Arc<GroupCoordinator>,
    /// Its group commits.
    pub flusher: Arc<Flusher>,
    /// Its source of producer ids.
    pub producer_ids: ProducerIds,
    /// Its counters.
    pub metrics: Arc<Metrics>,
    /// How far the end is.
    pub phase: watch::Receiver<Phase>,
}

impl Node {
    /// Runs a change of topics where blocking is allowed.
    pub async fn change_topics<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Topics) -> Result<T, TopicFault> + Send + 'static,
    ) -> Result<T, TopicFault> {
        let node = self.clone();
        let changed = tokio::task::spawn_blocking(move || change(&node.topics)).await;
        changed.unwrap_or_else(|error| {
            let what = format!("the change did not finish: {error}");
            Err(TopicFault::new(strait_wire::ErrorCode::UNKNOWN_SERVER_ERROR, what))
        })
    }

    /// Makes a topic with the broker's defaults.
    pub async fn auto_create(self: &Arc<Self>, name: String) -> Result<Arc<Topic>, TopicFault> {
        let new = NewTopic { name, partitions: -1, replication_factor: -1, ..NewTopic::default() };
        self.change_topics(move |topics| topics.create(new, false)).await
    }

    /// Resolves once the node drains.
    pub async fn draining(&self) {
        let mut phase = self.phase.clone();
        let _sender_gone = phase.wait_for(|phase| *phase >= Phase::Draining).await;
    }
}
