//! A broker from its start to its drain: bind, take the folder, recover, serve, close.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, stream};
use strait_io::net::{self, TcpListener, TcpStream};
use strait_io::time::{self, Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::BrokerConfig;
use crate::connection;
use crate::coordinator::GroupCoordinator;
use crate::flush::Flusher;
use crate::group_store::OffsetsTopic;
use crate::identity::Identity;
use crate::metrics::{Metrics, Snapshot};
use crate::node::{Node, Phase};
use crate::partition::Partition;
use crate::producer_ids::ProducerIds;
use crate::retention;
use crate::topics::Topics;

/// A wait between two attempts to accept after the process ran out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a drain looks whether the last connection has gone.
const DRAIN_TICK: Duration = Duration::from_millis(5);

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody listens there already.
    #[error(
        "{address} is taken by another process: stop that one (`ss -ltnp` names it) or listen on \
         another port"
    )]
    PortInUse {
        /// Where we were to listen.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; check that it is an address of this machine")]
    Listen {
        /// Where we were to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the data folder.
    #[error(
        "the data folder {} is in use by another process: stop that broker, or give this one a \
         folder of its own", path.display()
    )]
    FolderLocked {
        /// The folder.
        path: PathBuf,
    },
    /// The data folder belongs to somebody else.
    #[error(
        "{} says that this data folder belongs to {found}, and this is {expected}: start it with \
         that identity, or give it a folder of its own", path.display()
    )]
    ForeignFolder {
        /// The file that says so.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who we are.
        expected: String,
    },
    /// The data folder cannot be used.
    #[error(
        "cannot use the data folder {}: {source}; check its permissions and its disk",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A log or the list of topics cannot be read.
    #[error(
        "cannot read the data folder {}: {reason}; nothing was changed: restore that file, or \
         move the folder away to start empty", path.display()
    )]
    UnreadableLog {
        /// The data folder.
        path: PathBuf,
        /// Which file, and what is wrong with it.
        reason: String,
    },
}

/// A running broker. Dropping it cuts every connection without closing the logs, as a crash
/// would; [`Broker::drain`] ends it in order.
pub struct Broker {
    node: Arc<Node>,
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    tasks: Vec<JoinHandle<()>>,
}

impl Broker {
    /// Binds, takes the data folder, recovers what is in it, and serves.
    pub async fn start(config: BrokerConfig) -> Result<Self, StartError> {
        let listener = listen(config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address: config.listen, source })?;
        let (phase, phases) = watch::channel(Phase::Serving);
        let opened = tokio::task::spawn_blocking(move || open(config, phases)).await;
        let node = match opened {
            Ok(node) => Arc::new(node?),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        let tasks = vec![
            tokio::spawn(accept(node.clone(), listener)),
            tokio::spawn(node.flusher.clone().run()),
            tokio::spawn(retention::run(node.clone())),
            tokio::spawn(run_groups(node.clone())),
        ];
        let (region, cluster) = (&node.config.name, &node.identity.cluster_id);
        tracing::info!(region, cluster, %address, "broker serves");
        Ok(Self { node, address, phase, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The cluster it is.
    pub fn cluster_id(&self) -> &str {
        &self.node.identity.cluster_id
    }

    /// What it has counted so far.
    pub fn snapshot(&self) -> Snapshot {
        self.node.metrics.snapshot()
    }

    /// Looks for segments past their retention now.
    pub async fn run_retention_now(&self) {
        retention::run_once(self.node.clone()).await;
    }

    /// Takes no more requests, answers those it has, makes everything durable, closes the logs.
    /// Connections that are not done by the deadline are cut.
    pub async fn drain(mut self, deadline: Duration) {
        let deadline = time::now() + deadline;
        self.phase.send_replace(Phase::Draining);
        self.wait_for_connections(deadline).await;
        self.phase.send_replace(Phase::Stopped);
        self.tasks.iter().for_each(JoinHandle::abort);
        for task in self.tasks.drain(..) {
            let _cancelled = task.await;
        }
        self.node.flusher.commit().await;
        close(&self.node).await;
    }

    async fn wait_for_connections(&self, deadline: Instant) {
        while self.node.metrics.connections.get() > 0 && time::now() < deadline {
            time::sleep(DRAIN_TICK).await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopped);
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    net::listen(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address },
        _ => StartError::Listen { address, source },
    })
}

fn open(config: BrokerConfig, phase: watch::Receiver<Phase>) -> Result<Node, StartError> {
    let identity = Identity::take(&config)?;
    let path = || config.data_dir.clone();
    let metrics = Arc::new(Metrics::default());
    let flusher = Flusher::new(config.flush, config.limits.parallel_syncs, metrics.clone());
    let topics = Topics::open(&config, flusher.clone(), identity.shutdown)
        .map_err(|error| StartError::UnreadableLog { path: path(), reason: error.to_string() })?;
    let producer_ids = ProducerIds::open(&config.data_dir)
        .map_err(|source| StartError::Folder { path: path(), source })?;
    let topics = Arc::new(topics);
    let store = OffsetsTopic::new(topics.clone());
    let groups = GroupCoordinator::new(config.groups.clone(), store.clone());
    store.load_into(&groups);
    Ok(Node { config, identity, topics, groups, flusher, producer_ids, metrics, phase })
}

/// Closes the logs, a few at a time, and leaves the mark of a clean stop.
async fn close(node: &Node) {
    let partitions = node.topics.partitions();
    let closing = partitions.into_iter().map(|partition| {
        let closing = tokio::task::spawn_blocking(move || close_log(&partition));
        async move { closing.await.unwrap_or(false) }
    });
    let parallel = node.config.limits.parallel_syncs;
    let closed: Vec<bool> = stream::iter(closing).buffer_unordered(parallel).collect().await;
    let clean = !node.flusher.has_failed() && closed.into_iter().all(|closed| closed);
    if clean && let Err(error) = node.identity.mark_clean() {
        tracing::warn!(%error, "the mark of a clean stop was not left; logs will be checked");
    }
    node.identity.release();
}

fn close_log(partition: &Partition) -> bool {
    let Some(mut log) = partition.retire() else { return true };
    let closed = log.close();
    if let Err(error) = &closed {
        let (topic, partition) = (partition.topic(), partition.index());
        tracing::error!(topic, partition, %error, "a log did not close; it will be checked");
    }
    closed.is_ok()
}

async fn run_groups(node: Arc<Node>) {
    node.groups.clone().run(node.draining()).await;
}

async fn accept(node: Arc<Node>, listener: TcpListener) {
    let guests = Arc::new(Guests::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = node.draining() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(&node, &guests, stream, peer),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn admit(node: &Arc<Node>, guests: &Arc<Guests>, stream: TcpStream, peer: SocketAddr) {
    let Some(guest) = Guest::register(node, guests, peer.ip()) else {
        node.metrics.connections_refused.add(1);
        tracing::warn!(%peer, "connection refused: too many are open");
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "connection lost");
        return;
    }
    let node = node.clone();
    tokio::spawn(async move {
        let _guest = guest;
        connection::serve(node, stream, peer).await;
    });
}

/// How many connections each address has.
#[derive(Default)]
struct Guests(Mutex<HashMap<IpAddr, usize>>);

/// One connection's place in the count.
struct Guest {
    node: Arc<Node>,
    guests: Arc<Guests>,
    address: IpAddr,
}

impl Guest {
    fn register(node: &Arc<Node>, guests: &Arc<Guests>, address: IpAddr) -> Option<Self> {
        let limits = node.config.limits;
        let mut counts = guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(&address).copied().unwrap_or(0);
        let crowded = !address.is_loopback() && count >= limits.connections_per_address;
        if crowded || node.metrics.connections.get() >= limits.connections as u64 {
            return None;
        }
        counts.insert(address, count + 1);
        node.metrics.connections.add(1);
        node.metrics.connections_accepted.add(1);
        Some(Self { node: node.clone(), guests: guests.clone(), address })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.node.metrics.connections.sub(1);
        let mut counts = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
