//! Everything arrives, equal, however much there is.

use std::time::Instant;

use rdkafka::Message;

use crate::peers;
use crate::support::text::{Tally, Text};
use crate::support::{JavaTools, Make, RealKafka, Region, Route, librdkafka};

const PARTITIONS: i32 = 4;
const MILLION: usize = 1_000_000;
/// Set to anything, it makes all six crossings carry the whole million.
const ALL: &str = "STRAIT_MILLIONS";

/// A crossing by the makes of its two regions and the codec of the source's batches.
type Crossing = (Make, Make, &'static str);

const CROSSINGS: [Crossing; 6] = [
    (Make::Real, Make::Real, "lz4"),
    (Make::Real, Make::Ours, "none"),
    (Make::Ours, Make::Real, "lz4"),
    (Make::Real, Make::Real, "none"),
    (Make::Real, Make::Ours, "lz4"),
    (Make::Ours, Make::Real, "none"),
];

/// The first two carry a million; the others a twentieth, unless all are asked for.
#[test]
fn one_million_records_of_real_text_arrive_equal() {
    peers!(java: RealKafka);
    let text = Text::load(MILLION);
    assert!(text.len() == MILLION, "only {} records of text on this machine", text.len());
    assert!(text.bytes() > 60_000_000, "only {} bytes of text", text.bytes());
    for (n, crossing) in CROSSINGS.into_iter().enumerate() {
        let whole = n < 2 || std::env::var_os(ALL).is_some();
        let records = if whole { MILLION } else { MILLION / 20 };
        cross(&java, &text, records, crossing);
    }
}

fn cross(java: &JavaTools, text: &Text, records: usize, (from, to, codec): Crossing) {
    let (us, ad) = (Region::start(from, java, "us"), Region::start(to, java, "ad"));
    let topic = format!("text-{from:?}-{to:?}-{codec}").to_lowercase();
    // The records' own timestamps lie years back.
    let forever = [("retention.ms", "-1")];
    librdkafka::create_topic(&us.bootstrap(), &topic, PARTITIONS, &forever);
    let began = Instant::now();
    let sent = write(&us.bootstrap(), &topic, codec, text, records);
    let written = began.elapsed();
    let worker = Route::new(&topic, &us.bootstrap(), &ad.bootstrap(), &topic).start();
    worker.wait_until_caught_up(&topic, &us.bootstrap(), &topic);
    let mirrored = began.elapsed() - written;
    let read = tallies(&ad.bootstrap(), &topic);
    let judged = began.elapsed() - written - mirrored;
    for (partition, (sent, read)) in sent.iter().zip(&read).enumerate() {
        assert_eq!(sent.sums(), read.sums(), "{topic}-{partition}: records, bytes, digest");
    }
    assert_eq!(sent.len(), read.len());
    let rss = worker.peak_rss_bytes() / 1_000_000;
    eprintln!(
        "{topic}: {records} records written in {written:.1?}, mirrored in {mirrored:.1?}, \
         read in {judged:.1?}; worker {rss} MB"
    );
}

/// Writes the text as its producers would; what each partition was sent.
fn write(bootstrap: &str, topic: &str, codec: &str, text: &Text, records: usize) -> Vec<Tally> {
    let settings = [
        ("compression.codec", codec),
        ("linger.ms", "20"),
        ("batch.num.messages", "2000"),
        ("queue.buffering.max.messages", "200000"),
    ];
    let producer = librdkafka::producer(bootstrap, &settings);
    let mut sent = vec![Tally::default(); PARTITIONS as usize];
    for n in 0..records {
        let (mut key, partition) = (String::new(), n % PARTITIONS as usize);
        let record = text.record(n, topic, partition as i32, &mut key);
        sent[partition].sent(&record);
        librdkafka::send(&producer, record);
    }
    librdkafka::flush(&producer);
    sent
}

fn tallies(bootstrap: &str, topic: &str) -> Vec<Tally> {
    let mut read = vec![Tally::default(); librdkafka::partitions(bootstrap, topic) as usize];
    librdkafka::each(bootstrap, topic, &[], |message| {
        read[message.partition() as usize].read(message);
    });
    read
}
