//! The brokers that are compared, each with its flush policy, and how each is started.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::first_produce;
use crate::harness::{Child, Meter};
use crate::support::real_kafka::free_address;
use crate::support::{JavaTools, RealKafka};

/// A broker and when it calls a record safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Apache Kafka as it comes: the operating system writes when it likes.
    Kafka,
    /// Ours with the same promise.
    StraitOs,
    /// Ours with a group `fdatasync` before each acknowledgement: a stronger promise.
    StraitGroup,
}

/// A running broker.
pub struct Running {
    pub store: Store,
    pub bootstrap: String,
    pub meter: Meter,
    /// From the start of the process to the first acknowledged produce, topic creation included.
    pub start: Duration,
    _process: Process,
}

/// Held, so that the broker lives.
#[allow(dead_code, reason = "dropping it is its use")]
enum Process {
    Kafka(RealKafka),
    Strait(Child, tempfile::TempDir),
}

impl Store {
    /// All of them, in the order of each round.
    pub const ALL: [Store; 3] = [Store::Kafka, Store::StraitOs, Store::StraitGroup];

    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Store::Kafka => "Apache Kafka (flush by the OS)",
            Store::StraitOs => "strait broker, flush os",
            Store::StraitGroup => "strait broker, flush group",
        }
    }

    /// Starts it on a folder of its own, until its first acknowledged produce.
    pub fn start(self, java: &JavaTools) -> Running {
        match self {
            Store::Kafka => kafka(java),
            Store::StraitOs => strait(self, "os"),
            Store::StraitGroup => strait(self, "group"),
        }
    }
}

fn kafka(java: &JavaTools) -> Running {
    let kafka = RealKafka::start(java, &[]);
    let (bootstrap, meter) = (kafka.bootstrap(), Meter::of(kafka.pid()));
    first_produce::run(bootstrap.parse().expect("an address"));
    // Its folder was formatted before: only the broker's own process counts.
    let start = meter.age();
    Running { store: Store::Kafka, bootstrap, meter, start, _process: Process::Kafka(kafka) }
}

fn strait(store: Store, flush: &str) -> Running {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = free_address();
    let mut command = command(folder.path(), address, flush);
    let since = Instant::now();
    let child = Child::start(&mut command);
    first_produce::run(address);
    let (start, meter) = (since.elapsed(), child.meter);
    let bootstrap = address.to_string();
    Running { store, bootstrap, meter, start, _process: Process::Strait(child, folder) }
}

fn command(data: &Path, listen: SocketAddr, flush: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("broker").arg("--data").arg(data);
    command.args(["--listen", &listen.to_string(), "--flush", flush]);
    command
}
