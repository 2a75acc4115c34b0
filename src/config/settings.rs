//! The resolved settings: plain data that has passed every check. Nothing here knows of files.

use std::net::SocketAddr;
use std::time::Duration;

use strait_wire::Compression;

use crate::model::{ByteSize, PipelineName, RegionName};
use crate::topics::{NamingTemplate, TopicSelector};
use crate::topology::Route;

/// Everything a worker is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The regions, in the file's order.
    pub regions: Vec<RegionSettings>,
    /// The pipelines, in the file's order; names are unique.
    pub pipelines: Vec<PipelineSettings>,
    /// The worker's limits and rhythms.
    pub worker: WorkerSettings,
    /// The page and the metrics, if served.
    pub http: Option<HttpSettings>,
}

/// A region's cluster and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionSettings {
    /// The region's name.
    pub name: RegionName,
    /// Where to ask first, `host:port`; at least one.
    pub bootstrap: Vec<String>,
    /// The client id its brokers see.
    pub client_id: String,
}

/// One route: source region to target region.
#[derive(Clone, Debug)]
pub struct PipelineSettings {
    /// The pipeline's name.
    pub name: PipelineName,
    /// The source region.
    pub from: RegionSettings,
    /// The target region; another one than `from`.
    pub to: RegionSettings,
    /// Which topics.
    pub selector: TopicSelector,
    /// What they are called at the target.
    pub naming: NamingTemplate,
    /// What happens to a batch's codec on the way.
    pub compression: WanCompression,
    /// How batches are written.
    pub delivery: Delivery,
    /// Where a lane without a checkpoint begins.
    pub start: StartPosition,
    /// How often new topics and partitions are looked for.
    pub discovery_interval: Duration,
    /// How far the target may fall behind before the pipeline counts as late.
    pub rpo: Duration,
    /// Replicas of the topics it creates; `None` leaves it to the target's own default.
    pub replication_factor: Option<i16>,
}

/// What happens to a batch's codec on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WanCompression {
    /// Batches stay as their producers made them.
    Pass,
    /// Batches of another codec are recoded.
    Recode {
        /// The codec to arrive in.
        codec: Compression,
        /// Its level; `None` is the codec's own default.
        level: Option<i32>,
    },
}

/// How batches are written to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The best the target can do.
    Auto,
    /// Identical offsets, by compare-and-append.
    Preserve,
    /// Several sources into one topic, by compare-and-append per lane.
    Merge,
    /// Idempotent produce; a crash may repeat what the checkpoint has not covered.
    AtLeastOnce,
}

/// Where a lane without a checkpoint begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartPosition {
    /// At the oldest record the source keeps.
    Earliest,
    /// At the source's end.
    Latest,
}

/// How often new topics and partitions are looked for, unless the file says otherwise.
pub const DISCOVERY_INTERVAL: Duration = Duration::from_secs(2);
/// How far a target may fall behind, unless the file says otherwise.
pub const RPO: Duration = Duration::from_secs(30);

/// The worker's limits and rhythms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// The budget of bytes in flight.
    pub memory: ByteSize,
    /// How long a drain may take.
    pub drain: Duration,
    /// How often progress is made durable.
    pub checkpoint_interval: Duration,
}

/// The page and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// The address it listens on.
    pub listen: SocketAddr,
}

impl PipelineSettings {
    /// The pipeline as an edge of the graph.
    pub fn route(&self) -> Route<'_> {
        Route {
            name: &self.name,
            from: &self.from.name,
            to: &self.to.name,
            selector: &self.selector,
            naming: &self.naming,
        }
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            memory: ByteSize::mib(64),
            drain: Duration::from_secs(10),
            checkpoint_interval: Duration::from_secs(1),
        }
    }
}
