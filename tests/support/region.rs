//! A region's cluster, of either make, so that a story can be told with each.

use std::path::PathBuf;
use std::sync::Arc;

use super::{JavaTools, OurBroker, RealKafka};

/// Whose broker a region runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Apache Kafka's.
    Real,
    /// Ours.
    Ours,
}

/// One region with one broker.
pub enum Region {
    /// Apache Kafka, shared with other stories.
    Real(Arc<RealKafka>),
    /// Our broker, the story's own.
    Ours(OurBroker),
}

impl Region {
    /// A region of this make. Regions of one story have different names.
    pub fn start(make: Make, java: &JavaTools, name: &'static str) -> Self {
        match make {
            Make::Real => Region::Real(RealKafka::shared(java, name)),
            Make::Ours => Region::Ours(OurBroker::start()),
        }
    }

    /// Where clients begin.
    pub fn bootstrap(&self) -> String {
        match self {
            Region::Real(kafka) => kafka.bootstrap(),
            Region::Ours(broker) => broker.bootstrap(),
        }
    }

    /// The segment files of a partition, in order.
    pub fn segments(&self, topic: &str, partition: i32) -> Vec<PathBuf> {
        let data = match self {
            Region::Real(kafka) => kafka.data_folder(),
            Region::Ours(broker) => broker.data_folder(),
        };
        let folder = data.join(format!("{topic}-{partition}"));
        let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
        let paths = files.map(|file| file.expect("a data folder is readable").path());
        let is_log = |path: &PathBuf| path.extension().is_some_and(|e| e == "log");
        let mut segments: Vec<PathBuf> = paths.filter(is_log).collect();
        segments.sort();
        segments
    }
}
