//! `strait mirror -c FILE`: runs a worker until SIGTERM or Ctrl-C, then drains.

use std::path::PathBuf;
use std::process::ExitCode;

use strait_io::time::{self, Duration};

use super::signal;
use crate::config::{self, HttpSettings, PipelineSettings, Settings, WanCompression};
use crate::drain;
use crate::http;
use crate::worker::Worker;

/// Exit code of a configuration with problems (`EX_CONFIG`).
const EXIT_CONFIG: u8 = 78;

/// What is left of the time for a drain when it is given up: the process ends within that time.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The flags of `strait mirror`.
#[derive(Clone, Debug, clap::Args)]
pub struct MirrorArgs {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
}

/// One thread carries some GB/s of batches that pass as they are; a second one takes a quarter
/// more CPU for handing them to and fro. Recoding wants every core.
pub fn threads(args: &MirrorArgs) -> Option<usize> {
    let settings = config::load(&args.config).ok()?;
    let passes = |pipeline: &PipelineSettings| pipeline.compression == WanCompression::Pass;
    settings.pipelines.iter().all(passes).then_some(1)
}

/// Mirrors until told to stop.
pub async fn run(args: &MirrorArgs) -> ExitCode {
    match config::load(&args.config) {
        Ok(settings) => mirror(&settings).await,
        Err(problems) => {
            eprintln!("{problems}");
            ExitCode::from(EXIT_CONFIG)
        }
    }
}

async fn mirror(settings: &Settings) -> ExitCode {
    let worker = Worker::new(settings);
    if let Some(http) = settings.http
        && let Err(message) = serve(http, &worker).await
    {
        eprintln!("strait mirror: {message}");
        return ExitCode::FAILURE;
    }
    let (signal, drain) = drain::channel();
    let mut running = tokio::spawn(worker.run(drain));
    tokio::select! {
        () = signal::terminate() => {}
        ended = &mut running => return exit_code(ended.is_ok()),
    }
    tracing::info!("draining: finishing what is in flight");
    signal.start();
    match time::timeout(settings.worker.drain.saturating_sub(LAST_WORDS), running).await {
        Ok(ended) => exit_code(ended.is_ok()),
        Err(_) => {
            tracing::warn!(
                "not drained within {:?}; the rest is resumed from the ledger",
                settings.worker.drain
            );
            ExitCode::SUCCESS
        }
    }
}

/// Serves the page from now on; a port in use is known before anything is mirrored.
async fn serve(http: HttpSettings, worker: &Worker) -> Result<(), String> {
    let address = http.listen;
    let listener = http::listen(address).await.map_err(|error| {
        format!(
            "the page cannot listen on {address}: {error}. Next: give `http.listen` a free \
             address, or leave `http` out"
        )
    })?;
    let at = listener.local_addr().unwrap_or(address);
    tracing::info!("the page is at http://{at}/, metrics at http://{at}/metrics");
    tokio::spawn(http::serve(listener, worker.board()));
    Ok(())
}

fn exit_code(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_said_with_the_next_step() {
        let taken = http::listen(([127, 0, 0, 1], 0).into()).await.expect("a port is free");
        let listen = taken.local_addr().expect("it listens");
        let file = include_str!("../../configs/minimal.yaml");
        let settings = config::parse("minimal.yaml", file).expect("the sample is fine");
        let refused = serve(HttpSettings { listen }, &Worker::new(&settings)).await;
        let message = refused.expect_err("the port is taken");
        assert!(message.starts_with(&format!("the page cannot listen on {listen}: ")), "{message}");
        assert!(message.contains("Next: "), "{message}");
    }
}
