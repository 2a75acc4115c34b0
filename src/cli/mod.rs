//! The commands, one file each; `main.rs` picks one.

pub mod broker;
pub mod check;
pub mod config_file;
pub mod dev;
pub mod explain;
pub mod kafka;
pub mod mirror;
pub mod signal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Cross-region mirroring for Kafka: exact positions, proof of arrival, little CPU.
#[derive(Debug, Parser)]
#[command(name = "strait", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Three regions, posts, two pipelines and the page, without a configuration.
    Dev(dev::DevArgs),
    /// Run one region's broker.
    Broker(broker::BrokerArgs),
    /// Run a mirror worker.
    Mirror(mirror::MirrorArgs),
    /// Find every problem of a configuration, without connecting.
    Check(check::CheckArgs),
    /// Say whether a topic is mirrored, by which pipeline, and why.
    Explain(explain::ExplainArgs),
}

impl Command {
    /// What is logged unless `STRAIT_LOG` says otherwise: services tell what they do, the others
    /// only what goes wrong.
    pub fn log_level(&self) -> &'static str {
        match self {
            Command::Mirror(_) | Command::Broker(_) => "info",
            _ => "warn",
        }
    }
}

/// Runs the command to its exit code.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Dev(args) => dev::run(&args).await,
        Command::Broker(args) => broker::run(&args).await,
        Command::Mirror(args) => mirror::run(&args).await,
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
    }
}
