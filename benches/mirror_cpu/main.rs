//! CPU, memory and rate of three mirrors over the same backlog, Apache Kafka on both sides.
//!
//! `cargo bench --bench mirror_cpu` (see `benches/README.md`). All rounds run in one go and in
//! turn, over brokers that have carried a first, uncounted round each way. A round whose target
//! does not hold the source's records stops the bench.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod harness;
mod mirrors;
mod rdkafka_loop;
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "each bench uses its part")]
mod support;
mod watch;

use clap::Parser;
use harness::judge::{Contents, Judge};
use harness::{Child, GB, Meter, Summary, machine, writer};
use mirrors::{Mirror, Round};
use support::{JavaTools, RealKafka};
use watch::{Rates, watch};

const TOPIC: &str = "posts";
const PARTITIONS: i32 = 4;

/// CPU, memory and rate of mirrors.
#[derive(Debug, Clone, Parser)]
struct Options {
    /// The backlog, in MB of raw keys and values.
    #[arg(long, default_value_t = 2_000)]
    mb: u64,
    /// Rounds of `strait mirror` and of the rdkafka loop.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rounds of MirrorMaker 2.
    #[arg(long, default_value_t = 2)]
    mirror_maker_rounds: usize,
    /// Keep the brokers with the backlog until standard input ends, and measure nothing.
    #[arg(long)]
    hold: bool,
    /// Set by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

struct Bench {
    java: JavaTools,
    source: RealKafka,
    target: RealKafka,
    folder: tempfile::TempDir,
    expected: Contents,
    results: Vec<(Mirror, Figures)>,
}

#[derive(Default)]
struct Figures {
    steady_cpu: Summary,
    whole_cpu: Summary,
    rate: Summary,
    rss: Summary,
    source_cpu: Summary,
    target_cpu: Summary,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == rdkafka_loop::ARGUMENT) {
        rdkafka_loop::run(&arguments[2..]);
    }
    let options = Options::parse();
    let support::Peer::Present(java) = RealKafka::locate() else { return };
    machine::describe();
    let mut bench = Bench::prepare(java.stock(), options.mb);
    if options.hold {
        println!("source {}, target {}", bench.source.bootstrap(), bench.target.bootstrap());
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("standard input ends");
        return;
    }
    bench.round(Mirror::Strait, "warm".to_owned());
    bench.results.clear();
    for number in 0..options.rounds.max(options.mirror_maker_rounds) {
        if number < options.rounds {
            bench.round(Mirror::Strait, format!("s{number}"));
            bench.round(Mirror::RdkafkaLoop, format!("r{number}"));
        }
        if number < options.mirror_maker_rounds {
            bench.round(Mirror::Mm2, format!("m{number}"));
        }
    }
    bench.print();
}

impl Bench {
    /// Starts both brokers and writes the backlog, which warms the source.
    fn prepare(java: JavaTools, mb: u64) -> Self {
        let (source, target) = (RealKafka::start(&java, &[]), RealKafka::start(&java, &[]));
        let at = source.bootstrap();
        writer::create_topic(&at, TOPIC, PARTITIONS);
        let written = writer::fill(&at, TOPIC, PARTITIONS, "lz4", mb * 1_000_000);
        let expected = Judge::new(&at).read(TOPIC, PARTITIONS);
        assert_eq!(written.records, expected.records, "the source holds what was written");
        let (records, raw) = (expected.records, expected.raw_bytes as f64);
        let ratio = raw / source.bytes_of(TOPIC) as f64;
        println!("backlog   {records} records, {:.2} GB raw, LZ4 {ratio:.2} : 1", raw / GB);
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { java, source, target, folder, expected, results: Vec::new() }
    }

    fn round(&mut self, mirror: Mirror, label: String) {
        let (source, target) = (self.source.bootstrap(), self.target.bootstrap());
        let folder = self.folder.path();
        let round = Round {
            source: &source,
            target: &target,
            topic: TOPIC,
            partitions: PARTITIONS,
            label,
            folder,
        };
        let topic = round.target_topic();
        if !mirror.creates_topic() {
            writer::create_topic(&target, &topic, PARTITIONS);
        }
        let load = machine::load();
        let meters = [&self.source, &self.target].map(|kafka| Meter::of(kafka.pid()));
        let mut child = Child::start(&mut mirror.command(&self.java, &round));
        let rates = watch(&mut child, meters, &target, &topic, &self.expected);
        let ended = child.end();
        let drained = ended.is_some_and(|status| status.success());
        assert!(drained || mirror != Mirror::Strait, "`strait mirror` did not drain: {ended:?}");
        let arrived = Judge::new(&target).read(&topic, PARTITIONS);
        assert_eq!(arrived, self.expected, "{}: the target holds other records", mirror.name());
        println!("{:<21} {rates}, load before {load}", mirror.name());
        writer::delete_topic(&target, &topic);
        self.note(mirror, &rates);
    }

    fn note(&mut self, mirror: Mirror, rates: &Rates) {
        let known = self.results.iter().position(|(other, _)| *other == mirror);
        let at = known.unwrap_or_else(|| {
            self.results.push((mirror, Figures::default()));
            self.results.len() - 1
        });
        let figures = &mut self.results[at].1;
        figures.steady_cpu.push(rates.steady_cpu);
        figures.whole_cpu.push(rates.whole_cpu);
        figures.rate.push(rates.rate / 1e6);
        figures.rss.push(rates.peak_rss_mb);
        figures.source_cpu.push(rates.source_cpu);
        figures.target_cpu.push(rates.target_cpu);
    }

    fn print(&self) {
        println!(
            "\nload after {}; every target held exactly the source's records",
            machine::load()
        );
        println!(
            "| mirror | CPU-s per raw GB, steady | whole run | raw MB/s, steady | peak RSS, MB \
             | source / target broker CPU-s per raw GB |"
        );
        println!("|---|---|---|---|---|---|");
        for (mirror, f) in &self.results {
            println!(
                "| {} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} / {:.2} |",
                mirror.name(),
                f.steady_cpu,
                f.whole_cpu,
                f.rate,
                f.rss,
                f.source_cpu,
                f.target_cpu
            );
        }
        let median = |wanted: Mirror| {
            let found = self.results.iter().find(|(mirror, _)| *mirror == wanted);
            found.map_or(f64::NAN, |(_, figures)| figures.steady_cpu.median())
        };
        for other in [Mirror::Mm2, Mirror::RdkafkaLoop] {
            let ratio = median(other) / median(Mirror::Strait);
            println!("CPU, steady: strait mirror takes 1/{ratio:.1} of {}", other.name());
        }
    }
}
