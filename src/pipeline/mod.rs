//! A pipeline: one configured route, source cluster to target cluster, and its lanes.
//!
//! Reading order: `discovery` (which topics, and are they at the target), `lane` (the loop of one
//! partition), `claim` (who we are and what has landed), `course` (read, sent, acknowledged,
//! saved), `inspect` (what happens to each batch), `fault` (why it does not).

pub mod claim;
pub mod course;
pub mod discovery;
pub mod fault;
#[cfg(test)]
mod fixture;
pub mod identity;
pub mod inspect;
pub mod landed;
pub mod lane;
pub mod route;
pub mod standing;

use std::sync::Arc;

use strait_client::{Backoff, ClientConfig, ClientError, Cluster, Topics};
use strait_io::{rng, time};
use tokio::task::JoinSet;

use crate::config::{PipelineSettings, RegionSettings, WorkerSettings};
use crate::drain::Drain;
use crate::ledger::{LedgerTopic, LedgerTopicError};
use crate::memory::Budget;
use crate::sink::Sink;
use crate::source::Source;
use crate::status::board::PipelineStatus;
use discovery::Discovery;
use route::Route;

/// Why a pipeline as a whole cannot work.
#[derive(Debug, thiserror::Error)]
pub enum PipelineFault {
    /// One of its clusters does not answer, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerTopicError),
}

/// A pipeline about to run.
pub struct Pipeline {
    /// As configured.
    pub settings: PipelineSettings,
    /// The other pipelines of the same file: several sources may feed one topic.
    pub siblings: Vec<PipelineSettings>,
    /// The worker's rhythms.
    pub worker: WorkerSettings,
    /// The worker's budget of batch bytes.
    pub budget: Budget,
    /// Its place on the board.
    pub status: Arc<PipelineStatus>,
}

impl Pipeline {
    /// Runs until drained. A cluster that is down is waited for, and the board says so.
    pub async fn run(self, mut drain: Drain) {
        let mut backoff = Backoff::default();
        loop {
            let opened = tokio::select! {
                opened = self.open() => opened,
                () = drain.started() => return,
            };
            match opened {
                Ok(discovery) => return self.mirror(discovery, drain).await,
                Err(fault) => self.report(&fault),
            }
            tokio::select! {
                () = time::sleep(backoff.next(rng::below(1024))) => {}
                () = drain.started() => return,
            }
        }
    }

    async fn mirror(&self, mut discovery: Discovery, mut drain: Drain) {
        let mut lanes = JoinSet::new();
        let mut tick = time::interval(self.settings.discovery_interval);
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let new = tokio::select! {
                        new = discovery.look() => new,
                        () = drain.started() => break,
                    };
                    new.into_iter().for_each(|lane| {
                        lanes.spawn(lane.run(drain.clone()));
                    });
                }
                Some(ended) = lanes.join_next(), if !lanes.is_empty() => {
                    // A lane that panics is a bug of ours; it must not pass for a quiet end.
                    if let Err(panic) = ended {
                        let text = format!("a lane ended by a bug: {panic}");
                        tracing::error!(pipeline = %self.settings.name, "{text}");
                        self.status.note(|facts| facts.trouble = Some(text));
                    }
                }
                () = drain.started() => break,
            }
        }
        while lanes.join_next().await.is_some() {}
    }

    async fn open(&self) -> Result<Discovery, PipelineFault> {
        let source = cluster(&self.settings.from);
        let target = cluster(&self.settings.to);
        let source_cluster = source.metadata(Topics::Named(&[])).await?.cluster_id.clone();
        let replication = self.settings.replication_factor;
        let (ledger, records) = LedgerTopic::open(target.clone(), replication).await?;
        let route = Arc::new(Route {
            settings: self.settings.clone(),
            worker: self.worker,
            source: Source::new(source, self.budget.clone()),
            source_cluster,
            sink: Sink::new(target),
            ledger,
            status: Arc::clone(&self.status),
        });
        self.status.note(|facts| facts.trouble = None);
        Ok(Discovery::new(route, self.siblings.clone(), records))
    }

    fn report(&self, fault: &PipelineFault) {
        let text = fault.to_string();
        let known = self.status.facts.lock().expect("no holder panics").trouble.clone();
        if known.as_deref() != Some(&text) {
            tracing::warn!(pipeline = %self.settings.name, "{text}; trying again");
        }
        self.status.note(|facts| facts.trouble = Some(text));
    }
}

/// The client of a region.
pub fn cluster(region: &RegionSettings) -> Cluster {
    Cluster::new(ClientConfig {
        client_id: region.client_id.clone(),
        ..ClientConfig::new(region.name.to_string(), region.bootstrap.clone())
    })
}
