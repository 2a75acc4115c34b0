//! The Python clients; their scripts are the stories.

use crate::support::Python;

/// Both clients, one after the other.
pub fn stories(python: &Python, bootstrap: &str) {
    kafka_python(python, bootstrap);
    confluent(python, bootstrap);
}

/// kafka-python: its own implementation of the protocol.
pub fn kafka_python(python: &Python, bootstrap: &str) {
    let told = python.run("kafka_python.py", &[bootstrap, "kafka-python"]).expect_success();
    assert!(told.ends_with("group\nresume\nadmin\n"), "{told}");
}

/// confluent-kafka: a recent librdkafka.
pub fn confluent(python: &Python, bootstrap: &str) {
    let told = python.run("confluent.py", &[bootstrap, "confluent"]).expect_success();
    assert!(told.ends_with("widen_and_delete\ncluster\n"), "{told}");
}
