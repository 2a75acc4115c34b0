//! The folders of partitions: `topic-p`, each with `partition.metadata` naming its topic's id,
//! and opening all of them at the start.

use std::ops::Range;
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
        topics.report_strays(&catalog);
        topics.catalog.store(Arc::new(catalog));
        Ok(topics)
    }

    /// Folders of topics nobody knows: a deletion that a crash cut short, or a lost list. They
    /// are named and left alone.
    fn report_strays(&self, known: &Catalog) {
        for path in fs::list(&self.folder).into_iter().flatten() {
            let id = partition_metadata::load(&path).ok().flatten();
            if id.is_some_and(|id| known.with_id(id).is_none()) {
                tracing::warn!(folder = %path.display(), "a folder of no known topic was found");
            }
        }
    }

    fn open_topic(&self, stored: StoredTopic, shutdown: Shutdown) -> Result<Arc<Topic>, OpenError> {
        let id = stored.uuid().expect("load() checks every id");
        let topic =
            self.new_topic(&stored.name, id, stored.replication_factor, stored.configs.clone());
        topic.partitions.store(Arc::new(self.open_all(&topic, 0..stored.partitions, shutdown)?));
        Ok(topic)
    }

    /// Opens partitions, a few at a time: recovery reads and checks every batch since the last
    /// flush, and a new folder waits for the disk.
    pub(super) fn open_all(
        &self,
        topic: &Topic,
        indexes: Range<i32>,
        shutdown: Shutdown,
    ) -> Result<Vec<Arc<Partition>>, OpenError> {
        let indexes: Vec<i32> = indexes.collect();
        let share = indexes.len().div_ceil(self.limits.parallel_syncs.max(1)).max(1);
        std::thread::scope(|scope| {
            let open = |share: Vec<i32>| {
                let open = move |index| self.open_partition(topic, index, shutdown);
                scope.spawn(move || share.into_iter().map(open).collect::<Result<Vec<_>, _>>())
            };
            let shares: Vec<_> = indexes.chunks(share).map(|share| open(share.to_vec())).collect();
            let mut partitions = Vec::with_capacity(indexes.len());
            for share in shares {
                let opened = share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                partitions.extend(opened?);
            }
            Ok(partitions)
        })
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
    fn open_partition(
        &self,
        topic: &Topic,
        index: i32,
        shutdown: Shutdown,
    ) -> Result<Arc<Partition>, OpenError> {
        let path = self.partition_folder(&topic.name, index);
        let fault = |reason: String| OpenError::Log { path: path.clone(), reason };
        prepare(&path, topic.id).map_err(|error| fault(error.to_string()))?;
        let mut log = Log::open(&path, topic.settings().log.clone(), shutdown)
            .map_err(|error| fault(error.to_string()))?;
        if self.flusher.commits_groups() {
            make_durable(&mut log).map_err(|error| fault(error.to_string()))?;
        }
        Ok(Partition::new(topic.name.clone(), index, self.flusher.clone(), log))
    }

    pub(super) fn partition_folder(&self, topic: &str, index: i32) -> PathBuf {
        self.folder.join(format!("{topic}-{index}"))
    }
}

/// What a crash left behind is synced before anybody sees it, so that the high watermark does
/// not fall back over a restart.
fn make_durable(log: &mut Log) -> std::io::Result<()> {
    if log.flushed() < log.log_end() {
        let flushed = log.sync().run()?;
        log.mark_flushed(flushed);
    }
    Ok(())
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
