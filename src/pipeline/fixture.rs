//! A lane between two clusters that nobody serves, for tests of its parts.

use std::sync::Arc;

use strait_client::{ClientConfig, Cluster};

use super::lane::LaneSpec;
use super::route::Route;
use crate::config::sample;
use crate::ledger::{LaneKey, LedgerTopic};
use crate::memory::Budget;
use crate::model::Mode;
use crate::sink::Sink;
use crate::source::Source;
use crate::status::board::PipelineStatus;
use crate::status::lane::{LaneName, LaneStatus};

/// The first pipeline of the smallest sample.
pub fn route() -> Arc<Route> {
    let settings = sample();
    let pipeline = settings.pipelines[0].clone();
    let cluster = || Cluster::new(ClientConfig::new("nowhere", vec!["127.0.0.1:1".to_owned()]));
    let (from, to) = (pipeline.from.name.to_string(), pipeline.to.name.to_string());
    let status = PipelineStatus::new(pipeline.name.clone(), from, to, "pass".to_owned(), 1.0);
    Arc::new(Route {
        settings: pipeline,
        worker: settings.worker,
        source: Source::new(cluster(), Budget::new(1 << 20)),
        source_cluster: "us".to_owned(),
        sink: Sink::new(cluster()),
        ledger: LedgerTopic::nowhere(),
        status: Arc::new(status),
    })
}

/// Partition 0 of `posts`, merged.
pub fn spec() -> LaneSpec {
    let key = LaneKey {
        pipeline: "us-to-ad".to_owned(),
        source_cluster: "us".to_owned(),
        topic_id: "id".to_owned(),
        topic: "posts".to_owned(),
        partition: 0,
        target_topic: "posts".to_owned(),
    };
    LaneSpec { key, topic_id: Default::default(), mode: Mode::Merge }
}

/// Its place on the board.
pub fn status() -> Arc<LaneStatus> {
    let pipeline = sample().pipelines.swap_remove(0);
    Arc::new(LaneStatus::new(LaneName {
        pipeline: pipeline.name,
        from: pipeline.from.name.clone(),
        to: pipeline.to.name.clone(),
        topic: "posts".to_owned(),
        target_topic: "posts".to_owned(),
        partition: 0,
    }))
}
