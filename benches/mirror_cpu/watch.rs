//! Watches a mirror work off the backlog: when so much had arrived, what had it cost?

use std::fmt;
use std::time::{Duration, Instant};

use crate::PARTITIONS;
use crate::harness::judge::{Contents, Judge};
use crate::harness::{Child, GB, Meter};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A mirror that brings nothing new for this long is broken.
const PATIENCE: Duration = Duration::from_secs(90);
/// "Steady" leaves out the start and the end of the backlog.
const STEADY: (f64, f64) = (0.10, 0.95);

/// What a round cost.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// The mirror's CPU seconds per raw GB between the steady marks.
    pub steady_cpu: f64,
    /// The same from its start to the last record.
    pub whole_cpu: f64,
    /// Raw bytes a second between the steady marks.
    pub rate: f64,
    /// The most memory it ever held.
    pub peak_rss_mb: f64,
    /// The source broker's CPU seconds per raw GB, whole run.
    pub source_cpu: f64,
    /// The target broker's.
    pub target_cpu: f64,
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{:6.2} CPU-s/GB steady, {:6.2} whole, {:5.0} MB/s, {:5.0} MB RSS, \
             source {:.2}, target {:.2} CPU-s/GB",
            self.steady_cpu,
            self.whole_cpu,
            self.rate / 1e6,
            self.peak_rss_mb,
            self.source_cpu,
            self.target_cpu
        )
    }
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    cpu: f64,
    records: i64,
}

/// Watches until everything has arrived.
pub fn watch(
    child: &mut Child,
    brokers: [Meter; 2],
    target: &str,
    topic: &str,
    expected: &Contents,
) -> Rates {
    let judge = Judge::new(target);
    let before = brokers.map(Meter::cpu_seconds);
    let all = expected.records as i64;
    let gb_per_record = expected.raw_bytes as f64 / GB / all as f64;
    let (mut low, mut high, mut moved) = (None, None, Instant::now());
    let (mut last_records, mut last) = (0, None::<Look>);
    while last_records < all {
        std::thread::sleep(LOOK_EVERY);
        let records = judge.end(topic, PARTITIONS);
        let look = Look { at: Instant::now(), cpu: child.meter.cpu_seconds(), records };
        if records > last_records {
            (last_records, moved) = (records, look.at);
        }
        assert!(child.runs(), "the mirror ended at {last_records} of {all} records");
        assert!(moved.elapsed() < PATIENCE, "the mirror stands at {last_records} of {all} records");
        let share = records as f64 / all as f64;
        if share >= STEADY.0 {
            low.get_or_insert(look);
        }
        if share <= STEADY.1 || high.is_none() {
            high = Some(look);
        }
        last = Some(look);
    }
    let (low, high) = (low.expect("it passed 10 %"), high.expect("it was looked at"));
    let last = last.expect("it was looked at");
    let steady_gb = (high.records - low.records) as f64 * gb_per_record;
    let whole_gb = expected.raw_bytes as f64 / GB;
    let spent = [0, 1].map(|n| (brokers[n].cpu_seconds() - before[n]) / whole_gb);
    Rates {
        steady_cpu: (high.cpu - low.cpu) / steady_gb,
        whole_cpu: last.cpu / whole_gb,
        rate: steady_gb * GB / (high.at - low.at).as_secs_f64(),
        peak_rss_mb: child.meter.peak_rss_mb(),
        source_cpu: spent[0],
        target_cpu: spent[1],
    }
}
