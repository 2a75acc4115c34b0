//! `strait broker`: one region's store, speaking Kafka's protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use strait_broker::{Broker, BrokerConfig, FlushPolicy};
use strait_io::time::Duration;

use super::signal;

/// How long a drain may take.
const DRAIN: Duration = Duration::from_secs(10);

/// The flags of `strait broker`.
#[derive(Clone, Debug, clap::Args)]
pub struct BrokerArgs {
    /// The region's name, for logs and as the broker's rack.
    #[arg(long, default_value = "local")]
    pub region: String,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9092")]
    pub listen: SocketAddr,
    /// What clients are told to connect to; the address they used where it is left out.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub advertised: Option<(String, u16)>,
    /// The one folder everything lives in.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// This node's id.
    #[arg(long, default_value_t = 1)]
    pub node_id: i32,
    /// When a record is safe: after a group fdatasync (10 ms), or when the operating system
    /// likes (as Kafka's default).
    #[arg(long, value_enum, default_value_t = Flush::Group)]
    pub flush: Flush,
    /// Let clients create topics by asking for them.
    #[arg(long)]
    pub auto_create: bool,
    /// Partitions of a topic whose creator did not say.
    #[arg(long, default_value_t = 1)]
    pub partitions: i32,
}

/// The flush policies by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Flush {
    /// Acknowledge after a group fdatasync.
    Group,
    /// Acknowledge at once.
    Os,
}

/// Serves until told to stop, then drains.
pub async fn run(args: &BrokerArgs) -> ExitCode {
    let broker = match Broker::start(config(args)).await {
        Ok(broker) => broker,
        Err(error) => {
            eprintln!("strait broker: {error}");
            return ExitCode::FAILURE;
        }
    };
    tracing::info!(region = args.region, address = %broker.address(), "broker is up");
    signal::terminate().await;
    tracing::info!("draining");
    broker.drain(DRAIN).await;
    ExitCode::SUCCESS
}

fn config(args: &BrokerArgs) -> BrokerConfig {
    BrokerConfig {
        name: args.region.clone(),
        listen: args.listen,
        advertised: args.advertised.clone(),
        data_dir: args.data.clone(),
        node_id: args.node_id,
        flush: match args.flush {
            Flush::Group => FlushPolicy::default(),
            Flush::Os => FlushPolicy::Os,
        },
        auto_create_topics: args.auto_create,
        default_partitions: args.partitions,
        ..Default::default()
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("`{text}` is no HOST:PORT");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port.parse() {
        Ok(port) if !host.is_empty() => Ok((host.to_owned(), port)),
        _ => Err(wrong()),
    }
}
