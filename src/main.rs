//! Starts Strait: flags, logs, then one command to its exit code.

use std::process::ExitCode;

use strait::cli::{self, Cli};
use strait::telemetry;

fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    telemetry::start(cli.command.log_level());
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = cli.command.threads() {
        runtime.worker_threads(threads);
    }
    match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => {
            eprintln!("strait: the system gives no threads: {error}");
            ExitCode::FAILURE
        }
    }
}
