//! Sources whose offsets have holes: compaction, transactions.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::peers;
use crate::support::librdkafka::Record;
use crate::support::{JavaTools, Make, RealKafka, Region, Route, eventually, librdkafka};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_compacted_source_arrives_right() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let topic = "compacted";
    compacted_topic(&us.bootstrap(), topic);
    for make in [Make::Real, Make::Ours] {
        let (sent, read) = mirrored(&java, &us, make, topic, &[]);
        let holes = sent.windows(2).filter(|pair| pair[1].offset != pair[0].offset + 1).count();
        assert!(holes > 50, "{holes} holes");
        let content = |records: &[Record]| records.iter().map(Record::content).collect::<Vec<_>>();
        assert_eq!(content(&read), content(&sent), "{make:?}");
        if make == Make::Ours {
            assert!(read == sent, "the holes are where they were");
        }
    }
}

/// A topic that the cleaner has been through: batches with holes, and batches that are gone.
fn compacted_topic(bootstrap: &str, topic: &str) {
    let configs = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("segment.ms", "300"),
        ("delete.retention.ms", "100"),
    ];
    librdkafka::create_topic(bootstrap, topic, 1, &configs);
    let producer = librdkafka::producer(bootstrap, &[("compression.codec", "lz4")]);
    let write = |n: usize, key: usize| {
        let (key, text) = (format!("key {key}"), format!("text {n}"));
        let record = BaseRecord::<[u8], [u8]>::to(topic).key(key.as_bytes());
        let record = if n.is_multiple_of(97) { record } else { record.payload(text.as_bytes()) };
        librdkafka::send(&producer, record);
    };
    let mut n = 0;
    for batch in 0..20 {
        for _ in 0..50 {
            // The first batches are about two keys only: nothing of them stays.
            write(n, if batch < 4 { n % 2 } else { scattered(n) % 300 });
            n += 1;
        }
        librdkafka::flush(&producer);
    }
    eventually(PATIENCE, || {
        // A segment older than `segment.ms` is closed by the next record.
        write(n, 0);
        librdkafka::flush(&producer);
        n += 1;
        match librdkafka::read(bootstrap, topic).len() {
            left if left < 600 => Ok(()),
            left => Err(format!("{left} of {n} records left: the cleaner has not been here")),
        }
    });
}

#[test]
fn a_transactional_source_arrives_right() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let topic = "transactional";
    librdkafka::create_topic(&us.bootstrap(), topic, 2, &[]);
    let committed = transactions(&us.bootstrap(), topic);
    for make in [Make::Real, Make::Ours] {
        let everything = [("isolation.level", "read_uncommitted")];
        // Into any Kafka only what was committed arrives; our copy is whole, and its readers
        // see what the source's readers see.
        let settings = if make == Make::Real { &everything[..] } else { &[] };
        let (sent, read) = mirrored(&java, &us, make, topic, settings);
        for partition in 0..2 {
            let of = |records: &[Record]| -> Vec<String> {
                let those = records.iter().filter(|r| r.partition == partition);
                those.map(Record::text).collect()
            };
            assert_eq!(of(&sent), committed[&partition], "the source itself");
            assert_eq!(of(&read), committed[&partition], "{make:?}");
        }
        if make == Make::Ours {
            assert!(read == sent, "offsets are kept");
            let all = |region: &str| librdkafka::read_with(region, topic, &everything).len();
            assert!(all(&us.bootstrap()) > sent.len());
        }
    }
}

/// Two producers whose transactions interleave, some aborted, and one without transactions;
/// what readers may see, by partition.
fn transactions(bootstrap: &str, topic: &str) -> HashMap<i32, Vec<String>> {
    let producers = ["one", "two"].map(|name| transactional(bootstrap, &format!("{topic}-{name}")));
    let plain = librdkafka::producer(bootstrap, &[]);
    let mut visible: HashMap<i32, Vec<String>> = HashMap::new();
    for round in 0..12 {
        let aborts = [round % 3 == 1, round % 4 >= 2];
        producers.iter().for_each(|p| p.begin_transaction().expect("a transaction begins"));
        for step in 0..3 {
            for (producer, aborted) in producers.iter().zip(aborts) {
                for partition in 0..2 {
                    let text = format!("round {round} step {step} aborted {aborted}");
                    write(producer, topic, partition, &text);
                    if !aborted {
                        visible.entry(partition).or_default().push(text);
                    }
                }
            }
            let text = format!("round {round} step {step} by nobody's transaction");
            write(&plain, topic, 0, &text);
            visible.entry(0).or_default().push(text);
        }
        for (producer, aborted) in producers.iter().zip(aborts) {
            let ended = match aborted {
                true => producer.abort_transaction(PATIENCE),
                false => producer.commit_transaction(PATIENCE),
            };
            ended.expect("a transaction ends");
        }
    }
    visible
}

fn write(producer: &BaseProducer, topic: &str, partition: i32, text: &str) {
    let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition);
    librdkafka::send(producer, record.payload(text.as_bytes()));
    librdkafka::flush(producer);
}

fn transactional(bootstrap: &str, id: &str) -> BaseProducer {
    let producer = librdkafka::producer(bootstrap, &[("transactional.id", id)]);
    producer.init_transactions(PATIENCE).expect("transactions are there");
    producer
}

/// Mirrors the topic to a region of this make; what readers see at the source and, with these
/// settings, at the target.
fn mirrored(
    java: &JavaTools,
    us: &Region,
    make: Make,
    topic: &str,
    settings: &[(&str, &str)],
) -> (Vec<Record>, Vec<Record>) {
    let ad = Region::start(make, java, "ad");
    let worker = Route::new(topic, &us.bootstrap(), &ad.bootstrap(), topic).start();
    worker.wait_until_caught_up(topic, &us.bootstrap(), topic);
    for lane in worker.lanes(topic, topic).expect("its page") {
        assert_eq!((lane.faults, lane.state.as_str()), (0, "mirroring"), "{lane:?}");
    }
    let read = librdkafka::read_with(&ad.bootstrap(), topic, settings);
    (librdkafka::read(&us.bootstrap(), topic), read)
}

/// A number without a pattern.
fn scattered(n: usize) -> usize {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}
