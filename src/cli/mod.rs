//! The commands, one file each; `main.rs` picks one.

pub mod broker;
pub mod check;
pub mod config_file;
pub mod dev;
pub mod explain;
pub mod kafka;
pub mod lag;
pub mod mirror;
pub mod reference;
pub mod running;
pub mod signal;
pub mod status;
pub mod table;

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
    /// Ask a running worker whether everything arrives; exit code 1 when something is stopped.
    Status(status::StatusArgs),
    /// Ask a running worker how far behind it is.
    Lag(lag::LagArgs),
    /// Create, list, describe, widen and delete topics, with Kafka's own flags.
    KafkaTopics(KafkaArgs),
    /// Send lines from standard input, with Kafka's own flags.
    KafkaConsoleProducer(KafkaArgs),
    /// Print records, with Kafka's own flags.
    KafkaConsoleConsumer(KafkaArgs),
    /// List, describe, reset and delete consumer groups, with Kafka's own flags.
    KafkaConsumerGroups(KafkaArgs),
}

/// Everything behind the name of one of Kafka's commands; the command reads it itself.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct KafkaArgs {
    /// Kafka's flags; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub flags: Vec<String>,
}

impl Cli {
    /// Reads the command line. Called by the name of one of Kafka's commands (a link to this
    /// binary, `.sh` or not), it is that command.
    pub fn from_command_line() -> Self {
        let mut args: Vec<_> = std::env::args_os().collect();
        let called = args.first().map(std::path::Path::new).and_then(|path| path.file_name());
        let called = called.and_then(|name| name.to_str()).unwrap_or_default();
        let name = called.strip_suffix(".sh").unwrap_or(called);
        if name.starts_with("kafka-") {
            args.insert(1, name.into());
        }
        Self::parse_from(args)
    }
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

impl Command {
    /// Threads the command is best served with; `None` for one per core.
    pub fn threads(&self) -> Option<usize> {
        match self {
            Command::Mirror(args) => mirror::threads(args),
            _ => None,
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
        Command::Status(args) => status::run(&args).await,
        Command::Lag(args) => lag::run(&args).await,
        Command::KafkaTopics(args) => kafka::topics::run(args.flags).await,
        Command::KafkaConsoleProducer(args) => kafka::console_producer::run(args.flags).await,
        Command::KafkaConsoleConsumer(args) => kafka::console_consumer::run(args.flags).await,
        Command::KafkaConsumerGroups(args) => kafka::consumer_groups::run(args.flags).await,
    }
}
