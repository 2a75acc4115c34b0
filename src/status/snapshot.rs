//! One moment of the worker, as plain data: what the page, `status` and the metrics show.

use serde::{Deserialize, Serialize};

/// Everything, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Since the worker started.
    pub uptime_seconds: f64,
    /// Bytes of batches in memory, and the budget they stay under.
    pub memory_used_bytes: u64,
    /// The budget.
    pub memory_budget_bytes: u64,
    /// One entry a pipeline, in the order of the configuration.
    pub pipelines: Vec<PipelineSnapshot>,
}

/// One pipeline: sums and worsts of its lanes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PipelineSnapshot {
    /// Its name.
    pub name: String,
    /// The region it reads.
    pub from: String,
    /// The region it writes.
    pub to: String,
    /// `pass`, `lz4`, `zstd:3` …
    pub compression: String,
    /// `preserve`, `merge`, `at_least_once`; `-` until the target is known.
    pub delivery: String,
    /// What keeps the pipeline as a whole from working, in words; none when it works.
    pub trouble: Option<String>,
    /// Topics selected at the source, and every topic left out with the reason.
    pub topics: Vec<String>,
    /// (topic, why it is not mirrored).
    pub excluded: Vec<(String, String)>,
    /// Topics or partitions found but not mirrored yet (being created, or refused).
    pub unmirrored: Vec<(String, String)>,
    /// Records a second, over the last second.
    pub records_per_second: f64,
    /// Bytes a second read from the source.
    pub bytes_in_per_second: f64,
    /// Bytes a second written to the target.
    pub bytes_out_per_second: f64,
    /// Logical bytes per byte written: the gain of compression; 1 where nothing was opened.
    pub wan_ratio: f64,
    /// Sum over the lanes that know theirs.
    pub lag_records: i64,
    /// The worst lane's.
    pub lag_seconds: Option<f64>,
    /// The objective from the configuration.
    pub rpo_seconds: f64,
    /// Its lanes, by topic and partition.
    pub lanes: Vec<LaneSnapshot>,
}

/// One lane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LaneSnapshot {
    /// The source topic.
    pub topic: String,
    /// The target topic.
    pub target_topic: String,
    /// The partition on both sides.
    pub partition: i32,
    /// `resuming`, `mirroring`, `retrying`, `stopped`, `draining`.
    pub state: String,
    /// Why, where the state has a reason.
    pub reason: Option<String>,
    /// `batch`, and why when it is another.
    pub engine: String,
    /// The source's log start offset; -1 until known (as every offset here).
    pub log_start: i64,
    /// The source's high watermark.
    pub high_watermark: i64,
    /// Source offset after the last batch fetched.
    pub fetched: i64,
    /// Source offset after the last batch acknowledged.
    pub acknowledged: i64,
    /// Source offset that survives a crash.
    pub checkpoint: i64,
    /// Target offset after the last batch acknowledged.
    pub target_end: i64,
    /// High watermark minus checkpoint.
    pub lag_records: Option<i64>,
    /// From the history of the high watermark.
    pub lag_seconds: Option<f64>,
    /// Age of the newest record sent, by its timestamp.
    pub record_age_seconds: Option<f64>,
    /// Records acknowledged since the worker started.
    pub records: u64,
    /// Batches acknowledged.
    pub batches: u64,
    /// Bytes fetched.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Bytes of opened blocks (as fetched where none was opened).
    pub bytes_logical: u64,
    /// Batches whose block was opened.
    pub opened: u64,
    /// Batches passed over: markers, aborted, emptied by compaction.
    pub skipped: u64,
    /// Faults met.
    pub faults: u64,
}

impl Snapshot {
    /// The worst thing to say in one word: `ok`, `retrying`, `stopped` or `waiting`.
    pub fn verdict(&self) -> &'static str {
        let worst = self.pipelines.iter().map(PipelineSnapshot::verdict);
        worst.max_by_key(|word| VERDICTS.iter().position(|v| v == word)).unwrap_or("waiting")
    }
}

/// From best to worst.
pub const VERDICTS: [&str; 5] = ["ok", "waiting", "retrying", "trouble", "stopped"];

impl PipelineSnapshot {
    /// The pipeline in one word.
    pub fn verdict(&self) -> &'static str {
        let has = |state: &str| self.lanes.iter().any(|lane| lane.state == state);
        if has("stopped") {
            "stopped"
        } else if self.trouble.is_some() {
            "trouble"
        } else if has("retrying") {
            "retrying"
        } else if self.lanes.is_empty() || has("resuming") {
            "waiting"
        } else {
            "ok"
        }
    }
}
