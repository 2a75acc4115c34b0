//! The stories, put to our broker; and what a stranger finds after it stopped or crashed.

use super::{java, kcat, python};
use crate::peers;
use crate::support::{InProcessBroker, JavaTools, Kcat, Python};

#[test]
fn kcat_is_served() {
    peers!(kcat: Kcat);
    let broker = InProcessBroker::start();
    kcat::stories(&kcat, &broker.bootstrap());
}

#[test]
fn kafka_python_is_served() {
    peers!(python: Python);
    let broker = InProcessBroker::start();
    python::kafka_python(&python, &broker.bootstrap());
}

#[test]
fn confluent_kafka_is_served() {
    peers!(python: Python);
    let broker = InProcessBroker::start();
    python::confluent(&python, &broker.bootstrap());
}

#[test]
fn the_java_tools_are_served() {
    peers!(java: JavaTools, kcat: Kcat);
    let mut broker = InProcessBroker::start();
    java::stories(&java, &broker.bootstrap());
    java::members(&java, &kcat, &broker.bootstrap());
    java::fills_indexes(&kcat, &broker.bootstrap());
    broker.drain_and_restart();
    java::dumps_the_log(&java, &broker.data_folder());
    java::checks_the_indexes(&java, &broker.data_folder());
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash_and_after_a_drain() {
    peers!(kcat: Kcat);
    let mut broker = InProcessBroker::start();
    let lines: Vec<String> = (0..3000).map(|n| format!("post {n}")).collect();
    kcat.produce(&broker.bootstrap(), "kept", &lines[..1000].join("\n"), &["-z", "lz4"]);
    let group =
        ["-G", "readers", "-q", "-f", "%s\n", "-c", "700", "-X", "auto.offset.reset=earliest"];
    let read = |broker: &InProcessBroker| {
        kcat.run(&broker.bootstrap(), &[&group[..], &["kept"]].concat(), "").expect_success()
    };
    assert!(read(&broker).ends_with("post 699\n"));

    broker.crash_and_restart();
    assert_eq!(kcat.consume(&broker.bootstrap(), "kept", "%s"), lines[..1000]);
    kcat.produce(&broker.bootstrap(), "kept", &lines[1000..2000].join("\n"), &["-z", "zstd"]);
    assert!(read(&broker).ends_with("post 1399\n"));

    broker.drain_and_restart();
    kcat.produce(&broker.bootstrap(), "kept", &lines[2000..].join("\n"), &[]);
    assert_eq!(kcat.consume(&broker.bootstrap(), "kept", "%s"), lines);
    assert!(read(&broker).ends_with("post 2099\n"));
}
