//! Snapshots for tests: two pipelines into one region, calm, busy, troubled, hostile.

use super::snapshot::{LaneSnapshot, PipelineSnapshot, Snapshot};

/// Everything has arrived.
pub fn calm() -> Snapshot {
    Snapshot {
        at_ms: 1_764_085_845_000,
        uptime_seconds: 7_512.0,
        memory_used_bytes: 9 << 20,
        memory_budget_bytes: 64 << 20,
        pipelines: vec![pipeline("us", 3), pipeline("sg", 2)],
    }
}

/// Some records are on their way.
pub fn busy() -> Snapshot {
    let mut snapshot = calm();
    behind(&mut snapshot.pipelines[0].lanes[0], 12, 0.4);
    behind(&mut snapshot.pipelines[1].lanes[1], 3_400, 2.1);
    for pipeline in &mut snapshot.pipelines {
        pipeline.lag_records = pipeline.lanes.iter().filter_map(|l| l.lag_records).sum();
        pipeline.lag_seconds = pipeline.lanes.iter().filter_map(|l| l.lag_seconds).reduce(f64::max);
    }
    snapshot
}

/// A lane retries, another is stopped, and a topic is refused.
pub fn troubled() -> Snapshot {
    let mut snapshot = busy();
    let lane = &mut snapshot.pipelines[0].lanes[1];
    lane.state = "retrying".to_owned();
    lane.reason = Some("region us: no leader for the partition (LEADER_NOT_AVAILABLE)".to_owned());
    let lane = &mut snapshot.pipelines[1].lanes[1];
    lane.state = "stopped".to_owned();
    lane.reason = Some(
        "a batch of 2,097,152 bytes is above the target topic's max.message.bytes: raise it there"
            .to_owned(),
    );
    lane.faults = 4;
    let refused = "the target refuses to create it: POLICY_VIOLATION".to_owned();
    snapshot.pipelines[1].unmirrored.push(("osint-archive".to_owned(), refused));
    snapshot
}

/// Names and reasons as an attacker would choose them.
pub fn hostile() -> Snapshot {
    const EVIL: &str = "<script>alert('x')</script>\"\nevil{} 1\n&amp;";
    let mut snapshot = troubled();
    for pipeline in &mut snapshot.pipelines {
        EVIL.clone_into(&mut pipeline.name);
        pipeline.trouble = Some(EVIL.to_owned());
        pipeline.excluded.push((EVIL.to_owned(), EVIL.to_owned()));
        pipeline.unmirrored.push((EVIL.to_owned(), EVIL.to_owned()));
        for lane in &mut pipeline.lanes {
            EVIL.clone_into(&mut lane.topic);
            EVIL.clone_into(&mut lane.target_topic);
            lane.reason = Some(EVIL.to_owned());
        }
    }
    snapshot
}

fn pipeline(from: &str, lanes: i32) -> PipelineSnapshot {
    PipelineSnapshot {
        name: format!("{from}-to-ad"),
        from: from.to_owned(),
        to: "ad".to_owned(),
        compression: "zstd:3".to_owned(),
        delivery: "merge".to_owned(),
        topics: vec!["osint-tumblr".to_owned()],
        excluded: vec![
            (
                "osint-x-tmp".to_owned(),
                "included by `osint-.*` but excluded by `.*-tmp`".to_owned(),
            ),
            ("payments".to_owned(), "no include pattern matches it".to_owned()),
        ],
        records_per_second: 12_480.0,
        bytes_in_per_second: 8.4e6,
        bytes_out_per_second: 2.3e6,
        wan_ratio: 3.7,
        lag_seconds: Some(0.0),
        rpo_seconds: 30.0,
        lanes: (0..lanes).map(lane).collect(),
        ..Default::default()
    }
}

fn lane(partition: i32) -> LaneSnapshot {
    let end = 1_204_318 + i64::from(partition) * 977;
    LaneSnapshot {
        topic: "osint-tumblr".to_owned(),
        target_topic: "osint-tumblr".to_owned(),
        partition,
        state: "mirroring".to_owned(),
        engine: "batch".to_owned(),
        log_start: 3_000,
        high_watermark: end,
        fetched: end,
        acknowledged: end,
        checkpoint: end,
        target_end: end * 2,
        lag_records: Some(0),
        lag_seconds: Some(0.0),
        record_age_seconds: Some(0.2),
        records: 88_412,
        batches: 1_311,
        bytes_in: 60_000_000,
        bytes_out: 16_000_000,
        bytes_logical: 60_000_000,
        opened: 1_311,
        ..Default::default()
    }
}

fn behind(lane: &mut LaneSnapshot, records: i64, seconds: f64) {
    lane.checkpoint = lane.high_watermark - records;
    lane.acknowledged = lane.checkpoint;
    (lane.lag_records, lane.lag_seconds) = (Some(records), Some(seconds));
}
