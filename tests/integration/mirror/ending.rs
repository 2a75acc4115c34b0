//! How a worker ends, and how much it holds while nothing moves.

use std::time::{Duration, Instant};

use rdkafka::producer::BaseRecord;

use crate::peers;
use crate::support::librdkafka::Record;
use crate::support::{Make, OurBroker, RealKafka, Region, Route, eventually, librdkafka};

/// What a service manager waits before it loses patience.
const DRAIN: Duration = Duration::from_secs(10);
const MB: usize = 1_000_000;

#[test]
fn sigterm_drains_within_ten_seconds_and_exits_zero() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let (source, topic) = (us.bootstrap(), "ended");
    librdkafka::create_topic(&source, topic, 3, &[]);
    for make in [Make::Real, Make::Ours] {
        let ad = Region::start(make, &java, "ad");
        // A checkpoint only at the end, so that whatever the drain forgets shows as a repeat.
        let mut route = Route::new("ended", &source, &ad.bootstrap(), topic);
        route.worker = "checkpoint_interval: 1m".to_owned();
        for round in 0..3 {
            let mut worker = route.start();
            let texts: Vec<String> = (0..3000).map(|n| format!("{make:?} {round} {n}")).collect();
            for partition in 0..3 {
                librdkafka::produce(&source, topic, partition, &texts);
            }
            let seen = |n: i64| n > 0;
            eventually(DRAIN, || match librdkafka::partitions(&ad.bootstrap(), topic) {
                3 if librdkafka::ends(&ad.bootstrap(), topic).into_iter().all(seen) => Ok(()),
                n => Err(format!("{n} partitions, or an empty one\n{}", worker.log())),
            });
            let began = Instant::now();
            assert!(worker.terminate(DRAIN).success(), "{}", worker.log());
            assert!(began.elapsed() < DRAIN);
        }
        let worker = route.start();
        eventually(DRAIN, || match total(&ad.bootstrap(), topic) {
            n if n >= total(&source, topic) => Ok(()),
            n => Err(format!("{n} records\n{}", worker.log())),
        });
        let texts = |bootstrap: &str| -> Vec<(i32, String)> {
            let read = librdkafka::read(bootstrap, topic);
            read.iter().map(|record| (record.partition, record.text())).collect()
        };
        assert!(texts(&ad.bootstrap()) == texts(&source), "{make:?}: nothing lost or repeated");
    }
}

fn total(bootstrap: &str, topic: &str) -> i64 {
    librdkafka::ends(bootstrap, topic).into_iter().sum()
}

#[test]
fn sigterm_ends_a_worker_whose_clusters_do_not_answer() {
    let (us, ad) = (OurBroker::start(), OurBroker::start());
    let topic = "silent";
    librdkafka::create_topic(&us.bootstrap(), topic, 1, &[]);
    librdkafka::produce(&us.bootstrap(), topic, 0, &["one".to_owned()]);
    let route = Route::new("silent", &us.bootstrap(), &ad.bootstrap(), topic);
    let mut worker = route.start();
    worker.wait_until_caught_up("silent", &us.bootstrap(), topic);
    ad.freeze();
    librdkafka::produce(&us.bootstrap(), topic, 0, &["two".to_owned()]);
    eventually(DRAIN, || match worker.lanes("silent", topic)?[0].fetched {
        2 => Ok(()),
        n => Err(format!("fetched up to {n}")),
    });
    ends_in_time(&mut worker, "a silent target");
    // One that starts into the silence, and one whose source is gone altogether.
    let mut worker = route.start();
    std::thread::sleep(Duration::from_millis(500));
    ends_in_time(&mut worker, "a target silent from the start");
    let log = worker.log();
    assert!(!log.contains("not drained"), "nothing is in flight: {log}");
    ad.thaw();
    let mut worker = route.start();
    worker.wait_until_caught_up("silent", &us.bootstrap(), topic);
    us.freeze();
    ends_in_time(&mut worker, "a silent source");
    us.thaw();
    let read: Vec<String> =
        librdkafka::read(&ad.bootstrap(), topic).iter().map(Record::text).collect();
    assert_eq!(read, ["one", "two"]);
}

fn ends_in_time(worker: &mut crate::support::Worker, when: &str) {
    let began = Instant::now();
    let status = worker.terminate(DRAIN * 2);
    let took = began.elapsed();
    assert!(status.success(), "{when}: {status}\n{}", worker.log());
    assert!(took <= DRAIN, "{when}: it took {took:?}\n{}", worker.log());
}

#[test]
fn a_stalled_target_bounds_memory() {
    const BUDGET_MIB: usize = 16;
    const RECORDS: usize = 160_000;
    let (us, ad) = (OurBroker::start(), OurBroker::start());
    let topic = "stalled";
    librdkafka::create_topic(&us.bootstrap(), topic, 8, &[]);
    let mut route = Route::new("stalled", &us.bootstrap(), &ad.bootstrap(), topic);
    route.worker = format!("memory: {BUDGET_MIB}MiB");
    let worker = route.start();
    worker.wait_until_caught_up("stalled", &us.bootstrap(), topic);
    ad.freeze();
    let settings = [("linger.ms", "20"), ("queue.buffering.max.messages", "20000")];
    let producer = librdkafka::producer(&us.bootstrap(), &settings);
    let text = "a kilobyte of what nobody takes ".repeat(32);
    for n in 0..RECORDS {
        let record = BaseRecord::<[u8], [u8]>::to(topic).partition(n as i32 % 8);
        librdkafka::send(&producer, record.payload(text.as_bytes()));
    }
    librdkafka::flush(&producer);
    eventually(DRAIN, || match worker.status()?.memory_used_bytes as usize {
        used if used > BUDGET_MIB * MB / 2 => Ok(()),
        used => Err(format!("only {used} bytes held")),
    });
    // Longer than any fetch or produce is waited for in peace.
    std::thread::sleep(Duration::from_secs(5));
    let status = worker.status().expect("its page");
    assert!(status.memory_used_bytes <= status.memory_budget_bytes, "{status:?}");
    let peak = worker.peak_rss_bytes();
    assert!(peak <= 64 * MB + BUDGET_MIB * 1024 * 1024, "{} MB", peak / MB);
    ad.thaw();
    worker.wait_until_caught_up("stalled", &us.bootstrap(), topic);
    assert_eq!(total(&ad.bootstrap(), topic), RECORDS as i64);
    let peak = worker.peak_rss_bytes();
    assert!(peak <= 64 * MB + BUDGET_MIB * 1024 * 1024, "{} MB", peak / MB);
    eprintln!("stalled: peak of {} MB with a budget of {BUDGET_MIB} MiB", peak / MB);
}
