//! Apache Kafka's own command lines. Each call starts a JVM: about two seconds of a core.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::Peer;
use super::peer::installed;
use super::process::{Finished, PATIENCE, run};

/// Java and the jars of Apache Kafka 4.1.1.
#[derive(Clone)]
pub struct JavaTools {
    jars: PathBuf,
    flags: &'static [&'static str],
}

/// Quick to start: the second compiler never pays in a test.
const BRIEF: &[&str] = &["-XX:TieredStopAtLevel=1"];
/// What Kafka's own start scripts set.
const STOCK: &[&str] = &[
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
];

impl JavaTools {
    /// Finds `java` on the path and the jars in `STRAIT_KAFKA_JARS` or `target/peers`.
    pub fn locate() -> Peer<Self> {
        let jars = std::env::var_os("STRAIT_KAFKA_JARS")
            .map_or_else(|| installed("kafka-4.1.1"), PathBuf::from);
        let java = Command::new("java").arg("-version").output();
        let found =
            java.is_ok_and(|o| o.status.success()) && jars.join("kafka_2.13-4.1.1.jar").exists();
        Peer::of(found.then_some(Self { jars, flags: BRIEF }), "Java with Apache Kafka 4.1.1")
    }

    /// The same with the flags of Kafka's own start scripts, for what runs long and is measured.
    #[allow(dead_code, reason = "for benches")]
    pub fn stock(self) -> Self {
        Self { flags: STOCK, ..self }
    }

    /// `java` with the class path set and logging at `level`.
    pub fn java(&self, level: &str, heap_mb: usize) -> Command {
        let mut java = Command::new("java");
        java.arg(format!("-Xmx{heap_mb}M"));
        java.args(self.flags);
        java.arg(format!("-Dorg.slf4j.simpleLogger.defaultLogLevel={level}"));
        java.arg("-cp").arg(self.jars.join("*"));
        java
    }

    /// Runs a main class to its end.
    pub fn run(&self, class: &str, arguments: &[&str], input: &str) -> Finished {
        self.run_within(PATIENCE, class, arguments, input)
    }

    /// Runs a main class to its end or its deadline.
    pub fn run_within(
        &self,
        patience: Duration,
        class: &str,
        arguments: &[&str],
        input: &str,
    ) -> Finished {
        run(self.java("error", 256).arg(class).args(arguments), input, patience)
    }

    /// `kafka-topics.sh`
    pub fn topics(&self, bootstrap: &str, arguments: &[&str]) -> Finished {
        self.tool("org.apache.kafka.tools.TopicCommand", bootstrap, arguments, "")
    }

    /// `kafka-configs.sh`
    pub fn configs(&self, bootstrap: &str, arguments: &[&str]) -> Finished {
        self.tool("kafka.admin.ConfigCommand", bootstrap, arguments, "")
    }

    /// `kafka-consumer-groups.sh`
    pub fn consumer_groups(&self, bootstrap: &str, arguments: &[&str]) -> Finished {
        let class = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
        self.tool(class, bootstrap, arguments, "")
    }

    /// `kafka-console-producer.sh`
    pub fn console_producer(&self, bootstrap: &str, arguments: &[&str], input: &str) -> Finished {
        self.tool("org.apache.kafka.tools.ConsoleProducer", bootstrap, arguments, input)
    }

    /// `kafka-console-consumer.sh`
    pub fn console_consumer(&self, bootstrap: &str, arguments: &[&str]) -> Finished {
        self.tool("org.apache.kafka.tools.consumer.ConsoleConsumer", bootstrap, arguments, "")
    }

    /// `kafka-get-offsets.sh`
    pub fn get_offsets(&self, bootstrap: &str, arguments: &[&str]) -> Finished {
        self.tool("org.apache.kafka.tools.GetOffsetShell", bootstrap, arguments, "")
    }

    /// `kafka-dump-log.sh`
    pub fn dump_log(&self, arguments: &[&str]) -> Finished {
        self.run("kafka.tools.DumpLogSegments", arguments, "")
    }

    fn tool(&self, class: &str, bootstrap: &str, arguments: &[&str], input: &str) -> Finished {
        let arguments = [&["--bootstrap-server", bootstrap], arguments].concat();
        self.run(class, &arguments, input)
    }
}
