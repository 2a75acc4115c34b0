//! Start: the groups of one partition of `__consumer_offsets`, rebuilt from its batches.
//!
//! The last record of a key wins. Records of a transaction count once its commit marker is read,
//! and never if it was aborted. A record we do not understand is reported and passed over: one
//! bad record must not cost every group of the partition its offsets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use strait_wire::{RawBatch, Record};

use super::group::Group;
use super::slot::Slot;
use super::storage::{Key, StorageError, StoredGroup, read_offset};
use super::{GroupCoordinator, GroupSettings, hold};

/// An opened batch may be this large: ours stay below 1 MiB, Kafka's below its topic's limit.
const OPENED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The second field of a control record's key, for a commit.
const COMMIT_MARKER: [u8; 2] = [0, 1];

/// What [`GroupCoordinator::load`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Groups that are there now.
    pub groups: usize,
    /// Their committed offsets.
    pub offsets: usize,
    /// Records, or whole batches, nobody could read.
    pub unread: usize,
}

struct Replay {
    settings: Arc<GroupSettings>,
    groups: HashMap<String, Group>,
    open_transactions: HashMap<i64, Vec<Record>>,
    unread: usize,
}

impl GroupCoordinator {
    /// Replays a partition; before the first request for a group of it.
    pub fn load(&self, partition: i32, batches: impl Iterator<Item = RawBatch>) -> Loaded {
        let mut replay = Replay {
            settings: self.settings.clone(),
            groups: HashMap::new(),
            open_transactions: HashMap::new(),
            unread: 0,
        };
        for batch in batches {
            replay.batch(partition, &batch);
        }
        let mut loaded = Loaded { unread: replay.unread, ..Loaded::default() };
        for (id, group) in replay.groups {
            self.adopt(id, group, &mut loaded);
        }
        loaded
    }

    fn adopt(&self, id: String, mut group: Group, loaded: &mut Loaded) {
        group.restored(self.moment());
        if group.retire() {
            return;
        }
        loaded.groups += 1;
        loaded.offsets += group.offsets().partitions().count();
        if let Some(deadline) = group.next_deadline() {
            self.arm(&id, deadline);
        }
        hold(&self.groups).insert(id, Arc::new(Mutex::new(Slot::new(group))));
    }
}

impl Replay {
    fn batch(&mut self, partition: i32, batch: &RawBatch) {
        let base_offset = batch.header.base_offset;
        let records = batch.records(OPENED_BYTES_MAX).and_then(Iterator::collect::<Result<_, _>>);
        let records: Vec<Record> = match records {
            Ok(records) => records,
            Err(error) => {
                self.unread += 1;
                tracing::warn!(partition, base_offset, %error, "a batch of offsets is unreadable");
                return;
            }
        };
        if batch.header.is_control() {
            self.end_transaction(partition, batch.header.producer_id, &records);
        } else if batch.header.is_transactional() {
            self.open_transactions.entry(batch.header.producer_id).or_default().extend(records);
        } else {
            self.records(partition, records);
        }
    }

    fn end_transaction(&mut self, partition: i32, producer_id: i64, marker: &[Record]) {
        let written = self.open_transactions.remove(&producer_id).unwrap_or_default();
        let key = marker.first().and_then(|record| record.key.as_deref());
        if key.and_then(|key| key.get(2..4)) == Some(&COMMIT_MARKER[..]) {
            self.records(partition, written);
        }
    }

    fn records(&mut self, partition: i32, records: Vec<Record>) {
        for record in records {
            let offset = record.offset;
            if let Err(error) = self.record(record) {
                self.unread += 1;
                tracing::warn!(partition, offset, %error, "a record of offsets is unreadable");
            }
        }
    }

    fn record(&mut self, record: Record) -> Result<(), StorageError> {
        let Some(key) = record.key.as_ref().map(Key::read).transpose()?.flatten() else {
            return Ok(());
        };
        match key {
            Key::Offset { group, topic, partition } => {
                let committed = record.value.as_ref().map(read_offset).transpose()?;
                self.group(group).restore_offset(&topic, partition, committed);
            }
            Key::Group { group } => {
                let stored = record.value.as_ref().map(StoredGroup::read).transpose()?;
                self.group(group).restore_metadata(stored);
            }
        }
        Ok(())
    }

    fn group(&mut self, id: String) -> &mut Group {
        let settings = &self.settings;
        self.groups.entry(id.clone()).or_insert_with(|| Group::new(id, settings.clone()))
    }
}
