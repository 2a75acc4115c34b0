//! `docs/METRICS.md`, written from the table.

use std::fmt::Write;

use super::{Kind, METRICS, Metric};

const HEAD: &str = "\
# Metrics

Written from the table in `src/metrics.rs`; do not edit. A test fails when it is stale, and
`STRAIT_REGENERATE=1 cargo test -p strait metrics` writes it anew.

Served at `/metrics` in Prometheus' text format, read from a snapshot that is taken once a second.
`source` and `target` are regions. An offset, lag or headroom that is not known yet has no series.
Panels and alerts over these: `dashboards/`.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
";

/// The reference, as Markdown.
pub fn reference() -> String {
    let mut out = HEAD.to_owned();
    METRICS.iter().for_each(|metric| row(&mut out, metric));
    out
}

fn row(out: &mut String, metric: &Metric) {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    let labels = metric.labels.join(", ");
    writeln!(out, "| `{}` | {kind} | {labels} | {} |", metric.name, metric.help)
        .expect("a string takes every write");
}
