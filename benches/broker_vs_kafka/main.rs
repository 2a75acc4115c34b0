//! Our broker beside Apache Kafka on the same machine, with the same clients: start, idle,
//! produce, fetch.
//!
//! `cargo bench --bench broker_vs_kafka` (see `benches/README.md`). All brokers run at once and
//! take turns; each has carried a first, uncounted round. A round counts only if the topic then
//! holds what was written.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod first_produce;
#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod harness;
mod ready;
mod stores;
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "each bench uses its part")]
mod support;

use std::time::{Duration, Instant};

use clap::Parser;
use harness::judge::Judge;
use harness::{GB, Summary, machine, writer};
use ready::Ready;
use stores::{Running, Store};
use support::RealKafka;

const PARTITIONS: i32 = 4;
const IDLE: Duration = Duration::from_secs(5);
/// Segments and their pages settle before the next one is measured.
const BREATH: Duration = Duration::from_millis(500);

/// Our broker beside Apache Kafka.
#[derive(Debug, Clone, Parser)]
struct Options {
    /// MB of raw keys and values a round.
    #[arg(long, default_value_t = 1_000)]
    mb: u64,
    /// Rounds of each broker and codec, after the first, uncounted one.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Starts of each broker.
    #[arg(long, default_value_t = 3)]
    starts: usize,
    /// Set by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The figures of one broker and one kind of load.
#[derive(Default)]
struct Figures {
    rate: Summary,
    cpu: Summary,
}

fn main() {
    let options = Options::parse();
    let support::Peer::Present(java) = RealKafka::locate() else { return };
    let java = java.stock();
    machine::describe();
    let running = start(&java, options.starts);
    for compression in ["lz4", "none"] {
        librdkafka(&running, compression, &options);
    }
    ready_made(&running, &options);
    println!("\nload after {}", machine::load());
    for broker in &running {
        let (now, peak) = (broker.meter.rss_mb(), broker.meter.peak_rss_mb());
        println!("{:<31} RSS after traffic {now:.0} MB, peak {peak:.0} MB", broker.store.name());
    }
}

/// Start and idle; the last ones started go on to the rest.
fn start(java: &support::JavaTools, starts: usize) -> Vec<Running> {
    println!("\n| broker | start to first acknowledged produce, s | idle RSS, MB | idle, core |");
    println!("|---|---|---|---|");
    let mut kept = Vec::new();
    for store in Store::ALL {
        let (mut start, mut rss, mut cores) =
            (Summary::default(), Summary::default(), Summary::default());
        let mut last = None;
        for _ in 0..starts {
            drop(last.take());
            let running = store.start(java);
            start.push(running.start.as_secs_f64());
            let before = running.meter.cpu_seconds();
            std::thread::sleep(IDLE);
            rss.push(running.meter.rss_mb());
            cores.push((running.meter.cpu_seconds() - before) / IDLE.as_secs_f64());
            last = Some(running);
        }
        println!("| {} | {start:.3} | {rss:.1} | {cores:.3} |", store.name());
        kept.extend(last);
    }
    kept
}

/// Produce and fetch by librdkafka.
fn librdkafka(running: &[Running], compression: &str, options: &Options) {
    let mut produced: Vec<Figures> = running.iter().map(|_| Figures::default()).collect();
    let mut fetched: Vec<Figures> = running.iter().map(|_| Figures::default()).collect();
    let load = machine::load();
    for round in 0..=options.rounds {
        let topic = format!("{compression}-{round}");
        for (at, broker) in running.iter().enumerate() {
            let (written, read) = round_of(broker, &topic, compression, options.mb);
            if round > 0 {
                produced[at].note(written);
                fetched[at].note(read);
            }
            if round < options.rounds || compression == "none" {
                writer::delete_topic(&broker.bootstrap, &topic);
            }
        }
    }
    println!(
        "\nlibrdkafka, {compression}, 64 KB batches, acks=all, idempotent; load before {load}"
    );
    println!(
        "| broker | produce, raw MB/s | broker CPU-s per raw GB \
         | fetch, raw MB/s | broker CPU-s per raw GB |"
    );
    println!("|---|---|---|---|---|");
    for ((broker, p), f) in running.iter().zip(&produced).zip(&fetched) {
        let name = broker.store.name();
        println!("| {name} | {:.0} | {:.2} | {:.0} | {:.2} |", p.rate, p.cpu, f.rate, f.cpu);
    }
}

/// What a round gave: raw bytes, how long they took, and the broker's CPU seconds.
type Round = (u64, Duration, f64);

fn round_of(broker: &Running, topic: &str, compression: &str, mb: u64) -> (Round, Round) {
    let at = &broker.bootstrap;
    writer::create_topic(at, topic, PARTITIONS);
    std::thread::sleep(BREATH);
    let before = broker.meter.cpu_seconds();
    let written = writer::fill(at, topic, PARTITIONS, compression, mb * 1_000_000);
    let between = broker.meter.cpu_seconds();
    let judge = Judge::new(at);
    assert_eq!(judge.end(topic, PARTITIONS) as u64, written.records, "every record is there");
    let reading = broker.meter.cpu_seconds();
    let since = Instant::now();
    let read = judge.count(topic, PARTITIONS);
    let elapsed = since.elapsed();
    let after = broker.meter.cpu_seconds();
    assert_eq!(read, (written.records, written.raw_bytes), "what is read is what was written");
    let produced = (written.raw_bytes, written.elapsed, between - before);
    (produced, (written.raw_bytes, elapsed, after - reading))
}

/// Produce of ready-made batches by the native client: the broker is the limit.
fn ready_made(running: &[Running], options: &Options) {
    let topic = format!("lz4-{}", options.rounds);
    let from = &running[0].bootstrap;
    let contents = Judge::new(from).count(&topic, PARTITIONS);
    let raw_per_record = contents.1 as f64 / contents.0 as f64;
    let ready = Ready::read(from, &topic);
    let records = (options.mb as f64 * 1e6 / raw_per_record) as i64;
    let mut figures: Vec<Figures> = running.iter().map(|_| Figures::default()).collect();
    let load = machine::load();
    for round in 0..=options.rounds {
        let topic = format!("ready-{round}");
        for (at, broker) in running.iter().enumerate() {
            writer::create_topic(&broker.bootstrap, &topic, PARTITIONS);
            std::thread::sleep(BREATH);
            let before = broker.meter.cpu_seconds();
            let (sent, elapsed) = ready.send(&broker.bootstrap, &topic, records);
            let cpu = broker.meter.cpu_seconds() - before;
            let there = Judge::new(&broker.bootstrap).end(&topic, PARTITIONS);
            assert_eq!(there, sent, "every record is there");
            if round > 0 {
                figures[at].note(((sent as f64 * raw_per_record) as u64, elapsed, cpu));
            }
            writer::delete_topic(&broker.bootstrap, &topic);
        }
    }
    println!("\nready-made LZ4 batches, 4 a request, 16 requests in flight; load before {load}");
    println!("| broker | produce, raw MB/s | broker CPU-s per raw GB |");
    println!("|---|---|---|");
    for (broker, f) in running.iter().zip(&figures) {
        println!("| {} | {:.0} | {:.2} |", broker.store.name(), f.rate, f.cpu);
    }
}

impl Figures {
    fn note(&mut self, (raw_bytes, elapsed, cpu): Round) {
        self.rate.push(raw_bytes as f64 / 1e6 / elapsed.as_secs_f64());
        self.cpu.push(cpu / (raw_bytes as f64 / GB));
    }
}
