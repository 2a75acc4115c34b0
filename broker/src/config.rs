//! What a broker is started with, and every limit with its reason.
//!
//! Nothing here reads a file: whoever starts a broker (the command line, `strait dev`, a test)
//! fills these in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use strait_io::time::Duration;
use strait_wire::frame::FRAME_BYTES_MAX;

use crate::coordinator::GroupSettings;
use crate::log::LogSettings;

/// How a broker is set up. `BrokerConfig::default()` listens on a free loopback port and needs
/// only `data_dir`.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// The region's name: in log lines and as the broker's rack.
    pub name: String,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What clients are told to connect to; by default the address they reached us at.
    pub advertised: Option<(String, u16)>,
    /// The one folder everything lives in.
    pub data_dir: PathBuf,
    /// This node's id.
    pub node_id: i32,
    /// The cluster the data folder must belong to; `None` takes what the folder says, or a new
    /// random id for an empty one.
    pub cluster_id: Option<String>,
    /// When appended records count as safe.
    pub flush: FlushPolicy,
    /// Whether a metadata request for an unknown topic may create it.
    pub auto_create_topics: bool,
    /// Partitions of a topic whose creator did not say.
    pub default_partitions: i32,
    /// Whether a replication factor above the number of nodes is lowered to it. On: a topic
    /// asked for with factor 3 gets 1 on a single node, and the log says so. Off: refused with
    /// INVALID_REPLICATION_FACTOR, as Kafka does.
    pub cap_replication_factor: bool,
    /// How logs are cut, indexed and kept where the topic does not say.
    pub log: LogSettings,
    /// How consumer groups behave.
    pub groups: GroupSettings,
    /// How often old segments are looked for.
    pub retention_interval: Duration,
    /// Every cap.
    pub limits: Limits,
}

/// When a record is safe: before that no reader sees it and no `acks=all` is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlushPolicy {
    /// After a group `fdatasync`: what a power loss can take back is at most what was
    /// appended in the last `max_wait` (or `max_bytes`) and acknowledged with `acks=1` or 0.
    Group {
        /// The longest a record waits for its group.
        max_wait: Duration,
        /// A group this large does not wait at all.
        max_bytes: u64,
    },
    /// At once: the operating system writes when it likes, as Kafka's default does. A power
    /// loss can take back acknowledged records; the death of the process alone cannot.
    Os,
}

impl Default for FlushPolicy {
    fn default() -> Self {
        FlushPolicy::Group { max_wait: Duration::from_millis(10), max_bytes: 16 * 1024 * 1024 }
    }
}

/// Every cap of the broker.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest request. Kafka's `socket.request.max.bytes`.
    pub frame_bytes: usize,
    /// Connections at a time: each costs a descriptor, and descriptors are shared with segments.
    pub connections: usize,
    /// Connections from one address, so that one client cannot take them all; loopback is
    /// exempt, because tools and tests share it.
    pub connections_per_address: usize,
    /// Requests a connection may have unanswered; more are read once earlier ones are answered.
    pub in_flight_per_connection: usize,
    /// The largest fetch answer. Kafka's `fetch.max.bytes` on the broker side.
    pub fetch_bytes_max: usize,
    /// The longest a fetch may park.
    pub fetch_wait_max: Duration,
    /// What one batch may open to while it is checked: a bomb costs this much at most.
    pub inflated_batch_bytes: usize,
    /// A connection without a byte for this long is closed. Kafka's `connections.max.idle.ms`.
    pub idle: Duration,
    /// Partitions of one topic: each costs a folder and its files.
    pub partitions_per_topic: i32,
    /// Partitions of this node.
    pub partitions: usize,
    /// `fdatasync` calls at a time: more only queue in the device.
    pub parallel_syncs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: FRAME_BYTES_MAX,
            connections: 8_000,
            connections_per_address: 1_000,
            in_flight_per_connection: 64,
            fetch_bytes_max: 55 * 1024 * 1024,
            fetch_wait_max: Duration::from_secs(60),
            inflated_batch_bytes: 64 * 1024 * 1024,
            idle: Duration::from_secs(600),
            partitions_per_topic: 2_000,
            partitions: 4_000,
            parallel_syncs: 8,
        }
    }
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            name: "local".to_owned(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            advertised: None,
            data_dir: PathBuf::from("data"),
            node_id: 1,
            cluster_id: None,
            flush: FlushPolicy::default(),
            auto_create_topics: false,
            default_partitions: 1,
            cap_replication_factor: true,
            log: LogSettings::default(),
            groups: GroupSettings::default(),
            retention_interval: Duration::from_secs(300),
            limits: Limits::default(),
        }
    }
}
