//! Our own broker as users run it: `strait broker` in a process of its own, gone on drop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::child::{LoggedChild, strait};
use super::eventually;
use super::real_kafka::{answers, free_address};

const START: Duration = Duration::from_secs(30);

/// A running broker; its data outlives a kill.
pub struct OurBroker {
    process: LoggedChild,
    folder: TempDir,
    address: SocketAddr,
}

impl OurBroker {
    /// Starts one on a free port with an empty folder.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let process = spawn(address, &folder.path().join("data"));
        let broker = Self { process, folder, address };
        broker.wait();
        broker
    }

    /// Where clients begin.
    pub fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    /// The folder with a folder for each partition.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Ends it as a power loss of the process would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on what is in its folder.
    pub fn start_again(&mut self) {
        self.process = spawn(self.address, &self.data_folder());
        self.wait();
    }

    /// Stops it in its tracks; connections stay open and silent.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    fn wait(&self) {
        eventually(START, || {
            answers(self.address).map_err(|e| format!("our broker: {e}\n{}", self.process.log()))
        });
    }
}

fn spawn(address: SocketAddr, data: &std::path::Path) -> LoggedChild {
    let mut broker = strait();
    broker.args(["broker", "--listen", &address.to_string(), "--data"]).arg(data);
    LoggedChild::spawn(&mut broker)
}
