//! The topics of this node: name and id to partitions and configs.
//!
//! Readers take a snapshot of the catalog and never wait; changes go one at a time, and
//! `topics.json` is written before the catalog shows them. Creating and deleting touch the disk
//! and belong on a blocking thread. A topic's id is never zero and never reused, so a topic made
//! anew under an old name is a different topic.

mod change;
pub mod definitions;
mod folder;
pub mod name;
pub mod settings;
mod store;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use strait_wire::{ErrorCode, Uuid};

pub use change::{NewTopic, TopicFault};
pub use settings::{Configs, TopicSettings};

use crate::config::Limits;
use crate::flush::Flusher;
use crate::log::LogSettings;
use crate::partition::Partition;

/// A topic.
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id.
    pub id: Uuid,
    /// The replication factor it was granted.
    pub replication_factor: i16,
    configs: ArcSwap<Configs>,
    settings: ArcSwap<TopicSettings>,
    partitions: ArcSwap<Vec<Arc<Partition>>>,
}

impl Topic {
    /// The configs it was given.
    pub fn configs(&self) -> Arc<Configs> {
        self.configs.load_full()
    }

    /// Its configs as values.
    pub fn settings(&self) -> Arc<TopicSettings> {
        self.settings.load_full()
    }

    /// Its partitions, by number.
    pub fn partitions(&self) -> Arc<Vec<Arc<Partition>>> {
        self.partitions.load_full()
    }

    /// The partition of this number.
    pub fn partition(&self, index: i32) -> Option<Arc<Partition>> {
        let index = usize::try_from(index).ok()?;
        self.partitions.load().get(index).cloned()
    }

    /// Whether it belongs to the broker itself.
    pub fn is_internal(&self) -> bool {
        name::is_internal(&self.name)
    }
}

/// All topics at one moment.
#[derive(Default, Clone)]
pub struct Catalog {
    by_name: BTreeMap<Arc<str>, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
}

impl Catalog {
    /// The topic of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Topic>> {
        self.by_name.get(name)
    }

    /// The topic of this id.
    pub fn with_id(&self, id: Uuid) -> Option<&Arc<Topic>> {
        self.by_id.get(&id)
    }

    /// All topics, sorted by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_name.values()
    }

    fn insert(&mut self, topic: Arc<Topic>) {
        self.by_id.insert(topic.id, topic.clone());
        self.by_name.insert(topic.name.clone(), topic);
    }

    fn remove(&mut self, topic: &Topic) {
        self.by_id.remove(&topic.id);
        self.by_name.remove(&topic.name);
    }

    fn partition_count(&self) -> usize {
        self.all().map(|topic| topic.partitions.load().len()).sum()
    }
}

/// The registry.
pub struct Topics {
    folder: PathBuf,
    defaults: LogSettings,
    limits: Limits,
    default_partitions: i32,
    cap_replication_factor: bool,
    flusher: Arc<Flusher>,
    catalog: ArcSwap<Catalog>,
    /// Held while topics change.
    changing: Mutex<()>,
}

impl Topics {
    /// All topics now.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// What logs inherit.
    pub fn defaults(&self) -> &LogSettings {
        &self.defaults
    }

    /// The topic of this name.
    pub fn named(&self, name: &str) -> Option<Arc<Topic>> {
        self.catalog.load().named(name).cloned()
    }

    /// The topic of this id.
    pub fn with_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.catalog.load().with_id(id).cloned()
    }

    /// The partition, or why there is none.
    pub fn partition(&self, topic: &str, index: i32) -> Result<Arc<Partition>, ErrorCode> {
        let topic = self.named(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        topic.partition(index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
    }

    /// All partitions of this node.
    pub fn partitions(&self) -> Vec<Arc<Partition>> {
        let catalog = self.catalog.load();
        catalog.all().flat_map(|topic| topic.partitions.load().as_ref().clone()).collect()
    }
}
