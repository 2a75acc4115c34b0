//! What a person sees of the demonstration: a live table on a terminal, plain lines elsewhere.

use std::fmt::Write;

use crate::status::{PipelineSnapshot, Snapshot};

/// Lines of the live table, to move back over it.
pub fn table_lines(snapshot: &Snapshot) -> usize {
    snapshot.pipelines.len() + 2
}

/// The table: one row a pipeline.
pub fn table(snapshot: &Snapshot) -> String {
    let mut out = format!(
        "\n{:<12} {:<9} {:>10} {:>11} {:>11} {:>9} {:>9} {:>10}\n",
        "PIPELINE", "STATUS", "RECORDS/S", "IN/S", "OUT/S", "WAN", "LAG", "LAG TIME"
    );
    for pipeline in &snapshot.pipelines {
        writeln!(out, "{}", row(pipeline)).expect("a string takes every write");
    }
    out
}

fn row(p: &PipelineSnapshot) -> String {
    format!(
        "{:<12} {:<9} {:>10.0} {:>11} {:>11} {:>8.1}x {:>9} {:>10}",
        p.name,
        p.verdict(),
        p.records_per_second,
        bytes(p.bytes_in_per_second),
        bytes(p.bytes_out_per_second),
        p.wan_ratio,
        p.lag_records,
        seconds(p.lag_seconds),
    )
}

/// One line for logs and pipes.
pub fn line(snapshot: &Snapshot) -> String {
    let parts = snapshot.pipelines.iter().map(|p| {
        format!(
            "{} {}: {:.0} records/s, {}/s, WAN {:.1}x, lag {} records ({})",
            p.name,
            p.verdict(),
            p.records_per_second,
            bytes(p.bytes_in_per_second),
            p.wan_ratio,
            p.lag_records,
            seconds(p.lag_seconds),
        )
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn bytes(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.1} MB", n / 1e6),
        n if n >= 1e3 => format!("{:.1} kB", n / 1e3),
        n => format!("{n:.0} B"),
    }
}

fn seconds(lag: Option<f64>) -> String {
    lag.map_or_else(|| "unknown".to_owned(), |lag| format!("{lag:.1} s"))
}
