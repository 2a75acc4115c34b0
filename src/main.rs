//! Starts Strait: flags, logs, then one command to its exit code.

use std::process::ExitCode;

use strait::cli::{self, Cli};
use strait::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    telemetry::start(cli.command.log_level());
    cli::run(cli).await
}
