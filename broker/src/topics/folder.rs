//! The folders of partitions: `topic-p`, each with `partition.metadata` naming its topic's id,
//! and opening all of them at the start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use strait_io::fs;
use strait_wire::Uuid;

use super::store::{self, StoredTopic};
use super::{Catalog, Topic, TopicSettings, Topics};
use crate::config::BrokerConfig;
use crate::flush::Flusher;
use crate::log::{Log, LogError, Shutdown, partition_metadata};
use crate::partition::Partition;

/// Why the topics of a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The list of topics.
    #[error("{0}")]
    List(String),
    /// A partition's log.
    #[error("{}: {reason}", path.display())]
    Log {
        /// Its folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Topics {
    /// Opens every topic of the data folder, recovering logs where the last stop was not clean.
    pub(crate) fn open(
        config: &BrokerConfig,
        flusher: Arc<Flusher>,
        shutdown: Shutdown,
    ) -> Result<Self, OpenError> {
        let stored = store::load(&config.data_dir).map_err(OpenError::List)?;
        let topics = Self {
            folder: config.data_dir.clone(),
            defaults: config.log.clone(),
            limits: config.limits,
            default_partitions: config.default_partitions,
            cap_replication_factor: config.cap_replication_factor,
            flusher,
            catalog: ArcSwap::default(),
            changing: Mutex::new(()),
        };
        let mut catalog = Catalog::default();
        for topic in stored {
            catalog.insert(topics.open_topic(topic, shutdown)?);
        }
        topics.catalog.store(Arc::new(catalog));
        Ok(topics)
    }

    fn open_topic(&self, stored: StoredTopic, shutdown: Shutdown) -> Result<Arc<Topic>, OpenError> {
        let id = stored.uuid().expect("load() checks every id");
        let topic =
            self.new_topic(&stored.name, id, stored.replication_factor, stored.configs.clone());
        let partitions: Result<Vec<_>, _> =
            (0..stored.partitions).map(|p| self.open_partition(&topic, p, shutdown)).collect();
        topic.partitions.store(Arc::new(partitions?));
        Ok(topic)
    }

    pub(super) fn new_topic(
        &self,
        name: &str,
        id: Uuid,
        replication_factor: i16,
        configs: super::Configs,
    ) -> Arc<Topic> {
        let settings = TopicSettings::resolve(&configs, &self.defaults);
        Arc::new(Topic {
            name: name.into(),
            id,
            replication_factor,
            configs: ArcSwap::from_pointee(configs),
            settings: ArcSwap::from_pointee(settings),
            partitions: ArcSwap::default(),
        })
    }

    /// Opens a partition's folder, making it if there is none.
    pub(super) fn open_partition(
        &self,
        topic: &Topic,
        index: i32,
        shutdown: Shutdown,
    ) -> Result<Arc<Partition>, OpenError> {
        let path = self.partition_folder(&topic.name, index);
        let fault = |reason: String| OpenError::Log { path: path.clone(), reason };
        prepare(&path, topic.id).map_err(|error| fault(error.to_string()))?;
        let log = Log::open(&path, topic.settings().log.clone(), shutdown)
            .map_err(|error| fault(error.to_string()))?;
        Ok(Partition::new(topic.name.clone(), index, self.flusher.clone(), log))
    }

    pub(super) fn partition_folder(&self, topic: &str, index: i32) -> PathBuf {
        self.folder.join(format!("{topic}-{index}"))
    }
}

/// Makes the folder if there is none. One that belongs to another topic is left alone.
fn prepare(path: &Path, id: Uuid) -> Result<(), LogError> {
    fs::create_dir_all(path).map_err(|source| LogError::Io { path: path.to_owned(), source })?;
    match partition_metadata::load(path)? {
        None => partition_metadata::store(path, id),
        Some(found) if found == id => Ok(()),
        Some(found) => Err(LogError::Corrupt {
            path: path.to_owned(),
            offset: 0,
            reason: format!(
                "it belongs to topic id {}, not to {}",
                partition_metadata::format_id(found),
                partition_metadata::format_id(id)
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_topic_id() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t-0");
        prepare(&path, Uuid::from_u128(1)).expect("made");
        prepare(&path, Uuid::from_u128(1)).expect("still the same");
        let error = prepare(&path, Uuid::from_u128(2)).expect_err("another topic's");
        assert!(error.to_string().contains("belongs to"), "{error}");
    }
}
