//! Creating, widening, configuring and deleting topics. Calls block on the disk.

use std::sync::{Arc, MutexGuard, PoisonError};

use strait_io::{fs, rng};
use strait_wire::{ErrorCode, Uuid};

use super::settings::{self, Configs};
use super::store::{self, StoredTopic};
use super::{Catalog, Topic, TopicSettings, Topics, name};
use crate::log::Shutdown;

/// Nodes there are to hold replicas.
const NODES: i16 = 1;

/// A topic to be made.
#[derive(Debug, Clone, Default)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 takes the broker's default.
    pub partitions: i32,
    /// How many replicas of each; -1 takes the broker's default.
    pub replication_factor: i16,
    /// Its configs.
    pub configs: Configs,
}

/// Why a change of topics is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct TopicFault {
    /// The code of the answer.
    pub code: ErrorCode,
    /// In words.
    pub message: String,
}

impl TopicFault {
    /// A refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn storage(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a change of topics failed on the disk");
        Self::new(ErrorCode::KAFKA_STORAGE_ERROR, error.to_string())
    }
}

impl Topics {
    /// Makes a topic (or only checks whether it could be made). The result is what it is or
    /// would be.
    pub fn create(&self, new: NewTopic, only_check: bool) -> Result<Arc<Topic>, TopicFault> {
        let _changing = self.begin();
        let (partitions, replication_factor) = self.admit(&new)?;
        let id = Uuid::from_bytes(rng::id());
        let topic = self.new_topic(&new.name, id, replication_factor, new.configs);
        if only_check {
            return Ok(topic);
        }
        self.grow(&topic, 0, partitions)?;
        let mut catalog = self.catalog.load().as_ref().clone();
        catalog.insert(topic.clone());
        self.commit(catalog)?;
        tracing::info!(topic = &*topic.name, partitions, "topic created");
        Ok(topic)
    }

    /// How many partitions a new topic gets that did not say.
    pub fn partitions_for(&self, asked: i32) -> i32 {
        if asked == -1 { self.default_partitions } else { asked }
    }

    /// Widens a topic to `count` partitions.
    pub fn widen(&self, name: &str, count: i32, only_check: bool) -> Result<(), TopicFault> {
        let _changing = self.begin();
        let topic = self.existing(name)?;
        let current = topic.partitions().len() as i32;
        if count <= current {
            let what = format!("topic {name} has {current} partitions, {count} is not more");
            return Err(TopicFault::new(ErrorCode::INVALID_PARTITIONS, what));
        }
        self.admit_partitions(count, count - current)?;
        if only_check {
            return Ok(());
        }
        self.grow(&topic, current, count)?;
        self.commit(self.catalog.load().as_ref().clone())
    }

    /// Replaces a topic's configs with what `change` makes of them.
    pub fn configure(
        &self,
        name: &str,
        only_check: bool,
        change: impl FnOnce(&mut Configs) -> Result<(), TopicFault>,
    ) -> Result<(), TopicFault> {
        let _changing = self.begin();
        let topic = self.existing(name)?;
        let mut configs = topic.configs().as_ref().clone();
        change(&mut configs)?;
        check_configs(&configs)?;
        if only_check {
            return Ok(());
        }
        let resolved = TopicSettings::resolve(&configs, &self.defaults);
        let before = topic.configs.swap(Arc::new(configs));
        if let Err(fault) = self.commit(self.catalog.load().as_ref().clone()) {
            topic.configs.store(before);
            return Err(fault);
        }
        for partition in topic.partitions().iter() {
            let log = resolved.log.clone();
            let _retired_meanwhile = partition.change(|old, _| {
                old.set_settings(log);
                Ok(())
            });
        }
        topic.settings.store(Arc::new(resolved));
        Ok(())
    }

    /// Removes a topic and its records.
    pub fn delete(&self, topic: &Topic) -> Result<(), TopicFault> {
        let _changing = self.begin();
        let mut catalog = self.catalog.load().as_ref().clone();
        if catalog.with_id(topic.id).is_none() {
            let what = format!("topic {} is gone already", topic.name);
            return Err(TopicFault::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what));
        }
        catalog.remove(topic);
        self.commit(catalog)?;
        for partition in topic.partitions().iter() {
            drop(partition.retire());
            let path = self.partition_folder(&topic.name, partition.index());
            fs::remove_dir_all(&path).map_err(TopicFault::storage)?;
        }
        tracing::info!(topic = &*topic.name, "topic deleted");
        Ok(())
    }

    fn begin(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn existing(&self, name: &str) -> Result<Arc<Topic>, TopicFault> {
        self.named(name).ok_or_else(|| {
            let what = format!("there is no topic {name}");
            TopicFault::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what)
        })
    }

    fn admit(&self, new: &NewTopic) -> Result<(i32, i16), TopicFault> {
        if let Some(what) = name::fault(&new.name) {
            return Err(TopicFault::new(ErrorCode::INVALID_TOPIC_EXCEPTION, what));
        }
        let catalog = self.catalog.load();
        if catalog.named(&new.name).is_some() {
            let what = format!("Topic '{}' already exists.", new.name);
            return Err(TopicFault::new(ErrorCode::TOPIC_ALREADY_EXISTS, what));
        }
        if let Some(other) = catalog.all().find(|topic| name::collide(&topic.name, &new.name)) {
            let what = format!("Topic '{}' collides with existing topic: {}", new.name, other.name);
            return Err(TopicFault::new(ErrorCode::INVALID_TOPIC_EXCEPTION, what));
        }
        let partitions = self.partitions_for(new.partitions);
        self.admit_partitions(partitions, partitions)?;
        check_configs(&new.configs)?;
        Ok((partitions, self.grant_replicas(new)?))
    }

    fn admit_partitions(&self, count: i32, more: i32) -> Result<(), TopicFault> {
        let (per_topic, per_node) = (self.limits.partitions_per_topic, self.limits.partitions);
        let refuse = |what| Err(TopicFault::new(ErrorCode::INVALID_PARTITIONS, what));
        if count < 1 {
            return refuse("Number of partitions must be larger than 0.".to_owned());
        }
        if count > per_topic {
            return refuse(format!("a topic has at most {per_topic} partitions here, not {count}"));
        }
        if self.catalog.load().partition_count() + more as usize > per_node {
            return refuse(format!("this node holds at most {per_node} partitions"));
        }
        Ok(())
    }

    fn grant_replicas(&self, new: &NewTopic) -> Result<i16, TopicFault> {
        let asked = if new.replication_factor == -1 { NODES } else { new.replication_factor };
        let refuse = |what| Err(TopicFault::new(ErrorCode::INVALID_REPLICATION_FACTOR, what));
        match asked {
            ..=0 => refuse("Replication factor must be larger than 0.".to_owned()),
            1..=NODES => Ok(asked),
            _ if self.cap_replication_factor => {
                tracing::info!(
                    topic = new.name,
                    asked,
                    granted = NODES,
                    "replication factor lowered to the number of nodes"
                );
                Ok(NODES)
            }
            _ => refuse(format!(
                "Unable to replicate the partition {asked} time(s): there are only {NODES} \
                 broker(s)."
            )),
        }
    }

    fn grow(&self, topic: &Topic, from: i32, to: i32) -> Result<(), TopicFault> {
        let mut partitions = topic.partitions().as_ref().clone();
        for index in from..to {
            let path = self.partition_folder(&topic.name, index);
            if fs::exists(&path) {
                fs::remove_dir_all(&path).map_err(TopicFault::storage)?;
            }
        }
        let opened = self.open_all(topic, from..to, Shutdown::Clean);
        partitions.extend(opened.map_err(TopicFault::storage)?);
        fs::sync_dir(&self.folder).map_err(TopicFault::storage)?;
        topic.partitions.store(Arc::new(partitions));
        Ok(())
    }

    fn commit(&self, catalog: Catalog) -> Result<(), TopicFault> {
        let stored = catalog.all().map(|topic| stored(topic)).collect();
        store::save(&self.folder, stored).map_err(TopicFault::storage)?;
        self.catalog.store(Arc::new(catalog));
        Ok(())
    }
}

fn check_configs(configs: &Configs) -> Result<(), TopicFault> {
    match settings::fault(configs) {
        Some(what) => Err(TopicFault::new(ErrorCode::INVALID_CONFIG, what)),
        None => Ok(()),
    }
}

fn stored(topic: &Topic) -> StoredTopic {
    StoredTopic {
        name: topic.name.to_string(),
        id: topic.id.simple().to_string(),
        partitions: topic.partitions().len() as i32,
        replication_factor: topic.replication_factor,
        configs: topic.configs().as_ref().clone(),
    }
}
