//! Turns the lanes' live numbers into a [`Snapshot`] once a second.
//!
//! The board owns history (end offsets, last counters); lanes own only their atomics. Readers
//! take the latest snapshot by pointer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use strait_io::time::{self, Duration, Instant};

use super::lag::EndHistory;
use super::lane::{LaneStatus, count, get};
use super::snapshot::{LaneSnapshot, PipelineSnapshot, Snapshot};
use crate::memory::Budget;
use crate::model::PipelineName;

/// How often a snapshot is taken.
pub const SNAPSHOT_PERIOD: Duration = Duration::from_secs(1);

/// What a pipeline tells about itself beside its lanes.
#[derive(Debug, Clone, Default)]
pub struct PipelineFacts {
    /// `preserve`, `merge`, `at_least_once`; `-` until the target is known.
    pub delivery: String,
    /// What keeps it as a whole from working.
    pub trouble: Option<String>,
    /// Topics selected.
    pub topics: Vec<String>,
    /// Topics left out, and why.
    pub excluded: Vec<(String, String)>,
    /// Topics or partitions found and not mirrored, and why.
    pub unmirrored: Vec<(String, String)>,
}

/// A pipeline's entry on the board.
#[derive(Debug)]
pub struct PipelineStatus {
    /// Its name.
    pub name: PipelineName,
    /// The region it reads.
    pub from: String,
    /// The region it writes.
    pub to: String,
    /// How the compression is written in the configuration.
    pub compression: String,
    /// The objective, seconds.
    pub rpo_seconds: f64,
    /// What it found out.
    pub facts: Mutex<PipelineFacts>,
    lanes: Mutex<Vec<Arc<LaneStatus>>>,
}

impl PipelineStatus {
    /// A pipeline without lanes.
    pub fn new(
        name: PipelineName,
        from: String,
        to: String,
        compression: String,
        rpo_seconds: f64,
    ) -> Self {
        let facts = PipelineFacts { delivery: "-".to_owned(), ..Default::default() };
        let (facts, lanes) = (Mutex::new(facts), Mutex::default());
        Self { name, from, to, compression, rpo_seconds, facts, lanes }
    }

    /// Changes the facts.
    pub fn note(&self, change: impl FnOnce(&mut PipelineFacts)) {
        change(&mut self.facts.lock().expect("no holder panics"));
    }

    /// Adds a lane; an earlier one of the same name, whose topic was another, makes way.
    pub fn add_lane(&self, lane: Arc<LaneStatus>) {
        let mut lanes = self.lanes.lock().expect("no holder panics");
        lanes.retain(|other| other.name != lane.name);
        lanes.push(lane);
    }

    /// Its lanes now.
    pub fn lanes(&self) -> Vec<Arc<LaneStatus>> {
        self.lanes.lock().expect("no holder panics").clone()
    }
}

/// All pipelines of a worker, and the latest snapshot of them.
#[derive(Debug)]
pub struct Board {
    started: Instant,
    budget: Budget,
    pipelines: Vec<Arc<PipelineStatus>>,
    memory: Mutex<Memory>,
    latest: ArcSwap<Snapshot>,
}

/// What one snapshot needs to know of those before it.
#[derive(Debug, Default)]
struct Memory {
    last: Option<f64>,
    totals: HashMap<PipelineName, Totals>,
    ends: HashMap<LaneId, EndHistory>,
}

type LaneId = (PipelineName, String, i32);

#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    records: u64,
    bytes_in: u64,
    bytes_out: u64,
}

impl Board {
    /// A board for these pipelines.
    pub fn new(budget: Budget, pipelines: Vec<Arc<PipelineStatus>>) -> Self {
        let (memory, latest) = (Mutex::default(), ArcSwap::default());
        Self { started: time::now(), budget, pipelines, memory, latest }
    }

    /// The latest snapshot.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    /// Records acknowledged so far, by source region; live, for those who cannot wait.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let records = |p: &PipelineStatus| p.lanes().iter().map(|l| count(&l.records)).sum();
        self.pipelines.iter().map(|p| (p.from.clone(), records(p))).collect()
    }

    /// Takes a snapshot every second, for ever.
    pub async fn run(&self) {
        let mut tick = time::interval(SNAPSHOT_PERIOD);
        loop {
            tick.tick().await;
            self.refresh();
        }
    }

    /// Takes a snapshot now.
    pub fn refresh(&self) -> Arc<Snapshot> {
        let now = self.started.elapsed().as_secs_f64();
        let mut memory = self.memory.lock().expect("no holder panics");
        let span = memory.last.map_or(0.0, |last| now - last);
        let pipelines =
            self.pipelines.iter().map(|p| pipeline_snapshot(p, &mut memory, now, span)).collect();
        memory.last = Some(now);
        let snapshot = Arc::new(Snapshot {
            at_ms: time::wall_ms(),
            uptime_seconds: now,
            memory_used_bytes: self.budget.used() as u64,
            memory_budget_bytes: self.budget.limit() as u64,
            pipelines,
        });
        self.latest.store(Arc::clone(&snapshot));
        snapshot
    }
}

fn pipeline_snapshot(
    status: &PipelineStatus,
    memory: &mut Memory,
    now: f64,
    span: f64,
) -> PipelineSnapshot {
    let mut lanes: Vec<_> =
        status.lanes().iter().map(|lane| lane_snapshot(lane, memory, now)).collect();
    lanes.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    let sum = |of: fn(&LaneSnapshot) -> u64| lanes.iter().map(of).sum::<u64>();
    let totals = Totals {
        records: sum(|l| l.records),
        bytes_in: sum(|l| l.bytes_in),
        bytes_out: sum(|l| l.bytes_out),
    };
    let before = memory.totals.insert(status.name.clone(), totals).unwrap_or(totals);
    let rate = |now: u64, before: u64| per_second(now, before, span);
    let facts = status.facts.lock().expect("no holder panics").clone();
    PipelineSnapshot {
        name: status.name.to_string(),
        from: status.from.clone(),
        to: status.to.clone(),
        compression: status.compression.clone(),
        delivery: facts.delivery,
        trouble: facts.trouble,
        topics: facts.topics,
        excluded: facts.excluded,
        unmirrored: facts.unmirrored,
        records_per_second: rate(totals.records, before.records),
        bytes_in_per_second: rate(totals.bytes_in, before.bytes_in),
        bytes_out_per_second: rate(totals.bytes_out, before.bytes_out),
        wan_ratio: ratio(sum(|l| l.bytes_logical), totals.bytes_out),
        lag_records: lanes.iter().filter_map(|l| l.lag_records).sum(),
        lag_seconds: lanes.iter().filter_map(|l| l.lag_seconds).max_by(f64::total_cmp),
        rpo_seconds: status.rpo_seconds,
        lanes,
    }
}

fn lane_snapshot(lane: &LaneStatus, memory: &mut Memory, now: f64) -> LaneSnapshot {
    let id = (lane.name.pipeline.clone(), lane.name.topic.clone(), lane.name.partition);
    let (end, checkpoint) = (get(&lane.high_watermark), get(&lane.checkpoint));
    let history = memory.ends.entry(id).or_default();
    if end >= 0 {
        history.observe(now, end);
    }
    let lag_seconds = (checkpoint >= 0).then(|| history.lag_seconds(now, checkpoint)).flatten();
    let newest = get(&lane.newest_record_ms);
    let stage = lane.stage();
    LaneSnapshot {
        topic: lane.name.topic.clone(),
        target_topic: lane.name.target_topic.clone(),
        partition: lane.name.partition,
        state: stage.word().to_owned(),
        reason: stage.reason().map(str::to_owned),
        engine: "batch".to_owned(),
        log_start: get(&lane.log_start),
        high_watermark: end,
        fetched: get(&lane.fetched),
        acknowledged: get(&lane.acknowledged),
        checkpoint,
        target_end: get(&lane.target_end),
        lag_records: lane.lag_records(),
        lag_seconds,
        record_age_seconds: (newest >= 0).then(|| (time::wall_ms() - newest) as f64 / 1e3),
        records: count(&lane.records),
        batches: count(&lane.batches),
        bytes_in: count(&lane.bytes_in),
        bytes_out: count(&lane.bytes_out),
        bytes_logical: count(&lane.bytes_logical),
        opened: count(&lane.opened),
        skipped: count(&lane.skipped),
        faults: count(&lane.faults),
    }
}

fn per_second(now: u64, before: u64, span: f64) -> f64 {
    if span > 0.0 { now.saturating_sub(before) as f64 / span } else { 0.0 }
}

fn ratio(logical: u64, sent: u64) -> f64 {
    if sent == 0 { 1.0 } else { logical as f64 / sent as f64 }
}
