//! The independent judge: librdkafka 2.12 writes at the source and reads at the target.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic};
use rdkafka::admin::{ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long a call or a silence may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A record as the judge saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// Its value as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// Everything but where it stands.
    pub fn content(&self) -> Record {
        Record { offset: 0, ..self.clone() }
    }
}

impl From<&BorrowedMessage<'_>> for Record {
    fn from(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map(|headers| headers.iter()).into_iter().flatten();
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers.map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect(),
        }
    }
}

/// A client's configuration.
pub fn config(bootstrap: &str, settings: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    settings.iter().for_each(|(key, value)| {
        config.set(*key, *value);
    });
    config
}

/// An idempotent producer with these settings.
pub fn producer(bootstrap: &str, settings: &[(&str, &str)]) -> BaseProducer {
    let usual = [("enable.idempotence", "true"), ("linger.ms", "5")];
    config(bootstrap, &[&usual[..], settings].concat()).create().expect("a producer")
}

/// Hands a record to the producer, waiting for room.
pub fn send(producer: &BaseProducer, mut record: BaseRecord<'_, [u8], [u8]>) {
    let began = Instant::now();
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                assert!(began.elapsed() < PATIENCE, "the producer's queue stays full");
                record = back;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => panic!("produce: {error}"),
        }
    }
}

/// Waits until everything is acknowledged.
pub fn flush(producer: &BaseProducer) {
    producer.flush(PATIENCE).expect("everything is acknowledged");
}

/// Produces one record a text into one partition.
pub fn produce(bootstrap: &str, topic: &str, partition: i32, texts: &[String]) {
    let producer = producer(bootstrap, &[]);
    for text in texts {
        let record = BaseRecord::to(topic).partition(partition).payload(text.as_bytes());
        send(&producer, record);
    }
    flush(&producer);
}

/// Creates a topic.
pub fn create_topic(bootstrap: &str, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let new = configs.iter().fold(new, |new, (key, value)| new.set(key, value));
    let created = wait(admin(bootstrap).create_topics([&new], &options()));
    created.expect("an answer")[0].as_ref().expect("the topic is created");
    eventually_known(bootstrap, topic, partitions);
}

/// Gives a topic more partitions.
pub fn widen(bootstrap: &str, topic: &str, partitions: usize) {
    let new = NewPartitions::new(topic, partitions);
    let widened = wait(admin(bootstrap).create_partitions([&new], &options()));
    widened.expect("an answer")[0].as_ref().expect("the topic is widened");
    eventually_known(bootstrap, topic, partitions as i32);
}

/// Deletes a topic.
pub fn delete_topic(bootstrap: &str, topic: &str) {
    let deleted = wait(admin(bootstrap).delete_topics(&[topic], &options()));
    deleted.expect("an answer")[0].as_ref().expect("the topic is deleted");
    super::eventually(PATIENCE, || match partitions(bootstrap, topic) {
        0 => Ok(()),
        n => Err(format!("{topic} still has {n} partitions")),
    });
}

/// Deletes the records before an offset.
pub fn delete_records(bootstrap: &str, topic: &str, partition: i32, before: i64) {
    let mut list = TopicPartitionList::new();
    let offset = Offset::Offset(before);
    list.add_partition_offset(topic, partition, offset).expect("an offset");
    wait(admin(bootstrap).delete_records(&list, &options())).expect("records are deleted");
}

/// Sets configs of a topic (those not named go back to their defaults).
pub fn alter_topic(bootstrap: &str, topic: &str, configs: &[(&str, &str)]) {
    let alter = AlterConfig::new(ResourceSpecifier::Topic(topic));
    let alter = configs.iter().fold(alter, |alter, (key, value)| alter.set(key, value));
    let altered = wait(admin(bootstrap).alter_configs([&alter], &options()));
    altered.expect("an answer")[0].as_ref().expect("configs are altered");
}

/// A topic's configs that are not defaults, by name.
pub fn configs(bootstrap: &str, topic: &str, names: &[&str]) -> Vec<(String, Option<String>)> {
    let asked = [ResourceSpecifier::Topic(topic)];
    let described = wait(admin(bootstrap).describe_configs(&asked, &options()));
    let described = described.expect("an answer").remove(0).expect("the topic has configs");
    let value = |name: &str| described.get(name).and_then(|entry| entry.value.clone());
    names.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}

/// How many partitions a topic has; 0 if there is none.
pub fn partitions(bootstrap: &str, topic: &str) -> i32 {
    // Asking about all topics never creates one.
    let metadata = consumer(bootstrap, &[]).fetch_metadata(None, PATIENCE).expect("metadata");
    let topics = metadata.topics().iter();
    topics.filter(|t| t.name() == topic).map(|t| t.partitions().len() as i32).sum()
}

/// Where each partition ends.
pub fn ends(bootstrap: &str, topic: &str) -> Vec<i64> {
    let consumer = consumer(bootstrap, &[]);
    let end = |partition| {
        let bounds = consumer.fetch_watermarks(topic, partition, PATIENCE);
        bounds.unwrap_or_else(|e| panic!("the end of {topic}-{partition}: {e}")).1
    };
    (0..partitions(bootstrap, topic)).map(end).collect()
}

/// Everything in a topic that `read_committed` shows, partition by partition.
pub fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    read_with(bootstrap, topic, &[])
}

/// The same with settings of the consumer's.
pub fn read_with(bootstrap: &str, topic: &str, settings: &[(&str, &str)]) -> Vec<Record> {
    let mut records = Vec::new();
    each(bootstrap, topic, settings, |message| records.push(Record::from(message)));
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

/// Shows every record of a topic, in order within each partition.
pub fn each(
    bootstrap: &str,
    topic: &str,
    settings: &[(&str, &str)],
    mut see: impl FnMut(&BorrowedMessage<'_>),
) {
    let consumer = consumer(bootstrap, settings);
    let mut assignment = TopicPartitionList::new();
    let mut open = partitions(bootstrap, topic);
    for partition in 0..open {
        let begin = Offset::Beginning;
        assignment.add_partition_offset(topic, partition, begin).expect("an offset");
    }
    consumer.assign(&assignment).expect("partitions are assigned");
    let mut heard = Instant::now();
    while open > 0 {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => see(&message),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => panic!("reading {topic}: {error}"),
            None => {
                assert!(heard.elapsed() < PATIENCE, "{topic} has gone silent");
                continue;
            }
        }
        heard = Instant::now();
    }
}

fn consumer(bootstrap: &str, settings: &[(&str, &str)]) -> BaseConsumer {
    let usual = [
        ("group.id", "judge"),
        ("enable.auto.commit", "false"),
        ("enable.partition.eof", "true"),
        ("check.crcs", "true"),
        ("fetch.wait.max.ms", "50"),
    ];
    config(bootstrap, &[&usual[..], settings].concat()).create().expect("a consumer")
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    config(bootstrap, &[]).create().expect("an admin client")
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE))
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers starts").block_on(answer)
}

fn eventually_known(bootstrap: &str, topic: &str, wanted: i32) {
    super::eventually(PATIENCE, || match partitions(bootstrap, topic) {
        n if n == wanted => Ok(()),
        n => Err(format!("{topic} has {n} of {wanted} partitions")),
    });
}
