//! `strait mirror -c FILE`: runs a worker until SIGTERM or Ctrl-C, then drains.

use std::path::PathBuf;
use std::process::ExitCode;

use strait_io::time::{self, Duration};

use super::signal;
use crate::config::{self, Settings};
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
    if let Some(address) = settings.http.map(|http| http.listen) {
        match http::listen(address).await {
            Ok(listener) => drop(tokio::spawn(http::serve(listener, worker.board()))),
            Err(error) => {
                eprintln!(
                    "strait mirror: the page cannot listen on {address}: {error}. Next: choose \
                     another address with http.listen"
                );
                return ExitCode::FAILURE;
            }
        }
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

fn exit_code(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
