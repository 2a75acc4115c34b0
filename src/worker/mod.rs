//! The worker: all pipelines of one file, one budget, one board. `Settings → build → run → drain`.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::config::{PipelineSettings, Settings, WanCompression};
use crate::drain::Drain;
use crate::memory::Budget;
use crate::pipeline::Pipeline;
use crate::status::Board;
use crate::status::board::PipelineStatus;

/// A worker about to run.
pub struct Worker {
    pipelines: Vec<Pipeline>,
    board: Arc<Board>,
}

impl Worker {
    /// Builds it; nothing is connected yet.
    pub fn new(settings: &Settings) -> Self {
        let budget = Budget::new(settings.worker.memory.bytes() as usize);
        let pipelines: Vec<_> =
            settings.pipelines.iter().map(|p| pipeline(p, settings, &budget)).collect();
        let statuses = pipelines.iter().map(|p| Arc::clone(&p.status)).collect();
        Self { board: Arc::new(Board::new(budget, statuses)), pipelines }
    }

    /// Where its snapshots are.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Mirrors until drained: every lane has finished what was in flight and written it down.
    pub async fn run(self, drain: Drain) {
        let board = self.board();
        let watching = tokio::spawn(async move { board.run().await });
        let mut running = JoinSet::new();
        for pipeline in self.pipelines {
            running.spawn(pipeline.run(drain.clone()));
        }
        while running.join_next().await.is_some() {}
        watching.abort();
        self.board.refresh();
    }
}

fn pipeline(own: &PipelineSettings, settings: &Settings, budget: &Budget) -> Pipeline {
    let others = settings.pipelines.iter().filter(|other| other.name != own.name);
    let status = PipelineStatus::new(
        own.name.clone(),
        own.from.name.to_string(),
        own.to.name.to_string(),
        compression_name(own.compression),
        own.rpo.as_secs_f64(),
    );
    Pipeline {
        settings: own.clone(),
        siblings: others.cloned().collect(),
        worker: settings.worker,
        budget: budget.clone(),
        status: Arc::new(status),
    }
}

/// The compression as the configuration writes it.
pub fn compression_name(compression: WanCompression) -> String {
    match compression {
        WanCompression::Pass => "pass".to_owned(),
        WanCompression::Recode { codec, level: None } => codec.name().to_owned(),
        WanCompression::Recode { codec, level: Some(level) } => format!("{}:{level}", codec.name()),
    }
}
