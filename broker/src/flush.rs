//! Group commit: one task makes appended records durable, many at a time.
//!
//! The first append after a commit opens a group. It closes after `max_wait` or `max_bytes`, and
//! at once if somebody waits for it (`acks=all`): what arrives while the disk is busy is the next
//! group, so groups grow by themselves as the load does. Every partition written since is synced
//! on a blocking thread, a few at a time.
//!
//! A failed `fdatasync` is final: the kernel may have dropped the pages, so asking again would
//! lie. From then on every partition answers KAFKA_STORAGE_ERROR. (A topic that is deleted while
//! its group commits has no records left to lose, and its failure means nothing.)

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use strait_io::time::{self, Duration};
use tokio::sync::Notify;

use crate::config::FlushPolicy;
use crate::metrics::Metrics;
use crate::partition::Partition;

/// The list of partitions with unsynced records, and the task that works it off.
pub struct Flusher {
    policy: FlushPolicy,
    parallel: usize,
    metrics: Arc<Metrics>,
    group: Mutex<Vec<Arc<Partition>>>,
    group_bytes: AtomicU64,
    opened: Notify,
    /// The group became urgent or full.
    called: Notify,
    urgent: AtomicBool,
    failed: AtomicBool,
}

impl Flusher {
    /// A flusher whose task is not running yet.
    pub fn new(policy: FlushPolicy, parallel: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            policy,
            parallel,
            metrics,
            group: Mutex::default(),
            group_bytes: AtomicU64::new(0),
            opened: Notify::new(),
            called: Notify::new(),
            urgent: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        })
    }

    /// When records are safe.
    pub fn policy(&self) -> FlushPolicy {
        self.policy
    }

    /// Whether appends must be announced.
    pub fn commits_groups(&self) -> bool {
        matches!(self.policy, FlushPolicy::Group { .. })
    }

    /// Whether the disk has failed us.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// `bytes` were appended, to a partition that is new in the group or already in it.
    pub(crate) fn appended(&self, new: Option<Arc<Partition>>, bytes: u64) {
        self.group_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(partition) = new {
            self.enlist(partition);
        }
        if self.is_full() {
            self.called.notify_one();
        }
    }

    /// Somebody waits for the group: it closes.
    pub(crate) fn hurry(&self) {
        if !self.urgent.swap(true, Ordering::AcqRel) {
            self.called.notify_one();
        }
    }

    fn enlist(&self, partition: Arc<Partition>) {
        self.group.lock().unwrap_or_else(PoisonError::into_inner).push(partition);
        self.opened.notify_one();
    }

    /// Commits groups for ever; whoever spawns the task ends it.
    pub(crate) async fn run(self: Arc<Self>) {
        let FlushPolicy::Group { max_wait, .. } = self.policy else { return };
        while !self.has_failed() {
            self.opened.notified().await;
            self.gather(max_wait).await;
            self.commit().await;
        }
    }

    /// Commits what there is, now.
    pub(crate) async fn commit(&self) {
        self.urgent.store(false, Ordering::Release);
        self.group_bytes.store(0, Ordering::Relaxed);
        let group = std::mem::take(&mut *self.group.lock().unwrap_or_else(PoisonError::into_inner));
        if group.is_empty() {
            return;
        }
        self.metrics.flushes.add(1);
        let syncs = group.iter().cloned().map(|partition| self.sync(partition));
        futures::stream::iter(syncs).buffer_unordered(self.parallel).collect::<Vec<()>>().await;
        if self.has_failed() {
            group.iter().for_each(|partition| partition.wake_all());
        }
    }

    /// Waits until the group is worth a commit: somebody waits for it, it is full, or it is old.
    async fn gather(&self, max_wait: Duration) {
        let deadline = time::now() + max_wait;
        while !self.is_full() && !self.urgent.load(Ordering::Acquire) {
            if time::timeout_at(deadline, self.called.notified()).await.is_err() {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        match self.policy {
            FlushPolicy::Group { max_bytes, .. } => {
                self.group_bytes.load(Ordering::Relaxed) >= max_bytes
            }
            FlushPolicy::Os => true,
        }
    }

    async fn sync(&self, partition: Arc<Partition>) {
        let Some(ticket) = partition.start_sync() else { return };
        self.metrics.syncs.add(1);
        let synced = tokio::task::spawn_blocking(move || ticket.run()).await;
        match synced {
            Ok(Ok(offset)) => partition.finish_sync(offset),
            Ok(Err(_)) if partition.is_retired() => {}
            Ok(Err(error)) => self.fail(&partition, &error.to_string()),
            Err(error) => self.fail(&partition, &error.to_string()),
        }
    }

    fn fail(&self, partition: &Partition, error: &str) {
        self.failed.store(true, Ordering::Release);
        tracing::error!(
            topic = partition.topic(),
            partition = partition.index(),
            error,
            "fdatasync failed: this broker stops serving its partitions; check the disk, then \
             restart it to recover from what is really there"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Log, LogSettings, Shutdown};
    use crate::partition::wait;
    use strait_wire::ErrorCode;

    #[tokio::test]
    async fn t9_a_failed_sync_ends_service_and_wakes_who_waits() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Log::open(folder.path(), LogSettings::default(), Shutdown::Clean);
        let flusher = Flusher::new(FlushPolicy::default(), 1, Arc::new(Metrics::default()));
        let log = log.expect("an empty log");
        let partition = Partition::new("t".into(), 0, flusher.clone(), log);
        let target = [(partition.clone(), 1)];
        let waiting = wait::safe(&target, time::now() + Duration::from_secs(20));
        let failing = async {
            tokio::task::yield_now().await;
            flusher.fail(&partition, "the disk is gone");
            partition.wake_all();
        };
        let before = time::now();
        let (results, ()) = tokio::join!(waiting, failing);
        assert_eq!(results, [Err(ErrorCode::KAFKA_STORAGE_ERROR)]);
        assert!(before.elapsed() < Duration::from_secs(5));
        assert_eq!(partition.high_watermark(), Err(ErrorCode::KAFKA_STORAGE_ERROR));
    }
}
