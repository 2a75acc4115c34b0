//! Every metric, in one table: name, kind, help, labels, and how it is read from a snapshot.
//!
//! Base units stand in the names; counters end in `_total` and never fall, because they are sums
//! of lanes' counters and lanes stay on the board. Partition labels stand on lag and lane state
//! only; everything else is by topic, pipeline or worker. `docs/METRICS.md` is written from this
//! table, and every `strait_` name in `dashboards/` must be in it.

#[cfg(test)]
mod boards;
mod family;
mod read;
mod reference;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use prometheus::{Registry, TextEncoder};
use strait_io::process::Usage;

use crate::status::Snapshot;
use family::{Mirror, Samples};
use read::{
    by_topic, each_lane, each_pipeline, headroom, info, known, lane_states, lanes_by_state,
    sum_by_topic, topics_by_fate, verdicts, wan_bytes,
};

pub use reference::reference;

/// What a number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric.
pub struct Metric {
    /// Its name, unit included.
    pub name: &'static str,
    /// What the number does.
    pub kind: Kind,
    /// What it says, in one sentence.
    pub help: &'static str,
    /// Its labels, in the order of the values.
    pub labels: &'static [&'static str],
    read: fn(&Moment<'_>, &mut Samples),
}

/// What metrics are read from.
struct Moment<'a> {
    snapshot: &'a Snapshot,
    process: Usage,
}

/// Registers all metrics; each scrape reads what `latest` gives then.
pub fn register(
    registry: &Registry,
    latest: impl Fn() -> Arc<Snapshot> + Send + Sync + 'static,
) -> prometheus::Result<()> {
    registry.register(Box::new(Mirror::new(latest)?))
}

/// A snapshot in Prometheus' text format.
pub fn render(snapshot: &Arc<Snapshot>) -> String {
    let (registry, snapshot) = (Registry::new(), Arc::clone(snapshot));
    register(&registry, move || Arc::clone(&snapshot)).expect("names are unique and legal");
    let families = registry.gather();
    TextEncoder::new().encode_to_string(&families).expect("a string takes every write")
}

const WORKER: &[&str] = &[];
const PIPELINE: &[&str] = &["pipeline", "source", "target"];
const TOPIC: &[&str] = &["pipeline", "source", "target", "topic"];
const LANE: &[&str] = &["pipeline", "source", "target", "topic", "partition"];

/// Every metric there is, by name within each kind of label.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "strait_build_info",
        kind: Kind::Gauge,
        help: "1, with the version of the program.",
        labels: &["version"],
        read: |_, samples| samples.add(&[env!("CARGO_PKG_VERSION")], 1.0),
    },
    Metric {
        name: "strait_memory_budget_bytes",
        kind: Kind::Gauge,
        help: "The most bytes of batches the worker may hold in memory.",
        labels: WORKER,
        read: |m, samples| samples.add(&[], m.snapshot.memory_budget_bytes as f64),
    },
    Metric {
        name: "strait_memory_used_bytes",
        kind: Kind::Gauge,
        help: "Bytes of batches reserved or held in memory now.",
        labels: WORKER,
        read: |m, samples| samples.add(&[], m.snapshot.memory_used_bytes as f64),
    },
    Metric {
        name: "strait_snapshot_timestamp_seconds",
        kind: Kind::Gauge,
        help: "When these numbers were taken, since 1970; older than a few seconds means the \
               worker hangs.",
        labels: WORKER,
        read: |m, samples| samples.add(&[], m.snapshot.at_ms as f64 / 1e3),
    },
    Metric {
        name: "strait_uptime_seconds",
        kind: Kind::Gauge,
        help: "Time since the worker started.",
        labels: WORKER,
        read: |m, samples| samples.add(&[], m.snapshot.uptime_seconds),
    },
    Metric {
        name: "strait_lanes",
        kind: Kind::Gauge,
        help: "Lanes of the pipeline in each state.",
        labels: &["pipeline", "source", "target", "state"],
        read: |m, samples| each_pipeline(m, samples, lanes_by_state),
    },
    Metric {
        name: "strait_pipeline_info",
        kind: Kind::Gauge,
        help: "1, with how the pipeline compresses and writes.",
        labels: &["pipeline", "source", "target", "compression", "delivery"],
        read: |m, samples| each_pipeline(m, samples, info),
    },
    Metric {
        name: "strait_pipeline_verdict",
        kind: Kind::Gauge,
        help: "1 for the one word that describes the pipeline now, 0 for the other words.",
        labels: &["pipeline", "source", "target", "verdict"],
        read: |m, samples| each_pipeline(m, samples, verdicts),
    },
    Metric {
        name: "strait_rpo_seconds",
        kind: Kind::Gauge,
        help: "The configured objective for strait_lag_seconds.",
        labels: PIPELINE,
        read: |m, samples| {
            each_pipeline(m, samples, |p, own, samples| samples.add(&own, p.rpo_seconds));
        },
    },
    Metric {
        name: "strait_topics",
        kind: Kind::Gauge,
        help: "Source topics by what becomes of them: selected, excluded, or unmirrored \
               (selected, but something is in the way).",
        labels: &["pipeline", "source", "target", "fate"],
        read: |m, samples| each_pipeline(m, samples, topics_by_fate),
    },
    Metric {
        name: "strait_batches_opened_total",
        kind: Kind::Counter,
        help: "Batches whose block was opened to recode or rebuild it; 0 with compression pass.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.opened as f64)),
    },
    Metric {
        name: "strait_batches_skipped_total",
        kind: Kind::Counter,
        help: "Batches passed over: transaction markers, aborted, or emptied by compaction.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.skipped as f64)),
    },
    Metric {
        name: "strait_batches_total",
        kind: Kind::Counter,
        help: "Batches acknowledged by the target.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.batches as f64)),
    },
    Metric {
        name: "strait_checkpoint_offset",
        kind: Kind::Gauge,
        help: "Source offset below which everything is safe at the target, summed over the \
               topic's partitions.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| known(lane, lane.checkpoint)),
    },
    Metric {
        name: "strait_faults_total",
        kind: Kind::Counter,
        help: "Faults met by lanes, those waited out included.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.faults as f64)),
    },
    Metric {
        name: "strait_logical_bytes_total",
        kind: Kind::Counter,
        help: "Uncompressed bytes of the batches written (as fetched where none was opened); \
               divided by the bytes out it is the WAN ratio.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.bytes_logical as f64)),
    },
    Metric {
        name: "strait_records_total",
        kind: Kind::Counter,
        help: "Records acknowledged by the target.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| Some(lane.records as f64)),
    },
    Metric {
        name: "strait_retention_headroom_records",
        kind: Kind::Gauge,
        help: "Offsets between the source's log start and the checkpoint, in the tightest \
               partition that is behind; below 0 the source has deleted unread records.",
        labels: TOPIC,
        read: |m, samples| by_topic(m, samples, headroom),
    },
    Metric {
        name: "strait_source_end_offset",
        kind: Kind::Gauge,
        help: "The source's high watermark, summed over the topic's partitions.",
        labels: TOPIC,
        read: |m, samples| sum_by_topic(m, samples, |lane| known(lane, lane.high_watermark)),
    },
    Metric {
        name: "strait_wan_bytes_total",
        kind: Kind::Counter,
        help: "Bytes of batches fetched from the source (in) and written to the target (out).",
        labels: &["pipeline", "source", "target", "topic", "direction"],
        read: wan_bytes,
    },
    Metric {
        name: "strait_lag_records",
        kind: Kind::Gauge,
        help: "Offsets between the source's high watermark and the checkpoint.",
        labels: LANE,
        read: |m, samples| each_lane(m, samples, |lane| lane.lag_records.map(|lag| lag as f64)),
    },
    Metric {
        name: "strait_lag_seconds",
        kind: Kind::Gauge,
        help: "How long ago the source's high watermark passed the checkpoint; 0 when caught up.",
        labels: LANE,
        read: |m, samples| each_lane(m, samples, |lane| lane.lag_seconds),
    },
    Metric {
        name: "strait_lane_state",
        kind: Kind::Gauge,
        help: "1, with the state the lane is in now; one series a lane.",
        labels: &["pipeline", "source", "target", "topic", "partition", "state"],
        read: lane_states,
    },
    Metric {
        name: "process_cpu_seconds_total",
        kind: Kind::Counter,
        help: "Processor time of all threads since the start.",
        labels: WORKER,
        read: |m, samples| samples.add(&[], m.process.cpu_seconds),
    },
    Metric {
        name: "process_open_fds",
        kind: Kind::Gauge,
        help: "Open files and sockets.",
        labels: WORKER,
        read: |m, samples| samples.extend(&[], m.process.open_fds.map(|n| n as f64)),
    },
    Metric {
        name: "process_resident_memory_bytes",
        kind: Kind::Gauge,
        help: "Memory held in RAM.",
        labels: WORKER,
        read: |m, samples| samples.extend(&[], m.process.resident_bytes.map(|n| n as f64)),
    },
];
