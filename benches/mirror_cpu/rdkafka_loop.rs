//! The plain loop: consume with librdkafka, produce with librdkafka, record by record. It keeps
//! key, value, time and partition, and runs as a process of its own.

use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::harness::writer::producer;
use crate::mirrors::Round;

/// The first argument that turns this program into the loop.
pub const ARGUMENT: &str = "rdkafka-loop";

/// The command that starts the loop.
pub fn command(round: &Round) -> Command {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    command.args([ARGUMENT, round.source, round.target, round.topic, &round.target_topic()]);
    command.arg(round.partitions.to_string());
    command
}

/// Mirrors until killed.
pub fn run(arguments: &[String]) -> ! {
    let [source, target, topic, target_topic, partitions] = arguments else {
        panic!("{ARGUMENT} SOURCE TARGET TOPIC TARGET_TOPIC PARTITIONS")
    };
    let consumer = consumer(source);
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions.parse().expect("a number of partitions") {
        all.add_partition_offset(topic, partition, Offset::Beginning).expect("a valid offset");
    }
    consumer.assign(&all).expect("a consumer can be assigned");
    let producer = producer(target, "lz4");
    loop {
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            forward(&producer, target_topic, &message.expect("the source is readable"));
        }
    }
}

fn consumer(source: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", source)
        .set("group.id", "strait-bench-loop")
        .set("enable.auto.commit", "false")
        .set("check.crcs", "true")
        .set("fetch.message.max.bytes", "4194304")
        .create()
        .expect("the settings are librdkafka's own")
}

fn forward(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    message: &BorrowedMessage,
) {
    let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(message.partition());
    record.key = message.key();
    record.payload = message.payload();
    record.timestamp = message.timestamp().to_millis();
    while let Err((error, back)) = producer.send(record) {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert_eq!(error, full, "the target refuses a record");
        std::thread::sleep(Duration::from_millis(1));
        record = back;
    }
}
