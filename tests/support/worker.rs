//! A mirror worker as users run it: `strait mirror -c FILE` in a process of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitStatus;
use std::time::Duration;

use strait::status::Snapshot;
use strait::status::snapshot::{LaneSnapshot, PipelineSnapshot};
use tempfile::TempDir;

use super::child::{LoggedChild, strait};
use super::real_kafka::free_address;
use super::{eventually, librdkafka};

/// How long a worker may take for what a story waits for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running worker.
pub struct Worker {
    process: LoggedChild,
    http: SocketAddr,
    _folder: TempDir,
}

/// A configuration with one pipeline, `us-to-ad` unless it is given another name.
#[derive(Clone)]
pub struct Route {
    /// The pipeline's name.
    pub name: String,
    /// Where us begins.
    pub us: String,
    /// Where ad begins.
    pub ad: String,
    /// The pattern of topics.
    pub topics: String,
    /// More keys of the pipeline, as `key: value` with commas between.
    pub options: String,
    /// The worker's keys, likewise.
    pub worker: String,
}

impl Route {
    /// From `us` to `ad`, these topics.
    pub fn new(name: &str, us: &str, ad: &str, topics: &str) -> Self {
        Self {
            name: name.to_owned(),
            us: us.to_owned(),
            ad: ad.to_owned(),
            topics: topics.to_owned(),
            options: "discovery_interval: 500ms".to_owned(),
            worker: "checkpoint_interval: 200ms".to_owned(),
        }
    }

    /// With these keys of the pipeline beside the usual ones.
    pub fn with(mut self, options: &str) -> Self {
        self.options = format!("{}, {options}", self.options);
        self
    }

    /// As a person would write it.
    pub fn yaml(&self) -> String {
        let Route { name, us, ad, topics, options, worker } = self;
        format!(
            "version: 1\n\
             regions:\n  us: {{ bootstrap: [\"{us}\"] }}\n  ad: {{ bootstrap: [\"{ad}\"] }}\n\
             pipelines:\n  - {{ name: {name}, from: us, to: ad, \
             topics: {{ include: ['{topics}'] }}, {options} }}\n\
             worker: {{ {worker} }}\n"
        )
    }

    /// A worker of it.
    pub fn start(&self) -> Worker {
        Worker::start(&self.yaml())
    }
}

impl Worker {
    /// Starts one with this configuration, to which a page on a free port is added.
    pub fn start(yaml: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("strait.yaml");
        let http = free_address();
        let yaml = format!("{yaml}http: {{ listen: \"{http}\" }}\n");
        std::fs::write(&file, yaml).expect("a temporary folder is writable");
        let process = LoggedChild::spawn(strait().args(["mirror", "-c"]).arg(&file));
        Self { process, http, _folder: folder }
    }

    /// Ends it without a goodbye.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Asks it to end; how it did.
    pub fn terminate(&mut self, patience: Duration) -> ExitStatus {
        self.process.signal("TERM");
        self.process.wait(patience)
    }

    /// What it said.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits for a line with all these words.
    pub fn wait_for_line(&self, words: &[&str]) -> String {
        self.process.wait_for_line(PATIENCE, words)
    }

    /// Its latest snapshot.
    pub fn status(&self) -> Result<Snapshot, String> {
        let text = get(self.http, "/api/v1/status").map_err(|e| format!("its page: {e}"))?;
        serde_json::from_str(&text).map_err(|e| format!("{e} in {text}"))
    }

    /// One pipeline of its latest snapshot.
    pub fn pipeline(&self, name: &str) -> Result<PipelineSnapshot, String> {
        let mut all = self.status()?.pipelines.into_iter();
        all.find(|pipeline| pipeline.name == name).ok_or_else(|| format!("no pipeline {name}"))
    }

    /// The lanes of one source topic, by partition.
    pub fn lanes(&self, pipeline: &str, topic: &str) -> Result<Vec<LaneSnapshot>, String> {
        let lanes = self.pipeline(pipeline)?.lanes.into_iter();
        Ok(lanes.filter(|lane| lane.topic == topic).collect())
    }

    /// Waits until a lane is in this state for a reason with all these words; the reason.
    pub fn wait_for_state(&self, lane: (&str, &str, i32), state: &str, words: &[&str]) -> String {
        let (pipeline, topic, partition) = lane;
        eventually(PATIENCE, || {
            let lanes = self.lanes(pipeline, topic)?;
            let lane = lanes.iter().find(|lane| lane.partition == partition);
            let reason = lane.and_then(|lane| lane.reason.clone()).unwrap_or_default();
            let there = lane.is_some_and(|lane| lane.state == state);
            if there && words.iter().all(|word| reason.contains(word)) {
                return Ok(reason);
            }
            Err(format!("not {state} with {words:?}: {lanes:#?}\n{}", self.log()))
        })
    }

    /// Waits until the checkpoints have reached where the source's partitions end now.
    pub fn wait_until_caught_up(&self, pipeline: &str, source: &str, topic: &str) {
        let ends = librdkafka::ends(source, topic);
        eventually(PATIENCE * 3, || {
            let lanes = self.lanes(pipeline, topic)?;
            let behind = ends.iter().enumerate().find_map(|(partition, end)| {
                let lane = lanes.iter().find(|lane| lane.partition == partition as i32);
                let at = lane.map_or(-1, |lane| lane.checkpoint);
                (at < *end).then(|| format!("{topic}-{partition} is at {at} of {end}: {lane:#?}"))
            });
            behind.map_or(Ok(()), |text| Err(format!("{text}\n{}", self.log())))
        });
    }

    /// The most memory it ever had resident.
    pub fn peak_rss_bytes(&self) -> usize {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).expect("VmHWM has a number");
        kib.parse::<usize>().expect("a number") * 1024
    }
}

/// The body of a page.
fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    body.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}
