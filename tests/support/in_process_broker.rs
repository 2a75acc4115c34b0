//! Our broker, in this process, in a folder of its own.

use std::path::PathBuf;
use std::time::Duration;

use strait_broker::{Broker, BrokerConfig};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A running broker and the runtime it lives on.
pub struct InProcessBroker {
    broker: Option<Broker>,
    runtime: Runtime,
    folder: TempDir,
}

impl InProcessBroker {
    /// Starts one on a free port, with topics created as they are asked for, as a stock Kafka.
    pub fn start() -> Self {
        let runtime = runtime();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut this = Self { broker: None, runtime, folder };
        this.serve();
        this
    }

    /// Where clients begin: `127.0.0.1:PORT`.
    pub fn bootstrap(&self) -> String {
        self.broker.as_ref().expect("it serves").address().to_string()
    }

    /// The folder with a folder for each partition.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Ends without closing anything, as a killed process would, and starts again on the same
    /// folder (and on another port).
    pub fn crash_and_restart(&mut self) {
        drop(self.broker.take());
        // Every task dies with its runtime, wherever it is.
        self.runtime = runtime();
        self.serve();
    }

    /// Ends in order and starts again on the same folder (and on another port).
    pub fn drain_and_restart(&mut self) {
        let broker = self.broker.take().expect("it serves");
        self.runtime.block_on(broker.drain(Duration::from_secs(5)));
        self.serve();
    }

    fn serve(&mut self) {
        let config = BrokerConfig {
            data_dir: self.data_folder(),
            auto_create_topics: true,
            ..BrokerConfig::default()
        };
        let broker = self.runtime.block_on(Broker::start(config));
        self.broker = Some(broker.expect("the broker starts"));
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime starts")
}
