//! How samples are read from a snapshot: by pipeline, by topic, by lane. Pure.

use super::Moment;
use super::family::Samples;
use crate::status::snapshot::VERDICTS;
use crate::status::{LaneSnapshot, PipelineSnapshot, Stage};

pub(super) fn each_pipeline(
    moment: &Moment<'_>,
    samples: &mut Samples,
    read: fn(&PipelineSnapshot, [&str; 3], &mut Samples),
) {
    for pipeline in &moment.snapshot.pipelines {
        read(pipeline, own_labels(pipeline), samples);
    }
}

fn own_labels(pipeline: &PipelineSnapshot) -> [&str; 3] {
    [&pipeline.name, &pipeline.from, &pipeline.to]
}

pub(super) fn lanes_by_state(pipeline: &PipelineSnapshot, own: [&str; 3], samples: &mut Samples) {
    for state in Stage::WORDS {
        let lanes = pipeline.lanes.iter().filter(|lane| lane.state == state).count();
        samples.add(&[&own[..], &[state]].concat(), lanes as f64);
    }
}

pub(super) fn verdicts(pipeline: &PipelineSnapshot, own: [&str; 3], samples: &mut Samples) {
    let now = pipeline.verdict();
    for verdict in VERDICTS {
        samples.add(&[&own[..], &[verdict]].concat(), f64::from(verdict == now));
    }
}

pub(super) fn topics_by_fate(pipeline: &PipelineSnapshot, own: [&str; 3], samples: &mut Samples) {
    let fates = [
        ("selected", pipeline.topics.len()),
        ("excluded", pipeline.excluded.len()),
        ("unmirrored", pipeline.unmirrored.len()),
    ];
    for (fate, topics) in fates {
        samples.add(&[&own[..], &[fate]].concat(), topics as f64);
    }
}

pub(super) fn by_topic(
    moment: &Moment<'_>,
    samples: &mut Samples,
    read: impl Fn(&[LaneSnapshot]) -> Option<f64>,
) {
    for pipeline in &moment.snapshot.pipelines {
        for lanes in pipeline.lanes.chunk_by(|a, b| a.topic == b.topic) {
            let labels = [&own_labels(pipeline)[..], &[lanes[0].topic.as_str()]].concat();
            samples.extend(&labels, read(lanes));
        }
    }
}

/// The sum over the lanes that know theirs; no sample where none does.
pub(super) fn sum_by_topic(
    moment: &Moment<'_>,
    samples: &mut Samples,
    of: fn(&LaneSnapshot) -> Option<f64>,
) {
    by_topic(moment, samples, |lanes| lanes.iter().filter_map(of).reduce(|a, b| a + b));
}

pub(super) fn known(lane: &LaneSnapshot, offset: i64) -> Option<f64> {
    lane.lag_records.is_some().then_some(offset as f64)
}

pub(super) fn headroom(lanes: &[LaneSnapshot]) -> Option<f64> {
    let behind = lanes.iter().filter(|lane| lane.lag_records.is_some_and(|lag| lag > 0));
    behind.map(|lane| (lane.checkpoint - lane.log_start) as f64).min_by(f64::total_cmp)
}

pub(super) fn wan_bytes(moment: &Moment<'_>, samples: &mut Samples) {
    for pipeline in &moment.snapshot.pipelines {
        for lanes in pipeline.lanes.chunk_by(|a, b| a.topic == b.topic) {
            let topic = [&own_labels(pipeline)[..], &[lanes[0].topic.as_str()]].concat();
            let fetched: u64 = lanes.iter().map(|lane| lane.bytes_in).sum();
            let written: u64 = lanes.iter().map(|lane| lane.bytes_out).sum();
            samples.add(&[&topic[..], &["in"]].concat(), fetched as f64);
            samples.add(&[&topic[..], &["out"]].concat(), written as f64);
        }
    }
}

pub(super) fn each_lane(
    moment: &Moment<'_>,
    samples: &mut Samples,
    of: fn(&LaneSnapshot) -> Option<f64>,
) {
    for pipeline in &moment.snapshot.pipelines {
        for lane in &pipeline.lanes {
            let partition = lane.partition.to_string();
            let labels = [&own_labels(pipeline)[..], &[lane.topic.as_str(), &partition]].concat();
            samples.extend(&labels, of(lane));
        }
    }
}

pub(super) fn lane_states(moment: &Moment<'_>, samples: &mut Samples) {
    for pipeline in &moment.snapshot.pipelines {
        for lane in &pipeline.lanes {
            let partition = lane.partition.to_string();
            let own = [lane.topic.as_str(), &partition, &lane.state];
            samples.add(&[&own_labels(pipeline)[..], &own].concat(), 1.0);
        }
    }
}

pub(super) fn info(pipeline: &PipelineSnapshot, own: [&str; 3], samples: &mut Samples) {
    let how = [pipeline.compression.as_str(), &pipeline.delivery];
    samples.add(&[&own[..], &how].concat(), 1.0);
}
