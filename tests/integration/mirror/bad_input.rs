//! What goes wrong with clusters and topics: one clear message (what, where, next step), nothing
//! lost, nothing hung, and every other lane goes on.

use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::time::Duration;

use rdkafka::producer::BaseRecord;

use super::segments::batches_of;
use crate::peers;
use crate::support::librdkafka::Record;
use crate::support::real_kafka::free_address;
use crate::support::{Make, OurBroker, RealKafka, Region, Route, Worker, eventually, librdkafka};

const SOON: Duration = Duration::from_secs(20);

fn texts(name: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("{name} {n}")).collect()
}

fn read_texts(bootstrap: &str, topic: &str, partition: i32) -> Vec<String> {
    let read = librdkafka::read(bootstrap, topic);
    read.iter().filter(|r| r.partition == partition).map(Record::text).collect()
}

/// Waits until the pipeline says what troubles it, with all these words.
fn trouble(worker: &Worker, pipeline: &str, words: &[&str]) -> String {
    eventually(SOON, || {
        let trouble = worker.pipeline(pipeline)?.trouble.unwrap_or_default();
        match words.iter().all(|word| trouble.contains(word)) {
            true => Ok(trouble),
            false => Err(format!("`{trouble}` lacks one of {words:?}\n{}", worker.log())),
        }
    })
}

#[test]
fn a_source_that_is_down_is_waited_for() {
    let (mut us, ad) = (OurBroker::start(), OurBroker::start());
    let topic = "late";
    librdkafka::create_topic(&us.bootstrap(), topic, 1, &[]);
    librdkafka::produce(&us.bootstrap(), topic, 0, &texts("before", 0..100));
    us.kill();
    let worker = Route::new("late", &us.bootstrap(), &ad.bootstrap(), topic).start();
    trouble(&worker, "late", &["`us`", &us.bootstrap(), "refused", "is a broker listening there?"]);
    worker.wait_for_line(&["late", "trying again"]);
    us.start_again();
    worker.wait_until_caught_up("late", &us.bootstrap(), topic);
    assert_eq!(worker.pipeline("late").expect("its page").trouble, None);
    // And again, in the middle of its work; then the target, too.
    us.kill();
    worker.wait_for_state(("late", topic, 0), "retrying", &["us"]);
    us.start_again();
    librdkafka::produce(&us.bootstrap(), topic, 0, &texts("after", 0..100));
    worker.wait_until_caught_up("late", &us.bootstrap(), topic);
    let all = [texts("before", 0..100), texts("after", 0..100)].concat();
    assert_eq!(read_texts(&ad.bootstrap(), topic, 0), all);
}

#[test]
fn a_target_that_goes_away_is_waited_for() {
    let (us, mut ad) = (OurBroker::start(), OurBroker::start());
    let topic = "waits";
    librdkafka::create_topic(&us.bootstrap(), topic, 1, &[]);
    librdkafka::produce(&us.bootstrap(), topic, 0, &texts("one", 0..100));
    let worker = Route::new("waits", &us.bootstrap(), &ad.bootstrap(), topic).start();
    worker.wait_until_caught_up("waits", &us.bootstrap(), topic);
    ad.kill();
    librdkafka::produce(&us.bootstrap(), topic, 0, &texts("two", 0..100));
    worker.wait_for_state(("waits", topic, 0), "retrying", &["ad"]);
    ad.start_again();
    worker.wait_until_caught_up("waits", &us.bootstrap(), topic);
    let all = [texts("one", 0..100), texts("two", 0..100)].concat();
    assert_eq!(read_texts(&ad.bootstrap(), topic, 0), all);
}

#[test]
fn a_port_that_is_not_kafkas_is_named() {
    let ad = OurBroker::start();
    // What an HTTP server and a TLS server say to a Kafka request, and one who says nothing.
    let http: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    let tls: &[u8] = &[0x15, 3, 3, 0, 2, 2, 80];
    for (name, answer, words) in [("http", http, "HTTP"), ("tls", tls, "TLS")] {
        let us = answers_with(answer);
        let worker = Route::new(name, &us, &ad.bootstrap(), ".*").start();
        let said = trouble(&worker, name, &["`us`", &us, words]);
        assert!(!said.contains('\n'), "{said}");
    }
    let nobody = free_address().to_string();
    let worker = Route::new("nobody", &nobody, &ad.bootstrap(), ".*").start();
    trouble(&worker, "nobody", &["`us`", &nobody, "is a broker listening there?"]);
    let worker = Route::new("nowhere", &ad.bootstrap(), &nobody, ".*").start();
    trouble(&worker, "nowhere", &["`ad`", &nobody, "is a broker listening there?"]);
}

/// A port where every connection gets these bytes for its first request.
fn answers_with(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(bytes);
        }
    });
    address.to_string()
}

#[test]
fn a_batch_with_a_wrong_crc_stops_its_lane_alone() {
    peers!(java: RealKafka);
    for from in [Make::Real, Make::Ours] {
        let (us, ad) = (Region::start(from, &java, "us"), Region::start(Make::Ours, &java, "ad"));
        let topic = format!("rotten-{from:?}").to_lowercase();
        let (source, target) = (us.bootstrap(), ad.bootstrap());
        librdkafka::create_topic(&source, &topic, 2, &[]);
        for batch in 0..3 {
            let texts = texts("record", batch * 10..batch * 10 + 10);
            librdkafka::produce(&source, &topic, 0, &texts);
            librdkafka::produce(&source, &topic, 1, &texts);
        }
        let bad = batches_of(&us, &topic, 0)[1].header.base_offset;
        flip_a_byte(&us, &topic, 1);
        let worker = Route::new(&topic, &source, &target, &topic).start();
        let at = format!("offset {bad}");
        let words = [at.as_str(), "CRC", "Next: "];
        worker.wait_for_state((&topic, &topic, 0), "stopped", &words);
        worker.wait_for_line(&["ERROR", &format!("{topic}-0"), &at, "CRC", "Next: "]);
        // What came before it is there, nothing behind it, and the other lane has everything.
        assert_eq!(read_texts(&target, &topic, 0), texts("record", 0..bad as usize));
        librdkafka::produce(&source, &topic, 1, &texts("record", 30..40));
        eventually(SOON, || match read_texts(&target, &topic, 1) {
            read if read == texts("record", 0..40) => Ok(()),
            read => Err(format!("{} records", read.len())),
        });
    }
}

/// Changes the last byte of one batch of partition 0 in the source's file.
fn flip_a_byte(us: &Region, topic: &str, batch: usize) {
    let batches = batches_of(us, topic, 0);
    let end: usize = batches[..=batch].iter().map(|batch| batch.bytes().len()).sum();
    let mut options = std::fs::OpenOptions::new();
    let path = &us.segments(topic, 0)[0];
    let mut file = options.read(true).write(true).open(path).expect("a segment opens");
    let mut byte = [0];
    file.seek(SeekFrom::Start(end as u64 - 1)).expect("it is that long");
    file.read_exact(&mut byte).expect("it is that long");
    file.seek(SeekFrom::Start(end as u64 - 1)).expect("it is that long");
    file.write_all(&[byte[0] ^ 1]).expect("a segment is writable");
}

#[test]
fn a_record_over_the_targets_limit_stops_its_lane_alone() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    for make in [Make::Real, Make::Ours] {
        let ad = Region::start(make, &java, "ad");
        let topic = format!("large-{make:?}").to_lowercase();
        let (source, target) = (us.bootstrap(), ad.bootstrap());
        librdkafka::create_topic(&source, &topic, 2, &[("max.message.bytes", "3000000")]);
        librdkafka::create_topic(&target, &topic, 2, &[("max.message.bytes", "100000")]);
        librdkafka::produce(&source, &topic, 0, &texts("small", 0..10));
        let producer = librdkafka::producer(&source, &[("message.max.bytes", "3000000")]);
        let large = vec![b'x'; 200_000];
        let record = BaseRecord::<[u8], [u8]>::to(&topic).partition(0).payload(&large);
        librdkafka::send(&producer, record);
        librdkafka::flush(&producer);
        librdkafka::produce(&source, &topic, 0, &texts("small", 10..20));
        // As a client would write: a mirror's own append is not measured by this limit.
        let produced = "delivery: at_least_once";
        let route = Route::new(&topic, &source, &target, &topic).with(produced);
        let mut worker = route.start();
        let words = ["max.message.bytes", "2000", "Next: raise max.message.bytes"];
        worker.wait_for_state((&topic, &topic, 0), "stopped", &words);
        assert_eq!(read_texts(&target, &topic, 0), texts("small", 0..10));
        librdkafka::produce(&source, &topic, 1, &texts("other", 0..10));
        eventually(SOON, || match read_texts(&target, &topic, 1) {
            read if read == texts("other", 0..10) => Ok(()),
            read => Err(format!("{} records", read.len())),
        });
        // The next step it names is the cure.
        let alter = ["--alter", "--entity-type", "topics", "--entity-name", &topic];
        let raise = ["--add-config", "max.message.bytes=3000000"];
        java.configs(&target, &[&alter[..], &raise].concat()).expect_success();
        assert!(worker.terminate(SOON).success());
        let worker = route.start();
        worker.wait_until_caught_up(&topic, &source, &topic);
        let read = read_texts(&target, &topic, 0);
        assert_eq!((read.len(), read[10].len()), (21, 200_000));
        assert_eq!(read[11..], texts("small", 10..20));
    }
}

#[test]
fn a_source_topic_created_anew_is_another_topic() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    for make in [Make::Real, Make::Ours] {
        let ad = Region::start(make, &java, "ad");
        let name = format!("anew-{make:?}").to_lowercase();
        let (source, target) = (us.bootstrap(), ad.bootstrap());
        let (topic, other) = (format!("{name}-it"), format!("{name}-other"));
        librdkafka::create_topic(&source, &topic, 1, &[]);
        librdkafka::create_topic(&source, &other, 1, &[]);
        librdkafka::produce(&source, &topic, 0, &texts("old", 0..10));
        let route = Route::new(&name, &source, &target, &format!("{name}-.*"));
        let mut worker = route.start();
        worker.wait_until_caught_up(&name, &source, &topic);
        librdkafka::delete_topic(&source, &topic);
        librdkafka::create_topic(&source, &topic, 1, &[]);
        librdkafka::produce(&source, &topic, 0, &texts("new", 0..5));
        let words = ["deleted and created anew", "Next: "];
        worker.wait_for_state((&name, &topic, 0), "stopped", &words);
        librdkafka::produce(&source, &other, 0, &texts("other", 0..10));
        worker.wait_until_caught_up(&name, &source, &other);
        assert_eq!(read_texts(&target, &topic, 0), texts("old", 0..10));
        // A worker that starts later says the same.
        assert!(worker.terminate(SOON).success());
        let worker = route.start();
        worker.wait_for_state((&name, &topic, 0), "stopped", &words);
        assert_eq!(read_texts(&target, &topic, 0), texts("old", 0..10));
        assert_eq!(read_texts(&target, &other, 0), texts("other", 0..10));
    }
}

#[test]
fn retention_that_overran_a_lane_is_a_gap_with_its_range() {
    peers!(java: RealKafka);
    for from in [Make::Real, Make::Ours] {
        let (us, ad) = (Region::start(from, &java, "us"), Region::start(Make::Ours, &java, "ad"));
        let topic = format!("overran-{from:?}").to_lowercase();
        let (source, target) = (us.bootstrap(), ad.bootstrap());
        librdkafka::create_topic(&source, &topic, 2, &[]);
        librdkafka::produce(&source, &topic, 0, &texts("record", 0..40));
        let route = Route::new(&topic, &source, &target, &topic);
        let mut worker = route.start();
        worker.wait_until_caught_up(&topic, &source, &topic);
        assert!(worker.terminate(SOON).success());
        librdkafka::produce(&source, &topic, 0, &texts("record", 40..100));
        librdkafka::delete_records(&source, &topic, 0, 70);
        let worker = route.start();
        let words = ["a gap: offsets 40 to 69", "begins at 70", "Next: "];
        worker.wait_for_state((&topic, &topic, 0), "stopped", &words);
        librdkafka::produce(&source, &topic, 1, &texts("other", 0..10));
        eventually(SOON, || match read_texts(&target, &topic, 1) {
            read if read == texts("other", 0..10) => Ok(()),
            read => Err(format!("{} records", read.len())),
        });
        assert_eq!(read_texts(&target, &topic, 0), texts("record", 0..40));
    }
}

#[test]
fn a_target_that_lost_records_stops_the_lane() {
    peers!(java: RealKafka);
    for to in [Make::Real, Make::Ours] {
        let (us, ad) = (Region::start(Make::Ours, &java, "us"), Region::start(to, &java, "ad"));
        let topic = format!("lost-{to:?}").to_lowercase();
        let (source, target) = (us.bootstrap(), ad.bootstrap());
        librdkafka::create_topic(&source, &topic, 1, &[]);
        librdkafka::produce(&source, &topic, 0, &texts("record", 0..40));
        let route = Route::new(&topic, &source, &target, &topic);
        let mut worker = route.start();
        worker.wait_until_caught_up(&topic, &source, &topic);
        assert!(worker.terminate(SOON).success());
        librdkafka::delete_topic(&target, &topic);
        librdkafka::produce(&source, &topic, 0, &texts("record", 40..50));
        let worker = route.start();
        let words = ["ends at offset 0", "wrote up to 40", "Next: "];
        worker.wait_for_state((&topic, &topic, 0), "stopped", &words);
    }
}

#[test]
fn the_later_of_two_workers_takes_over_and_the_first_says_so() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let (source, ad) = (us.bootstrap(), OurBroker::start());
    let topic = "twice";
    librdkafka::create_topic(&source, topic, 1, &[]);
    librdkafka::produce(&source, topic, 0, &texts("record", 0..100));
    let route = Route::new("twice", &source, &ad.bootstrap(), topic);
    let first = route.start();
    first.wait_until_caught_up("twice", &source, topic);
    let second = route.start();
    second.wait_for_state(("twice", topic, 0), "mirroring", &[]);
    librdkafka::produce(&source, topic, 0, &texts("record", 100..200));
    second.wait_until_caught_up("twice", &source, topic);
    let words = ["another worker has taken over this lane", "Next: see which worker"];
    first.wait_for_state(("twice", topic, 0), "stopped", &words);
    librdkafka::produce(&source, topic, 0, &texts("record", 200..300));
    second.wait_until_caught_up("twice", &source, topic);
    assert_eq!(read_texts(&ad.bootstrap(), topic, 0), texts("record", 0..300));
}
