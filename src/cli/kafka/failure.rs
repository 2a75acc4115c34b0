//! How a command ends when it does not end well.

use std::process::ExitCode;

use strait_client::ClientError;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 69;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// The cluster refused, or is not there.
    #[error("{}", words(.0))]
    Cluster(#[from] ClientError),
    /// A client of librdkafka's failed.
    #[error("{0}")]
    Librdkafka(#[from] rdkafka::error::KafkaError),
    /// A file or stream failed.
    #[error("{what}: {error}")]
    Io {
        /// Which one.
        what: String,
        /// How.
        error: std::io::Error,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Usage(_) => USAGE,
            Failure::Cluster(error) if error.is_unreachable() => UNREACHABLE,
            _ => FAILED,
        })
    }
}

/// The broker's own words where it has some, as Kafka's tools print them; no region is named,
/// because a command knows one cluster only.
pub(super) fn words(error: &ClientError) -> String {
    match error {
        ClientError::Kafka { message: Some(message), .. } => message.clone(),
        ClientError::NoneReachable { tried, .. } => {
            let tried: Vec<String> = tried.iter().map(ToString::to_string).collect();
            format!("no broker can be reached: {}", tried.join("; "))
        }
        other => other.to_string(),
    }
}

/// Parses arguments and runs a command with them; says on standard error what went wrong.
pub(super) async fn conclude<A: clap::Parser>(
    args: Vec<String>,
    prefix: &str,
    command: impl AsyncFnOnce(A) -> Result<(), Failure>,
) -> ExitCode {
    let parsed = match A::try_parse_from(args) {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    match command(parsed).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{prefix}{failure}");
            failure.exit_code()
        }
    }
}
