//! One lane's live numbers. `checkpoint <= acknowledged <= fetched <= high_watermark` once the
//! lane has started (a source may move its high watermark back; that is a stall with a reason).

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::model::{PipelineName, RegionName};

/// Where a lane is in its life, typed; the text behind it is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Reading the ledger and the target's tail.
    Resuming,
    /// Copying, or waiting for records.
    Mirroring,
    /// A fault that passes by itself is being waited out.
    Retrying(String),
    /// A fault that needs a person; the text names what, where and the next step.
    Stopped(String),
    /// Finishing what is in flight before the worker ends.
    Draining,
}

impl Stage {
    /// One word, as in metrics and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Stage::Resuming => "resuming",
            Stage::Mirroring => "mirroring",
            Stage::Retrying(_) => "retrying",
            Stage::Stopped(_) => "stopped",
            Stage::Draining => "draining",
        }
    }

    /// Every word, for metrics that show all states.
    pub const WORDS: [&'static str; 5] =
        ["resuming", "mirroring", "retrying", "stopped", "draining"];

    /// The reason, where there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Stage::Retrying(reason) | Stage::Stopped(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Who a lane is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneName {
    /// Its pipeline.
    pub pipeline: PipelineName,
    /// The region it reads.
    pub from: RegionName,
    /// The region it writes.
    pub to: RegionName,
    /// The source topic.
    pub topic: String,
    /// The target topic.
    pub target_topic: String,
    /// The partition on both sides.
    pub partition: i32,
}

/// The numbers a lane keeps while it runs. Counters only grow; positions are -1 until known.
#[derive(Debug)]
pub struct LaneStatus {
    /// Who it is.
    pub name: LaneName,
    stage: Mutex<Stage>,
    /// The source's last stable offset: the high watermark, where no transaction is open.
    pub high_watermark: AtomicI64,
    /// The source's log start offset.
    pub log_start: AtomicI64,
    /// Source offset after the last batch fetched.
    pub fetched: AtomicI64,
    /// Source offset after the last batch the target acknowledged.
    pub acknowledged: AtomicI64,
    /// Source offset that survives a crash: acknowledged, and the ledger entry is durable.
    pub checkpoint: AtomicI64,
    /// Target offset after the last batch acknowledged.
    pub target_end: AtomicI64,
    /// Timestamp of the newest record sent, milliseconds.
    pub newest_record_ms: AtomicI64,
    /// Records acknowledged.
    pub records: AtomicU64,
    /// Batches acknowledged.
    pub batches: AtomicU64,
    /// Bytes fetched from the source.
    pub bytes_in: AtomicU64,
    /// Bytes written to the target.
    pub bytes_out: AtomicU64,
    /// Bytes of the opened blocks, where they were opened; else as fetched.
    pub bytes_logical: AtomicU64,
    /// Batches whose block was opened (recoded or rebuilt); 0 with compression `pass`.
    pub opened: AtomicU64,
    /// Batches passed over: markers, aborted, emptied by compaction.
    pub skipped: AtomicU64,
    /// Faults met.
    pub faults: AtomicU64,
}

impl LaneStatus {
    /// A lane about to start.
    pub fn new(name: LaneName) -> Self {
        let unknown = || AtomicI64::new(-1);
        Self {
            name,
            stage: Mutex::new(Stage::Resuming),
            high_watermark: unknown(),
            log_start: unknown(),
            fetched: unknown(),
            acknowledged: unknown(),
            checkpoint: unknown(),
            target_end: unknown(),
            newest_record_ms: unknown(),
            records: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            bytes_logical: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    /// The stage now.
    pub fn stage(&self) -> Stage {
        self.stage.lock().expect("no holder panics").clone()
    }

    /// Moves to another stage; `true` if it is a change.
    pub fn enter(&self, stage: Stage) -> bool {
        let mut now = self.stage.lock().expect("no holder panics");
        let changed = *now != stage;
        *now = stage;
        changed
    }

    /// Records between the checkpoint and the source's end; `None` until both are known.
    pub fn lag_records(&self) -> Option<i64> {
        let (end, done) = (get(&self.high_watermark), get(&self.checkpoint));
        (end >= 0 && done >= 0).then(|| (end - done).max(0))
    }
}

/// Reads a position.
pub fn get(position: &AtomicI64) -> i64 {
    position.load(Ordering::Relaxed)
}

/// Sets a position.
pub fn set(position: &AtomicI64, value: i64) {
    position.store(value, Ordering::Relaxed);
}

/// Adds to a counter.
pub fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// Reads a counter.
pub fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
