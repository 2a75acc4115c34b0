//! Apache Kafka's own tools, whose output people know by heart.

use std::path::Path;

use crate::support::process::PATIENCE;
use crate::support::{JavaTools, Kcat, eventually};

/// Everything the tools are asked to do.
pub fn stories(java: &JavaTools, bootstrap: &str) {
    topics(java, bootstrap);
    configs(java, bootstrap);
    console(java, bootstrap);
    groups(java, bootstrap);
}

/// Create, describe, alter, list, delete.
pub fn topics(java: &JavaTools, bootstrap: &str) {
    let topics = |arguments: &[&str]| java.topics(bootstrap, arguments);
    let create = ["--create", "--topic", "java-topic", "--partitions", "3"];
    let told = topics(&[&create[..], &["--config", "retention.ms=3600000"]].concat());
    assert!(told.expect_success().contains("Created topic java-topic."));
    let twice = topics(&create).expect_failure();
    assert!(twice.contains("Topic 'java-topic' already exists."), "{twice}");

    let described = topics(&["--describe", "--topic", "java-topic"]).expect_success();
    assert!(described.starts_with("Topic: java-topic\tTopicId: "), "{described}");
    assert!(described.contains("PartitionCount: 3\tReplicationFactor: 1\t"), "{described}");
    assert!(described.contains("retention.ms=3600000"), "{described}");
    assert_eq!(described.matches("\tLeader: ").count(), 3, "{described}");

    let alter = ["--alter", "--topic", "java-topic", "--partitions"];
    topics(&[&alter[..], &["5"]].concat()).expect_success();
    let fewer = topics(&[&alter[..], &["2"]].concat()).expect_failure();
    assert!(fewer.contains("5 partition"), "{fewer}");
    let listed = topics(&["--list"]).expect_success();
    assert!(listed.lines().any(|topic| topic == "java-topic"), "{listed}");
    let described = topics(&["--describe", "--topic", "java-topic"]).expect_success();
    assert_eq!(described.matches("\tLeader: ").count(), 5, "{described}");

    topics(&["--create", "--topic", "java-gone"]).expect_success();
    topics(&["--delete", "--topic", "java-gone"]).expect_success();
    let missing = topics(&["--describe", "--topic", "java-gone"]).expect_failure();
    assert!(missing.contains("java-gone"), "{missing}");
}

/// A topic's configs, as they are said to be.
pub fn configs(java: &JavaTools, bootstrap: &str) {
    let describe = ["--describe", "--entity-type", "topics", "--entity-name", "java-topic"];
    let described = java.configs(bootstrap, &describe).expect_success();
    assert!(described.contains("retention.ms=3600000"), "{described}");
    let all = [&describe[..], &["--all"]].concat();
    let described = java.configs(bootstrap, &all).expect_success();
    assert!(described.contains("cleanup.policy=delete"), "{described}");
}

/// Producer, consumer, offsets; every codec.
pub fn console(java: &JavaTools, bootstrap: &str) {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("java-{codec}");
        let lines: String = (0..500).map(|n| format!("key{n}\tpost {n}\n")).collect();
        let produce = ["--topic", &topic, "--compression-codec", codec, "--property"];
        let produced =
            java.console_producer(bootstrap, &[&produce[..], &["parse.key=true"]].concat(), &lines);
        let said = produced.expect_success();
        assert!(!said.contains("ERROR"), "{codec}: {said}");
        let options = ["--from-beginning", "--max-messages", "500", "--timeout-ms", "20000"];
        let consume = ["--topic", &topic, "--property", "print.key=true"];
        let consumed = java.console_consumer(bootstrap, &[&consume[..], &options].concat());
        assert_eq!(consumed.expect_success(), lines, "{codec}");
    }
    let asked = ["--topic-partitions", "java-lz4:0", "--time"];
    let latest = java.get_offsets(bootstrap, &[&asked[..], &["-1"]].concat()).expect_success();
    assert_eq!(latest, "java-lz4:0:500\n");
    let earliest = java.get_offsets(bootstrap, &[&asked[..], &["-2"]].concat()).expect_success();
    assert_eq!(earliest, "java-lz4:0:0\n");
}

/// A group that read a part, and how the tool describes, resets and deletes it.
pub fn groups(java: &JavaTools, bootstrap: &str) {
    let consume = ["--topic", "java-lz4", "--group", "java-group", "--from-beginning"];
    let part = ["--max-messages", "120", "--timeout-ms", "20000"];
    java.console_consumer(bootstrap, &[&consume[..], &part].concat()).expect_success();
    let groups = |arguments: &[&str]| java.consumer_groups(bootstrap, arguments);

    assert!(groups(&["--list"]).expect_success().lines().any(|group| group == "java-group"));
    let described = groups(&["--describe", "--group", "java-group"]).expect_success();
    let row = described.lines().find(|line| line.starts_with("java-group "));
    let row: Vec<&str> = row.expect("a row for its partition").split_whitespace().collect();
    assert_eq!(row[..6], ["java-group", "java-lz4", "0", "120", "500", "380"], "{described}");
    let state = groups(&["--describe", "--group", "java-group", "--state"]).expect_success();
    assert!(state.contains("Empty"), "{state}");
    let members = ["--describe", "--group", "java-group", "--members", "--verbose"];
    let members = groups(&members);
    let members = members.stdout + &members.stderr;
    assert!(members.contains("has no active members"), "{members}");

    let reset = ["--reset-offsets", "--group", "java-group", "--topic", "java-lz4"];
    let reset = groups(&[&reset[..], &["--to-offset", "7", "--execute"]].concat());
    assert!(reset.expect_success().lines().any(|line| line.trim_end().ends_with(" 7")));
    groups(&["--delete", "--group", "java-group"]).expect_success();
    assert!(!groups(&["--list"]).expect_success().contains("java-group"));
}

/// A live group as the tool shows it: who is there, from where, with what.
pub fn members(java: &JavaTools, kcat: &Kcat, bootstrap: &str) {
    let options = ["-X", "client.id=reader", "-X", "auto.offset.reset=earliest", "java-topic"];
    let _reader = kcat.start(bootstrap, &[&["-G", "live"], &options[..]].concat());
    let arguments = ["--describe", "--group", "live", "--members", "--verbose"];
    let row: Vec<String> = eventually(PATIENCE, || {
        let told = java.consumer_groups(bootstrap, &arguments);
        let mut lines = told.stdout.lines();
        let row = lines.find(|line| line.starts_with("live ") && line.contains("java-topic"));
        row.map(|row| row.split_whitespace().map(str::to_owned).collect())
            .ok_or_else(|| told.to_string())
    });
    let (member, rest) = row[1..].split_first().expect("a member id");
    assert!(member.starts_with("reader-"), "{row:?}");
    assert_eq!(rest[..3], ["/127.0.0.1", "reader", "5"], "{row:?}");
    assert!(row.contains(&"java-topic:0,1,2,3,4".to_owned()), "{row:?}");
    let state = ["--describe", "--group", "live", "--state"];
    let state = java.consumer_groups(bootstrap, &state).expect_success();
    let row = state.lines().find(|line| line.starts_with("live ")).expect("a row for the group");
    assert!(row.contains("range") && row.contains("Stable"), "{state}");
}

/// Kafka's log reader on a data folder: [`console`] has filled `java-zstd`.
pub fn dumps_the_log(java: &JavaTools, data: &Path) {
    let deep =
        ["--deep-iteration", "--print-data-log", "--files", &segment(data, "java-zstd", "log")];
    let dumped = java.dump_log(&deep).expect_success();
    assert!(dumped.contains("compresscodec: zstd"), "{dumped}");
    assert!(dumped.contains("isvalid: true") && !dumped.contains("isvalid: false"), "{dumped}");
    assert_eq!(dumped.matches("| offset: ").count(), 500, "{dumped}");
    assert!(dumped.contains("key: key499 payload: post 499"), "{dumped}");
}

/// Kafka's index reader on the folder of a broker that has stopped (while it runs, Kafka's own
/// are full of zeros); [`fills_indexes`] came before.
pub fn checks_the_indexes(java: &JavaTools, data: &Path) {
    for kind in ["index", "timeindex"] {
        let file = segment(data, "java-indexed", kind);
        let sane = java.dump_log(&["--index-sanity-check", "--files", &file]).expect_success();
        assert!(sane.contains("passed sanity check"), "{kind}: {sane}");
        let said = java.dump_log(&["--files", &file]).expect_success();
        assert!(said.matches("offset: ").count() > 1, "{kind}: {said}");
        assert!(!said.contains("ismatch") && !said.contains("not found"), "{kind}: {said}");
    }
}

/// Two hundred batches of about 4 KB each.
pub fn fills_indexes(kcat: &Kcat, bootstrap: &str) {
    let lines: Vec<String> = (0..2000).map(|n| format!("post {n} {}", "x".repeat(400))).collect();
    let small_batches = ["-X", "batch.num.messages=10", "-X", "linger.ms=100"];
    kcat.produce(bootstrap, "java-indexed", &lines.join("\n"), &small_batches);
}

fn segment(data: &Path, topic: &str, kind: &str) -> String {
    let file = data.join(format!("{topic}-0")).join(format!("00000000000000000000.{kind}"));
    file.display().to_string()
}
