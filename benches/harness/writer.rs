//! Writes posts with librdkafka: idempotent, `acks=all`, 64 KB batches.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use super::Posts;

/// Posts made up beforehand: about 64 MB.
const POSTS: usize = 60_000;
/// How long everything on its way may take to be acknowledged.
const FLUSH: Duration = Duration::from_secs(60);

/// What was written, and how long it took from the first record to the last acknowledgement.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    pub records: u64,
    pub raw_bytes: u64,
    pub elapsed: Duration,
}

/// A producer as every bench uses it.
pub fn producer(bootstrap: &str, compression: &str) -> ThreadedProducer<DefaultProducerContext> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("compression.type", compression)
        .set("batch.size", "65536")
        .set("linger.ms", "10")
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("queue.buffering.max.kbytes", "131072")
        .create()
        .expect("the settings are librdkafka's own")
}

/// Writes posts until `raw_bytes` are written, to the partitions in turn. The same posts come
/// again after [`POSTS`], far beyond what a codec looks back.
pub fn fill(
    bootstrap: &str,
    topic: &str,
    partitions: i32,
    compression: &str,
    raw_bytes: u64,
) -> Written {
    let producer = producer(bootstrap, compression);
    let posts = Posts::new(1).first(POSTS);
    let (mut records, mut written, since) = (0u64, 0u64, Instant::now());
    while written < raw_bytes {
        let (key, text) = &posts[records as usize % POSTS];
        let partition = (records % partitions as u64) as i32;
        let record = BaseRecord::to(topic).key(key).payload(text.as_str()).partition(partition);
        send(&producer, record);
        records += 1;
        written += (key.len() + text.len()) as u64;
    }
    producer.flush(FLUSH).expect("everything is acknowledged in time");
    Written { records, raw_bytes: written, elapsed: since.elapsed() }
}

/// Queues a record, waiting while the queue is full.
pub fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    mut record: BaseRecord<String, str>,
) {
    while let Err((error, back)) = producer.send(record) {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert_eq!(error, full, "the record is refused");
        std::thread::sleep(Duration::from_millis(1));
        record = back;
    }
}

/// Creates a topic with one replica.
pub fn create_topic(bootstrap: &str, topic: &str, partitions: i32) {
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let admin = admin(bootstrap);
    let created = wait(admin.create_topics([&new], &options()));
    created.expect("the broker answers").remove(0).expect("the topic is new");
}

/// Deletes a topic, to give its disk back.
pub fn delete_topic(bootstrap: &str, topic: &str) {
    let admin = admin(bootstrap);
    let deleted = wait(admin.delete_topics(&[topic], &options()));
    deleted.expect("the broker answers").remove(0).expect("the topic was there");
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread").block_on(answer)
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).create().expect("a client")
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)))
}
