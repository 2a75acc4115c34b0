//! `strait status`: does everything arrive? Asks a running worker; exit code 1 when a lane is
//! stopped or a pipeline is in trouble, 69 when no worker answers.

use std::io::IsTerminal;
use std::process::ExitCode;

use strait_io::time::{self, Duration};

use super::running::{Output, RunningArgs, refuse, say};
use super::signal;
use super::table::Align::{Left, Right};
use super::table::{Table, plain};
use crate::http::client::AskError;
use crate::status::figures::{bytes, count, span};
use crate::status::{LaneSnapshot, PipelineSnapshot, Snapshot};

/// How often `--watch` asks.
const WATCH: Duration = Duration::from_secs(1);
/// Troubled lanes that are listed.
const LANES_MAX: usize = 50;

/// The flags of `strait status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
    /// Which worker.
    #[command(flatten)]
    pub running: RunningArgs,
    /// Ask once a second until Ctrl-C.
    #[arg(short, long)]
    pub watch: bool,
}

/// Asks, prints, and judges.
pub async fn run(args: &StatusArgs) -> ExitCode {
    let asked = if args.watch { watch(args).await } else { once(args).await };
    match asked {
        Ok(verdict) if is_fine(verdict) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => refuse("status", &error),
    }
}

async fn once(args: &StatusArgs) -> Result<&'static str, AskError> {
    let snapshot = args.running.snapshot().await?;
    say(&text(&snapshot, args.running.output));
    Ok(snapshot.verdict())
}

/// Ends with the verdict of the last answer; a worker that goes away ends it, too.
async fn watch(args: &StatusArgs) -> Result<&'static str, AskError> {
    let (mut tick, mut drawn, mut verdict) = (time::interval(WATCH), 0, "ok");
    let mut stop = std::pin::pin!(signal::terminate());
    loop {
        tokio::select! {
            () = &mut stop => return Ok(verdict),
            _ = tick.tick() => {}
        }
        let snapshot = args.running.snapshot().await?;
        verdict = snapshot.verdict();
        drawn = draw(&text(&snapshot, args.running.output), drawn);
    }
}

/// Draws over what was drawn before, on a terminal; how many lines it now is.
fn draw(text: &str, drawn: usize) -> usize {
    if !std::io::stdout().is_terminal() {
        say(text);
        return 0;
    }
    let back = if drawn > 0 { format!("\x1b[{drawn}A\x1b[J") } else { String::new() };
    say(&format!("{back}{text}"));
    text.lines().count()
}

fn is_fine(verdict: &str) -> bool {
    !matches!(verdict, "stopped" | "trouble")
}

fn text(snapshot: &Snapshot, output: Output) -> String {
    match output {
        Output::Table => in_words(snapshot),
        Output::Json => serde_json::to_string(snapshot).expect("a snapshot is plain data") + "\n",
    }
}

fn in_words(snapshot: &Snapshot) -> String {
    let sentences: Vec<_> = snapshot.headline().sentences.iter().map(|s| plain(s)).collect();
    let mut out = sentences.join("\n") + "\n";
    if !snapshot.pipelines.is_empty() {
        out += &format!("\n{}", pipelines(&snapshot.pipelines));
    }
    out + &troubled(&snapshot.pipelines)
}

fn pipelines(pipelines: &[PipelineSnapshot]) -> Table {
    let mut table = Table::new(&[
        ("PIPELINE", Left),
        ("FROM", Left),
        ("TO", Left),
        ("STATE", Left),
        ("DELIVERY", Left),
        ("LANES", Right),
        ("RECORDS/S", Right),
        ("IN/S", Right),
        ("OUT/S", Right),
        ("WAN", Right),
        ("LAG", Right),
        ("LAG TIME", Right),
        ("RPO", Right),
    ]);
    for p in pipelines {
        table.row([
            p.name.clone(),
            p.from.clone(),
            p.to.clone(),
            p.verdict().to_owned(),
            p.delivery.clone(),
            p.lanes.len().to_string(),
            count(p.records_per_second.round() as i64),
            bytes(p.bytes_in_per_second),
            bytes(p.bytes_out_per_second),
            format!("{:.1}x", p.wan_ratio),
            count(p.lag_records),
            p.lag_seconds.map_or_else(|| "-".to_owned(), span),
            span(p.rpo_seconds),
        ]);
    }
    table
}

/// Lanes that are stopped or wait out a fault, stopped ones first.
fn troubled(pipelines: &[PipelineSnapshot]) -> String {
    let of =
        |p: &PipelineSnapshot, l: &LaneSnapshot| (l.state != "stopped", p.name.clone(), l.clone());
    let unwell = |l: &&LaneSnapshot| l.state == "stopped" || l.state == "retrying";
    let all = pipelines.iter().flat_map(|p| p.lanes.iter().filter(unwell).map(|l| of(p, l)));
    let mut lanes: Vec<_> = all.collect();
    if lanes.is_empty() {
        return String::new();
    }
    lanes.sort_by_key(|(moves, ..)| *moves);
    let columns = [
        ("PIPELINE", Left),
        ("TOPIC", Left),
        ("PARTITION", Right),
        ("STATE", Left),
        ("REASON", Left),
    ];
    let mut table = Table::new(&columns);
    let hidden = lanes.len().saturating_sub(LANES_MAX);
    for (_, pipeline, lane) in lanes.into_iter().take(LANES_MAX) {
        let reason = lane.reason.unwrap_or_default();
        table.row([pipeline, lane.topic, lane.partition.to_string(), lane.state, reason]);
    }
    let more = if hidden > 0 { format!("and {hidden} more\n") } else { String::new() };
    format!("\n{table}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::sample;

    #[test]
    fn the_sentence_comes_first_then_the_pipelines() {
        assert_eq!(
            in_words(&sample::busy()),
            "\
Everything arrives: 2 pipelines, 5 lanes, 3,412 records behind.

PIPELINE  FROM  TO  STATE  DELIVERY  LANES  RECORDS/S    IN/S   OUT/S   WAN    LAG  LAG TIME   RPO
us-to-ad  us    ad  ok     merge         3     12,480  8.4 MB  2.3 MB  3.7x     12     0.4 s  30 s
sg-to-ad  sg    ad  ok     merge         2     12,480  8.4 MB  2.3 MB  3.7x  3,400     2.1 s  30 s
"
        );
    }

    #[test]
    fn troubled_lanes_come_with_their_reason_and_stopped_ones_first() {
        let words = in_words(&sample::troubled());
        let (_, lanes) = words.rsplit_once("\n\n").expect("a table of lanes");
        let states: Vec<_> = lanes.lines().skip(1).map(|line| line.contains("stopped")).collect();
        assert_eq!(states, [true, false], "{words}");
        assert!(!is_fine(sample::troubled().verdict()) && is_fine(sample::busy().verdict()));
    }

    #[test]
    fn json_is_the_snapshot() {
        let read: Snapshot =
            serde_json::from_str(&text(&sample::busy(), Output::Json)).expect("it is JSON");
        assert_eq!(read, sample::busy());
    }

    #[test]
    fn hostile_names_stay_in_their_line() {
        assert!(!in_words(&sample::hostile()).lines().any(|line| line.starts_with("evil")));
    }
}
