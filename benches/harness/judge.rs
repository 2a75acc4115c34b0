//! What stands in a topic, read by librdkafka with CRC checks on.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(60);

/// A topic's records: counts, bytes, and a digest of each partition in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Records in all partitions.
    pub records: u64,
    /// Bytes of their keys and values.
    pub raw_bytes: u64,
    digests: Vec<u64>,
}

/// Reads topics of one cluster.
pub struct Judge {
    consumer: BaseConsumer,
}

impl Judge {
    /// A judge over the cluster behind `bootstrap`.
    pub fn new(bootstrap: &str) -> Self {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "strait-bench-judge")
            .set("enable.auto.commit", "false")
            .set("check.crcs", "true")
            .set("fetch.message.max.bytes", "4194304")
            .set("queued.max.messages.kbytes", "131072")
            .set("fetch.queue.backoff.ms", "5")
            .create()
            .expect("the settings are librdkafka's own");
        Self { consumer }
    }

    /// End offsets of all partitions added up; 0 while there is no topic.
    pub fn end(&self, topic: &str, partitions: i32) -> i64 {
        self.ends(topic, partitions).map_or(0, |ends| ends.iter().sum())
    }

    /// Reads everything that is there now.
    pub fn read(&self, topic: &str, partitions: i32) -> Contents {
        let mut digests = vec![DefaultHasher::new(); partitions as usize];
        let (records, raw_bytes) = self.each(topic, partitions, |message| {
            digest(&mut digests[message.partition() as usize], message);
        });
        Contents { records, raw_bytes, digests: digests.iter().map(Hasher::finish).collect() }
    }

    /// Reads everything and only counts: records, and bytes of their keys and values.
    pub fn count(&self, topic: &str, partitions: i32) -> (u64, u64) {
        self.each(topic, partitions, |_| {})
    }

    fn each(
        &self,
        topic: &str,
        partitions: i32,
        mut look: impl FnMut(&BorrowedMessage),
    ) -> (u64, u64) {
        let ends = self.ends(topic, partitions).expect("the topic is there");
        self.assign(topic, partitions);
        let mut left = ends.iter().filter(|end| **end > 0).count();
        let (mut records, mut raw_bytes, mut heard) = (0, 0, Instant::now());
        while left > 0 {
            let Some(message) = self.consumer.poll(Duration::from_millis(100)) else {
                assert!(heard.elapsed() < PATIENCE, "{topic}: nothing more comes");
                continue;
            };
            let message = message.expect("the topic is readable");
            heard = Instant::now();
            records += 1;
            raw_bytes += raw_bytes_of(&message);
            look(&message);
            left -= usize::from(message.offset() + 1 == ends[message.partition() as usize]);
        }
        self.consumer.unassign().expect("a consumer can leave");
        (records, raw_bytes)
    }

    fn assign(&self, topic: &str, partitions: i32) {
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            all.add_partition_offset(topic, partition, Offset::Beginning).expect("a valid offset");
        }
        self.consumer.assign(&all).expect("a consumer can be assigned");
    }

    fn ends(&self, topic: &str, partitions: i32) -> Option<Vec<i64>> {
        let end = |partition| {
            let marks = self.consumer.fetch_watermarks(topic, partition, Duration::from_secs(5));
            marks.ok().map(|(_, high)| high)
        };
        (0..partitions).map(end).collect()
    }
}

fn digest(into: &mut DefaultHasher, message: &impl Message) {
    let part = |into: &mut DefaultHasher, bytes: Option<&[u8]>| {
        into.write_i64(bytes.map_or(-1, |bytes| bytes.len() as i64));
        into.write(bytes.unwrap_or_default());
    };
    part(into, message.key());
    part(into, message.payload());
    into.write_i64(message.timestamp().to_millis().unwrap_or(-1));
    into.write_usize(message.headers().map_or(0, |headers| headers.count()));
}

fn raw_bytes_of(message: &impl Message) -> u64 {
    let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
    (length(message.key()) + length(message.payload())) as u64
}
