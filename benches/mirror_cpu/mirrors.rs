//! The mirrors that are compared: how each is started, and what its target topic is called.

use std::path::Path;
use std::process::Command;

use crate::rdkafka_loop;
use crate::support::JavaTools;

/// One of the mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror {
    /// `strait mirror`, compression `pass`, at_least_once into a stock Kafka.
    Strait,
    /// A plain librdkafka consume and produce loop.
    RdkafkaLoop,
    /// MirrorMaker 2 with larger fetches, LZ4 and 64 KB batches.
    Mm2,
}

/// Where a round runs.
pub struct Round<'a> {
    /// `host:port` of the source.
    pub source: &'a str,
    /// `host:port` of the target.
    pub target: &'a str,
    /// The source topic.
    pub topic: &'a str,
    /// Partitions of it.
    pub partitions: i32,
    /// Makes topics and identities of this round its own.
    pub label: String,
    /// For configuration files.
    pub folder: &'a Path,
}

impl Mirror {
    /// The mirror's name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Mirror::Strait => "strait mirror, pass",
            Mirror::RdkafkaLoop => "rdkafka loop, LZ4",
            Mirror::Mm2 => "MirrorMaker 2, tuned",
        }
    }

    /// Whether it creates its target topic itself.
    pub fn creates_topic(self) -> bool {
        self != Mirror::RdkafkaLoop
    }

    /// The command that mirrors until it is ended.
    pub fn command(self, java: &JavaTools, round: &Round) -> Command {
        match self {
            Mirror::Strait => strait(round),
            Mirror::RdkafkaLoop => rdkafka_loop::command(round),
            Mirror::Mm2 => mirror_maker(java, round),
        }
    }
}

impl Round<'_> {
    /// The round's own target topic; MirrorMaker 2 puts the source's alias before the name.
    pub fn target_topic(&self) -> String {
        format!("{}.{}", self.label, self.topic)
    }
}

fn strait(round: &Round) -> Command {
    let Round { source, target, topic, label, folder, .. } = round;
    let file = folder.join(format!("{label}.yaml"));
    let text = format!(
        "version: 1\n\
         regions:\n  \
           source: {{ bootstrap: [\"{source}\"] }}\n  \
           target: {{ bootstrap: [\"{target}\"] }}\n\
         pipelines:\n  \
           - {{ name: {label}, from: source, to: target, topics: {{ include: [{topic}] }}, \
                naming: \"{label}.{{topic}}\", compression: pass }}\n"
    );
    std::fs::write(&file, text).expect("a temporary folder is writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("mirror").arg("-c").arg(file);
    command
}

fn mirror_maker(java: &JavaTools, round: &Round) -> Command {
    let Round { source, target, topic, label, folder, .. } = round;
    let file = folder.join(format!("{label}.properties"));
    let text = format!(
        "clusters={label},t\n\
         {label}.bootstrap.servers={source}\n\
         t.bootstrap.servers={target}\n\
         {label}->t.enabled=true\n\
         {label}->t.topics={topic}\n\
         t->{label}.enabled=false\n\
         tasks.max=1\n\
         replication.factor=1\n\
         checkpoints.topic.replication.factor=1\n\
         heartbeats.topic.replication.factor=1\n\
         offset-syncs.topic.replication.factor=1\n\
         offset.storage.replication.factor=1\n\
         status.storage.replication.factor=1\n\
         config.storage.replication.factor=1\n\
         {label}.consumer.max.partition.fetch.bytes=4194304\n\
         {label}.consumer.max.poll.records=2000\n\
         t.producer.compression.type=lz4\n\
         t.producer.batch.size=65536\n\
         t.producer.linger.ms=10\n"
    );
    std::fs::write(&file, text).expect("a temporary folder is writable");
    let mut command = java.java("error", 2048);
    command.arg("org.apache.kafka.connect.mirror.MirrorMaker").arg(file);
    command
}
