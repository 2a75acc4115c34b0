//! A real Apache Kafka 4.1.1: one KRaft node on free ports, in a folder of its own, gone on drop
//! and with this process, however that ends.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strait_wire::Piece;
use strait_wire::frame::encode_request;
use strait_wire::messages::api_versions::ApiVersionsRequest;
use tempfile::TempDir;

use super::{JavaTools, Peer, eventually, process};

/// How long a node may take to answer: two seconds alone, many more beside a compiler.
const START: Duration = Duration::from_secs(90);
const HEAP_MB: usize = 1024;
/// Heap of a node that stories share: they bring megabytes, not gigabytes.
const SHARED_HEAP_MB: usize = 640;
/// Ends the node when standard input ends, which it does when this process does.
const KEEPER: &str = r#"
folder=$1; shift
exec 3<&0
"$@" 3<&- &
node=$!
{ cat <&3 >/dev/null; : >"$folder/left"; kill -9 $node; } &
keeper=$!
wait $node
status=$?
if [ -e "$folder/left" ]; then rm -rf "$folder"; else kill $keeper; fi
exit $status
"#;

/// Nodes that stories share, by name.
static SHARED: Mutex<Option<HashMap<&'static str, Arc<RealKafka>>>> = Mutex::new(None);

/// Compaction and retention act within a story's patience.
const SHARED_SETTINGS: [(&str, &str); 3] = [
    ("log.cleaner.backoff.ms", "200"),
    ("log.retention.check.interval.ms", "500"),
    ("log.initial.task.delay.ms", "500"),
];

/// A running node.
pub struct RealKafka {
    node: Child,
    folder: TempDir,
    address: SocketAddr,
}

impl RealKafka {
    /// Finds what a node needs; [`RealKafka::start`] takes it.
    pub fn locate() -> Peer<JavaTools> {
        JavaTools::locate()
    }

    /// A node that all stories share, so topics must be the story's own. `name` tells nodes apart.
    pub fn shared(java: &JavaTools, name: &'static str) -> Arc<Self> {
        // A story that failed while it started a node left no node behind.
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let nodes = shared.get_or_insert_default();
        let start = || Arc::new(Self::start_with_heap(java, SHARED_HEAP_MB, &SHARED_SETTINGS));
        Arc::clone(nodes.entry(name).or_insert_with(start))
    }

    /// Starts a node with these settings beside the usual ones, and waits until it answers.
    pub fn start(java: &JavaTools, settings: &[(&str, &str)]) -> Self {
        Self::start_with_heap(java, HEAP_MB, settings)
    }

    /// Starts a node with another heap than 1 GB (200 MB is the least that works).
    pub fn start_with_heap(java: &JavaTools, heap_mb: usize, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (address, controller) = (free_address(), free_address());
        let properties = folder.path().join("server.properties");
        let mut all = server_properties(address, controller, &folder.path().join("data"));
        settings.iter().for_each(|(key, value)| all += &format!("{key}={value}\n"));
        std::fs::write(&properties, all).expect("a temporary folder is writable");
        format_folder(java, &properties.to_string_lossy());
        let log = File::create(folder.path().join("node.log")).expect("the folder is writable");
        let mut kafka = java.java("warn", heap_mb);
        kafka.arg("kafka.Kafka").arg(&properties);
        let node = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(folder.path())
            .arg(kafka.get_program())
            .args(kafka.get_args())
            .stdin(Stdio::piped())
            .stderr(log.try_clone().expect("a file has a second handle"))
            .stdout(log)
            .spawn()
            .expect("java starts");
        let mut kafka = Self { node, folder, address };
        kafka.wait();
        kafka
    }

    /// Where clients begin: `127.0.0.1:PORT`.
    pub fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    /// The folder with a folder for each partition.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The broker's own process: the keeper's child.
    #[allow(dead_code, reason = "for benches")]
    pub fn pid(&self) -> u32 {
        let keeper = self.node.id();
        let children = std::fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
        let children = children.expect("the keeper lives");
        let is_java = |pid: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            name.is_ok_and(|name| name.trim() == "java")
        };
        let mut pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.find(is_java).expect("the broker lives")
    }

    /// Bytes of a topic's segments on disk.
    #[allow(dead_code, reason = "for benches")]
    pub fn bytes_of(&self, topic: &str) -> u64 {
        let entries = |folder| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let ours = |name: &str| name.rsplit_once('-').is_some_and(|(before, _)| before == topic);
        let folders =
            entries(self.data_folder()).filter(|entry| ours(&entry.file_name().to_string_lossy()));
        let files = folders.flat_map(|folder| entries(folder.path()));
        let logs = files.filter(|file| file.path().extension().is_some_and(|e| e == "log"));
        logs.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    fn wait(&mut self) {
        let (address, folder, node) = (self.address, self.folder.path(), &mut self.node);
        eventually(START, || {
            if let Some(status) = node.try_wait().expect("a child can be waited for") {
                let log = std::fs::read_to_string(folder.join("node.log")).unwrap_or_default();
                panic!("the real Kafka ended with {status}:\n{log}");
            }
            answers(address).map_err(|error| format!("the real Kafka does not answer: {error}"))
        });
    }
}

impl Drop for RealKafka {
    fn drop(&mut self) {
        // Its data folder goes too: there is nothing to shut down for.
        drop(self.node.stdin.take());
        let _ = self.node.wait();
    }
}

/// A port of the loopback address that nobody listened on a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address")
}

/// Whether a Kafka at `address` answers ApiVersions.
pub fn answers(address: SocketAddr) -> std::io::Result<()> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    for piece in encode_request(&ApiVersionsRequest::default(), 0, 7, "strait-tests") {
        let Piece::Bytes(bytes) = piece else { unreachable!("no records in there") };
        stream.write_all(&bytes)?;
    }
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    if head[4..] == [0, 0, 0, 7] { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

fn format_folder(java: &JavaTools, properties: &str) {
    let id = "c3RyYWl0LXRlc3RzLTAwMQ";
    let mut format = java.java("error", 256);
    format.args(["kafka.tools.StorageTool", "format", "-t", id, "-c", properties]);
    process::run(&mut format, "", START).expect_success();
}

fn server_properties(
    address: SocketAddr,
    controller: SocketAddr,
    data: &std::path::Path,
) -> String {
    let data = data.display();
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@{controller}\n\
         listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{address}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         log.dirs={data}\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n"
    )
}
