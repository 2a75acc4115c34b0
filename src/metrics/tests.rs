//! The list is as in `docs/METRICS.md`, names keep Prometheus' habits, and the numbers are the
//! snapshot's.

use std::path::Path;

use super::*;
use crate::status::sample;

fn lines(text: &str, name: &str) -> Vec<String> {
    let of = |line: &&str| {
        line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
    };
    text.lines().filter(of).map(str::to_owned).collect()
}

fn value(line: &str) -> f64 {
    line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a sample ends in a number")
}

#[test]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/METRICS.md");
    let now = reference();
    if std::env::var_os("STRAIT_REGENERATE").is_some() {
        strait_io::fs::write_atomic(&path, now.as_bytes()).expect("the tree is writable");
    }
    let is = strait_io::fs::read_to_string(&path).unwrap_or_default();
    assert!(is == now, "docs/METRICS.md is stale; STRAIT_REGENERATE=1 writes it anew. Now:\n{now}");
}

#[test]
fn names_keep_the_habits() {
    for metric in METRICS {
        let name = metric.name;
        assert!(name.starts_with("strait_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
        let unit = ["_ms", "_sum", "_count", "_bucket", "_kb", "_percent"];
        assert!(!unit.iter().any(|end| name.ends_with(end)), "{name}");
        assert!(metric.help.ends_with('.'), "{name}");
        let by_partition = ["strait_lag_records", "strait_lag_seconds", "strait_lane_state"];
        assert_eq!(metric.labels.contains(&"partition"), by_partition.contains(&name), "{name}");
    }
}

#[test]
fn the_numbers_are_the_snapshots() {
    let text = render(&Arc::new(sample::busy()));
    let own = "pipeline=\"us-to-ad\",source=\"us\",target=\"ad\",topic=\"osint-tumblr\"";
    let lag = format!("strait_lag_records{{{own},partition=\"0\"}} 12\n");
    let written = format!("strait_wan_bytes_total{{{own},direction=\"out\"}} 48000000\n");
    for sample in [lag, written] {
        assert!(text.contains(&sample), "{sample} is not in\n{text}");
    }
    let states = lines(&text, "strait_lanes");
    assert_eq!(states.iter().map(|line| value(line)).sum::<f64>(), 5.0, "{states:?}");
    assert_eq!(lines(&text, "strait_pipeline_verdict").iter().map(|l| value(l)).sum::<f64>(), 2.0);
    assert_eq!(lines(&text, "process_cpu_seconds_total").len(), 1);
}

#[test]
fn what_is_not_known_has_no_series() {
    let mut snapshot = sample::busy();
    for lane in snapshot.pipelines.iter_mut().flat_map(|p| &mut p.lanes) {
        (lane.lag_records, lane.lag_seconds, lane.checkpoint) = (None, None, -1);
    }
    let text = render(&Arc::new(snapshot));
    for name in ["strait_lag_records", "strait_lag_seconds", "strait_checkpoint_offset"] {
        assert!(lines(&text, name).is_empty(), "{name}");
    }
    assert!(!render(&Arc::default()).is_empty());
}

#[test]
fn counters_never_fall_while_lanes_work() {
    let mut snapshot = sample::busy();
    let before = render(&Arc::new(snapshot.clone()));
    for lane in snapshot.pipelines.iter_mut().flat_map(|p| &mut p.lanes) {
        lane.records += 7;
        lane.bytes_in += 100;
        lane.state = "stopped".to_owned();
    }
    let after = render(&Arc::new(snapshot));
    for metric in METRICS.iter().filter(|metric| metric.kind == Kind::Counter) {
        let (before, after) = (lines(&before, metric.name), lines(&after, metric.name));
        assert_eq!(before.len(), after.len(), "{}", metric.name);
        for (before, after) in before.iter().zip(&after) {
            assert!(value(before) <= value(after), "{before} then {after}");
        }
    }
}

#[test]
fn hostile_names_stay_inside_their_label() {
    let text = render(&Arc::new(sample::hostile()));
    assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
}
