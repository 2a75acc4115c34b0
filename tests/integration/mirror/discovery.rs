//! Topics and partitions that appear while the mirror runs.

use std::time::{Duration, Instant};

use crate::peers;
use crate::support::{Make, RealKafka, Region, Route, eventually, librdkafka};

/// From the moment it exists at the source until its first record is read at the target.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn new_topics_and_partitions_follow_within_five_seconds() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    for make in [Make::Real, Make::Ours] {
        let ad = Region::start(make, &java, "ad");
        let prefix = format!("follow-{make:?}").to_lowercase();
        let (us, ad) = (us.bootstrap(), ad.bootstrap());
        let mut route = Route::new(&prefix, &us, &ad, &format!("{prefix}-.*"));
        // The rhythm users have who do not say.
        route.options = "start: earliest".to_owned();
        let topic = format!("{prefix}-orders");
        let unwanted = format!("not-{topic}");
        librdkafka::create_topic(&us, &unwanted, 1, &[]);
        let worker = route.start();
        eventually(FOLLOWED_WITHIN * 4, || {
            let excluded = worker.pipeline(&prefix)?.excluded;
            let looked = excluded.iter().any(|(topic, _)| *topic == unwanted);
            if looked { Ok(()) } else { Err(format!("no first look yet\n{}", worker.log())) }
        });
        librdkafka::create_topic(&us, &topic, 2, &[]);
        arrives(&us, &ad, &topic, 1, Instant::now());
        librdkafka::widen(&us, &topic, 5);
        arrives(&us, &ad, &topic, 4, Instant::now());
        assert_eq!(librdkafka::partitions(&ad, &topic), 5);
        let another = format!("{prefix}-payments");
        librdkafka::create_topic(&us, &another, 1, &[]);
        arrives(&us, &ad, &another, 0, Instant::now());
        assert_eq!(librdkafka::partitions(&ad, &unwanted), 0, "not selected");
    }
}

fn arrives(us: &str, ad: &str, topic: &str, partition: i32, since: Instant) {
    let text = format!("the first of {topic}-{partition}");
    librdkafka::produce(us, topic, partition, std::slice::from_ref(&text));
    eventually(FOLLOWED_WITHIN * 2, || {
        if librdkafka::partitions(ad, topic) <= partition {
            return Err(format!("{topic}-{partition} is not at the target"));
        }
        let read = librdkafka::read(ad, topic);
        let there = read.iter().any(|r| r.partition == partition && r.text() == text);
        if there { Ok(()) } else { Err(format!("not in {read:?}")) }
    });
    let took = since.elapsed();
    assert!(took < FOLLOWED_WITHIN, "{topic}-{partition} took {took:?}");
}

#[test]
fn target_topic_gets_the_sources_partitions_and_configs() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let configs = [
        ("cleanup.policy", "compact,delete"),
        ("compression.type", "zstd"),
        ("max.message.bytes", "2000000"),
        ("message.timestamp.type", "CreateTime"),
        ("retention.bytes", "1000000000"),
        ("retention.ms", "86400000"),
        ("segment.bytes", "10000000"),
    ];
    for make in [Make::Real, Make::Ours] {
        let ad = Region::start(make, &java, "ad");
        let topic = format!("like-{make:?}").to_lowercase();
        let others = [&configs[..], &[("min.insync.replicas", "1")]].concat();
        librdkafka::create_topic(&us.bootstrap(), &topic, 7, &others);
        let worker = Route::new(&topic, &us.bootstrap(), &ad.bootstrap(), &topic).start();
        worker.wait_until_caught_up(&topic, &us.bootstrap(), &topic);
        assert_eq!(librdkafka::partitions(&ad.bootstrap(), &topic), 7);
        let names: Vec<&str> = configs.iter().map(|(name, _)| *name).collect();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), Some((*value).to_owned()));
        let wanted: Vec<_> = configs.iter().map(own).collect();
        assert_eq!(librdkafka::configs(&ad.bootstrap(), &topic, &names), wanted, "{make:?}");
    }
}
