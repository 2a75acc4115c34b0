//! `strait lag`: how far behind a running worker is, by lane, topic or pipeline.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::running::{Output, RunningArgs, refuse, say};
use super::table::Align::{Left, Right};
use super::table::Table;
use crate::status::figures::{count, offset, span};
use crate::status::{LaneSnapshot, PipelineSnapshot, Snapshot};

/// The flags of `strait lag`.
#[derive(Clone, Debug, clap::Args)]
pub struct LagArgs {
    /// Which worker.
    #[command(flatten)]
    pub running: RunningArgs,
    /// What a row is.
    #[arg(long, value_enum, default_value_t = By::Topic)]
    pub by: By,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// One source partition.
    Lane,
    /// The sum and the worst of a topic's lanes.
    Topic,
    /// The sum and the worst of a pipeline's lanes.
    Pipeline,
}

/// Asks and prints; exit code 69 when no worker answers.
pub async fn run(args: &LagArgs) -> ExitCode {
    match args.running.snapshot().await {
        Ok(snapshot) => {
            let rows = rows(&snapshot, args.by);
            say(&match args.running.output {
                Output::Table => table(&rows, args.by).to_string(),
                Output::Json => Value::from_iter(rows.iter().map(Row::json)).to_string() + "\n",
            });
            ExitCode::SUCCESS
        }
        Err(error) => refuse("lag", &error),
    }
}

/// Lanes of one pipeline, added up: positions and lag sum, the time is the worst.
struct Row {
    pipeline: String,
    topic: Option<String>,
    partition: Option<i32>,
    checkpoint: i64,
    high_watermark: i64,
    lag_records: Option<i64>,
    lag_seconds: Option<f64>,
}

fn rows(snapshot: &Snapshot, by: By) -> Vec<Row> {
    snapshot.pipelines.iter().flat_map(|pipeline| rows_of(pipeline, by)).collect()
}

fn rows_of(pipeline: &PipelineSnapshot, by: By) -> Vec<Row> {
    let same = |a: &LaneSnapshot, b: &LaneSnapshot| match by {
        By::Lane => false,
        By::Topic => a.topic == b.topic,
        By::Pipeline => true,
    };
    pipeline.lanes.chunk_by(same).map(|lanes| Row::of(pipeline, lanes, by)).collect()
}

impl Row {
    fn of(pipeline: &PipelineSnapshot, lanes: &[LaneSnapshot], by: By) -> Self {
        let known = |of: fn(&LaneSnapshot) -> i64| {
            lanes.iter().filter(|lane| lane.lag_records.is_some()).map(of).reduce(|a, b| a + b)
        };
        Self {
            pipeline: pipeline.name.clone(),
            topic: (by != By::Pipeline).then(|| lanes[0].topic.clone()),
            partition: (by == By::Lane).then_some(lanes[0].partition),
            checkpoint: known(|lane| lane.checkpoint).unwrap_or(-1),
            high_watermark: known(|lane| lane.high_watermark).unwrap_or(-1),
            lag_records: known(|lane| lane.lag_records.unwrap_or_default()),
            lag_seconds: lanes.iter().filter_map(|lane| lane.lag_seconds).reduce(f64::max),
        }
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.pipeline.clone()];
        cells.extend(self.topic.clone());
        cells.extend(self.partition.map(|partition| partition.to_string()));
        cells.push(offset(self.checkpoint));
        cells.push(offset(self.high_watermark));
        cells.push(self.lag_records.map_or_else(|| "–".to_owned(), count));
        cells.push(self.lag_seconds.map_or_else(|| "–".to_owned(), span));
        cells
    }

    fn json(&self) -> Value {
        json!({
            "pipeline": self.pipeline,
            "topic": self.topic,
            "partition": self.partition,
            "checkpoint": self.checkpoint,
            "high_watermark": self.high_watermark,
            "lag_records": self.lag_records,
            "lag_seconds": self.lag_seconds,
        })
    }
}

fn table(rows: &[Row], by: By) -> Table {
    let who: &[_] = match by {
        By::Lane => &[("PIPELINE", Left), ("TOPIC", Left), ("PARTITION", Right)],
        By::Topic => &[("PIPELINE", Left), ("TOPIC", Left)],
        By::Pipeline => &[("PIPELINE", Left)],
    };
    let numbers =
        [("CHECKPOINT", Right), ("HIGH-WATERMARK", Right), ("LAG", Right), ("LAG-TIME", Right)];
    let mut table = Table::new(&[who, &numbers].concat());
    rows.iter().for_each(|row| table.row(row.cells()));
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::sample;

    fn shown(by: By) -> String {
        table(&rows(&sample::busy(), by), by).to_string()
    }

    #[test]
    fn a_pipeline_is_the_sum_and_the_worst_of_its_lanes() {
        assert_eq!(
            shown(By::Pipeline),
            "\
PIPELINE  CHECKPOINT  HIGH-WATERMARK    LAG  LAG-TIME
us-to-ad   3,615,873       3,615,885     12     0.4 s
sg-to-ad   2,406,213       2,409,613  3,400     2.1 s
"
        );
    }

    #[test]
    fn lanes_and_topics_are_named() {
        assert_eq!(shown(By::Lane).lines().count(), 6);
        assert!(shown(By::Topic).lines().nth(1).is_some_and(|row| row.contains("osint-tumblr")));
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        let mut snapshot = sample::calm();
        snapshot.pipelines.truncate(1);
        for lane in &mut snapshot.pipelines[0].lanes {
            (lane.checkpoint, lane.lag_records, lane.lag_seconds) = (-1, None, None);
        }
        let shown = table(&rows(&snapshot, By::Pipeline), By::Pipeline).to_string();
        assert!(shown.lines().nth(1).is_some_and(|row| row.matches('–').count() == 4), "{shown}");
    }
}
