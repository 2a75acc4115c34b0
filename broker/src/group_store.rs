//! Where consumer groups keep what must outlive us: `__consumer_offsets`, made when the first
//! group has something to say, and read from end to end when the broker starts.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use strait_io::time::{self, Duration};
use strait_wire::{ErrorCode, RawBatch};

use crate::coordinator::{GroupCoordinator, GroupStore};
use crate::partition::check::Fit;
use crate::partition::{Partition, wait};
use crate::topics::name::CONSUMER_OFFSETS;
use crate::topics::{Configs, NewTopic, Topics};

/// Kafka's `offsets.topic.num.partitions`.
const PARTITIONS: i32 = 50;
/// The longest a commit waits for the disk.
const COMMIT_WAIT_MAX: Duration = Duration::from_secs(30);

/// The groups' way to their topic.
pub struct OffsetsTopic {
    topics: Arc<Topics>,
}

impl OffsetsTopic {
    /// The store over these topics.
    pub fn new(topics: Arc<Topics>) -> Arc<Self> {
        Arc::new(Self { topics })
    }

    /// Brings back every group of the log.
    pub fn load_into(&self, groups: &GroupCoordinator) {
        let Some(topic) = self.topics.named(CONSUMER_OFFSETS) else { return };
        for partition in topic.partitions().iter() {
            let loaded = groups.load(partition.index(), partition.scan());
            if loaded.groups > 0 || loaded.unread > 0 {
                tracing::info!(partition = partition.index(), ?loaded, "groups loaded");
            }
        }
    }
}

impl GroupStore for OffsetsTopic {
    fn append(&self, partition: i32, batch: Bytes) -> BoxFuture<'static, Result<(), ErrorCode>> {
        append(self.topics.clone(), partition, batch).boxed()
    }

    fn topic_exists(&self, topic: &str, partition: i32) -> bool {
        self.topics.partition(topic, partition).is_ok()
    }

    fn partition_count(&self) -> i32 {
        let topic = self.topics.named(CONSUMER_OFFSETS);
        topic.map_or(PARTITIONS, |topic| topic.partitions().len() as i32)
    }
}

async fn append(topics: Arc<Topics>, index: i32, mut batch: Bytes) -> Result<(), ErrorCode> {
    let partition = match topics.partition(CONSUMER_OFFSETS, index) {
        Ok(partition) => partition,
        Err(_) => create(topics, index).await?,
    };
    let batch = RawBatch::split_from(&mut batch).map_err(|_| ErrorCode::INVALID_RECORD)?;
    let fit = Fit { header: batch.header, block: batch.block(), decoded: 0 };
    let appended = partition.append(fit, time::wall_ms()).map_err(|fault| fault.code)?;
    let target = [(partition, appended.end_offset)];
    wait::safe(&target, time::now() + COMMIT_WAIT_MAX).await.remove(0)
}

async fn create(topics: Arc<Topics>, index: i32) -> Result<Arc<Partition>, ErrorCode> {
    let configs = [("cleanup.policy", "compact"), ("segment.bytes", "104857600")];
    let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let new = NewTopic {
        name: CONSUMER_OFFSETS.to_owned(),
        partitions: PARTITIONS,
        replication_factor: 1,
        configs: Configs::from(configs),
    };
    let made = tokio::task::spawn_blocking(move || {
        let made = topics.create(new, false);
        let found = topics.partition(CONSUMER_OFFSETS, index);
        found.map_err(|code| made.err().map_or(code, |fault| fault.code))
    });
    made.await.unwrap_or(Err(ErrorCode::COORDINATOR_NOT_AVAILABLE))
}
