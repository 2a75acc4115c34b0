//! Workers that are killed with -9: nothing is lost, and what is repeated is known.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::producer::{BaseRecord, Producer};

use super::ledger::Ledger;
use crate::peers;
use crate::support::{Make, RealKafka, Region, Route, eventually, librdkafka};

const PARTITIONS: usize = 3;
const KILLS: u64 = 5;
/// Records a second while workers come and go.
const RATE: u64 = 4000;

#[test]
fn a_killed_worker_resumes_without_loss() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    for make in [Make::Ours, Make::Real] {
        let ad = Region::start(make, &java, "ad");
        let topic = format!("killed-{make:?}").to_lowercase();
        let (sent, covered_not) = crash(&us.bootstrap(), &ad.bootstrap(), &topic);
        let read = librdkafka::read(&ad.bootstrap(), &topic);
        let mut repeated = 0;
        for (partition, sent) in sent.into_iter().enumerate() {
            let of_partition = read.iter().filter(|r| r.partition == partition as i32);
            let numbers: Vec<u64> = of_partition.map(|r| number(&r.text())).collect();
            let first_times = first_times(&numbers);
            let all: Vec<u64> = (0..sent).collect();
            assert!(first_times == all, "{topic}-{partition}: of {sent}: {}", gaps(&first_times));
            repeated += numbers.len() as u64 - sent;
        }
        eprintln!("{topic}: {} records, {repeated} of them repeated", read.len());
        match make {
            Make::Ours => assert_eq!(repeated, 0),
            Make::Real => assert_eq!(repeated, covered_not, "all the ledger had not covered"),
        }
    }
}

/// Kills workers while records keep coming; what was sent to each partition, and how many
/// records stood at the target at a kill without the ledger saying so.
fn crash(us: &str, ad: &str, topic: &str) -> (Vec<u64>, u64) {
    librdkafka::create_topic(us, topic, PARTITIONS as i32, &[]);
    let writing = Writing::start(us, topic);
    let route = Route::new(topic, us, ad, topic);
    let (mut covered_not, mut moment) = (0, Moments(0x5eed));
    for _ in 0..KILLS {
        let worker = route.start();
        eventually(Duration::from_secs(30), || match worker.pipeline(topic)?.lanes.len() {
            PARTITIONS => Ok(()),
            n => Err(format!("{n} lanes\n{}", worker.log())),
        });
        std::thread::sleep(moment.next());
        worker.kill();
        covered_not += uncovered(ad, topic);
    }
    let worker = route.start();
    let sent = writing.stop();
    worker.wait_until_caught_up(topic, us, topic);
    (sent, covered_not)
}

/// Records at the target that the ledger does not know of, once the target has settled.
fn uncovered(ad: &str, topic: &str) -> u64 {
    let ends = eventually(Duration::from_secs(10), || {
        let before = librdkafka::ends(ad, topic);
        std::thread::sleep(Duration::from_millis(200));
        let after = librdkafka::ends(ad, topic);
        if before == after { Ok(after) } else { Err("writes still arrive".to_owned()) }
    });
    let ledger = Ledger::read(ad);
    let covered = |partition: usize| ledger.target_end(topic, topic, partition as i32);
    ends.iter().enumerate().map(|(p, end)| (end - covered(p)) as u64).sum()
}

/// A producer of numbered records that goes on by itself.
struct Writing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<u64>>,
}

impl Writing {
    fn start(bootstrap: &str, topic: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (bootstrap, topic, told) = (bootstrap.to_owned(), topic.to_owned(), stop.clone());
        let thread = std::thread::spawn(move || write(&bootstrap, &topic, &told));
        Self { stop, thread }
    }

    /// Stops it; how many records each partition was sent.
    fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the producer does not fail")
    }
}

fn write(bootstrap: &str, topic: &str, stop: &AtomicBool) -> Vec<u64> {
    let producer = librdkafka::producer(bootstrap, &[("compression.codec", "lz4")]);
    let mut sent = vec![0; PARTITIONS];
    while !stop.load(Ordering::Relaxed) {
        for n in 0..RATE / 100 {
            let partition = n as usize % PARTITIONS;
            let text = sent[partition].to_string();
            let record = BaseRecord::to(topic).partition(partition as i32);
            librdkafka::send(&producer, record.payload(text.as_bytes()));
            sent[partition] += 1;
        }
        producer.poll(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(10));
    }
    librdkafka::flush(&producer);
    assert_eq!(producer.in_flight_count(), 0);
    sent
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` was never sent"))
}

/// Without what was seen before. A repeat is a stretch sent again in its old order, so what
/// remains is in order exactly if every stretch was.
fn first_times(numbers: &[u64]) -> Vec<u64> {
    let mut seen = HashSet::new();
    let first = |n: &&u64| seen.insert(**n);
    numbers.iter().filter(first).copied().collect()
}

fn gaps(numbers: &[u64]) -> String {
    let steps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1);
    let first: Vec<_> = steps.take(5).map(|pair| format!("{} then {}", pair[0], pair[1])).collect();
    format!("{} there, {}", numbers.len(), first.join(", "))
}

/// Moments between a tenth of a second and two seconds, the same on every run.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Duration::from_millis(100 + (self.0 >> 33) % 1900)
    }
}
