//! Copies that are whole: what stands in the target's files is what stands in the source's.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use super::segments::batches_of;
use crate::peers;
use crate::support::{Make, RealKafka, Region, Route, Worker, librdkafka};

use strait_wire::Compression;

#[test]
fn preserve_keeps_offsets_and_headers() {
    peers!(java: RealKafka);
    for from in [Make::Real, Make::Ours] {
        let us = Region::start(from, &java, "us");
        let ad = Region::start(Make::Ours, &java, "ad");
        let (topic, bootstrap) = (format!("kept-{from:?}").to_lowercase(), us.bootstrap());
        librdkafka::create_topic(&bootstrap, &topic, 2, &[]);
        write_every_shape(&bootstrap, &topic);
        // A copy that does not begin at offset 0.
        librdkafka::delete_records(&bootstrap, &topic, 1, 20);
        let worker = Route::new(&topic, &bootstrap, &ad.bootstrap(), &topic).start();
        worker.wait_until_caught_up(&topic, &bootstrap, &topic);
        let (sent, read) =
            (librdkafka::read(&bootstrap, &topic), librdkafka::read(&ad.bootstrap(), &topic));
        assert!(sent.len() > 150, "{}", sent.len());
        assert_eq!(read.len(), sent.len());
        for (read, sent) in read.iter().zip(&sent) {
            assert_eq!(read, sent);
        }
        let boundaries = |region: &Region| -> Vec<(i64, i64, i32)> {
            let batches = batches_of(region, &topic, 0).into_iter().map(|b| b.header);
            batches.map(|h| (h.base_offset, h.next_offset(), h.leader_epoch)).collect()
        };
        assert!(boundaries(&us).len() > 10, "{:?}", boundaries(&us));
        assert_eq!(boundaries(&ad), boundaries(&us));
    }
}

/// Keys, values and headers that are there, empty and missing; several codecs.
fn write_every_shape(bootstrap: &str, topic: &str) {
    for codec in ["none", "lz4", "zstd", "gzip", "snappy"] {
        let producer = librdkafka::producer(bootstrap, &[("compression.codec", codec)]);
        for n in 0..40i64 {
            let (number, partition) = (n.to_string(), (n % 2) as i32);
            let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition);
            let record = record.timestamp(now_ms() - 1000 + n);
            let record = match n % 3 {
                0 => record.key(number.as_bytes()),
                1 => record.key(&[]),
                _ => record,
            };
            let record = match n % 5 {
                0 => record,
                1 => record.payload(&[]),
                _ => record.payload(number.as_bytes()),
            };
            let bare: Header<'_, &str> = Header { key: "bare", value: None };
            let headers = OwnedHeaders::new().insert(Header { key: "n", value: Some(&number) });
            let headers = headers.insert(Header { key: "n", value: Some("") }).insert(bare);
            let plain = n % 4 == 0;
            librdkafka::send(&producer, if plain { record } else { record.headers(headers) });
            if n % 8 == 7 {
                librdkafka::flush(&producer);
            }
        }
    }
}

fn now_ms() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is past 1970");
    since.as_millis() as i64
}

#[test]
fn merge_of_two_sources_keeps_each_order() {
    peers!(java: RealKafka);
    let us = Region::start(Make::Real, &java, "us");
    let (sg, ad) = (Region::start(Make::Ours, &java, "sg"), Region::start(Make::Ours, &java, "ad"));
    let (us, sg, ad) = (us.bootstrap(), sg.bootstrap(), ad.bootstrap());
    let topic = "merged";
    librdkafka::create_topic(&us, topic, 2, &[]);
    librdkafka::create_topic(&sg, topic, 2, &[]);
    let worker = Worker::start(&format!(
        "version: 1
regions:
  us: {{ bootstrap: [\"{us}\"] }}
  sg: {{ bootstrap: [\"{sg}\"] }}
  ad: {{ bootstrap: [\"{ad}\"] }}
defaults: {{ discovery_interval: 500ms }}
pipelines:
  - {{ name: us-to-ad, from: us, to: ad, topics: {{ include: ['{topic}'] }} }}
  - {{ name: sg-to-ad, from: sg, to: ad, topics: {{ include: ['{topic}'] }} }}
"
    ));
    for round in 0..5 {
        for (region, bootstrap) in [("us", &us), ("sg", &sg)] {
            for partition in 0..2 {
                let texts: Vec<String> =
                    (round * 300..(round + 1) * 300).map(|n| format!("{region} {n}")).collect();
                librdkafka::produce(bootstrap, topic, partition, &texts);
            }
        }
    }
    worker.wait_until_caught_up("us-to-ad", &us, topic);
    worker.wait_until_caught_up("sg-to-ad", &sg, topic);
    let read = librdkafka::read(&ad, topic);
    for partition in 0..2 {
        let texts = read.iter().filter(|r| r.partition == partition).map(|r| r.text());
        let (from_us, from_sg): (Vec<_>, Vec<_>) = texts.partition(|text| text.starts_with("us"));
        assert_eq!(from_us, (0..1500).map(|n| format!("us {n}")).collect::<Vec<_>>());
        assert_eq!(from_sg, (0..1500).map(|n| format!("sg {n}")).collect::<Vec<_>>());
    }
}

#[test]
fn pass_opens_no_block() {
    peers!(java: RealKafka);
    for (from, to) in [(Make::Real, Make::Real), (Make::Ours, Make::Real), (Make::Real, Make::Ours)]
    {
        let (us, ad) = (Region::start(from, &java, "us"), Region::start(to, &java, "ad"));
        let topic = format!("passed-{from:?}-{to:?}").to_lowercase();
        let worker = mirror_batches(&us, &ad, &topic, "compression: pass");
        let (sent, read) = (batches_of(&us, &topic, 0), batches_of(&ad, &topic, 0));
        assert!(sent.len() >= 20, "{}", sent.len());
        assert_eq!(read.len(), sent.len());
        for (read, sent) in read.iter().zip(&sent) {
            assert!(read.block() == sent.block(), "{topic}: at {}", sent.header.base_offset);
        }
        let lanes = worker.lanes(&topic, &topic).expect("its page");
        assert_eq!(lanes[0].opened, 0);
        assert_eq!(lanes[0].batches as usize, sent.len());
    }
}

#[test]
fn a_recoded_topic_arrives_as_zstd() {
    peers!(java: RealKafka);
    for to in [Make::Real, Make::Ours] {
        let (us, ad) = (Region::start(Make::Real, &java, "us"), Region::start(to, &java, "ad"));
        let topic = format!("recoded-{to:?}").to_lowercase();
        let worker = mirror_batches(&us, &ad, &topic, "compression: 'zstd:3'");
        let codecs: Vec<_> =
            batches_of(&ad, &topic, 0).iter().map(|b| b.header.compression()).collect();
        assert!(codecs.iter().all(|codec| *codec == Some(Compression::Zstd)), "{codecs:?}");
        let lanes = worker.lanes(&topic, &topic).expect("its page");
        // What is zstd already stays as it is.
        assert!((1..lanes[0].batches).contains(&lanes[0].opened), "{lanes:?}");
        assert!(lanes[0].bytes_out < lanes[0].bytes_in, "{lanes:?}");
        let content = |region: &Region| -> Vec<_> {
            let records = librdkafka::read(&region.bootstrap(), &topic);
            records.iter().map(|record| record.content()).collect()
        };
        assert!(content(&us) == content(&ad));
    }
}

/// Mirrors a topic with batches of every codec.
fn mirror_batches(us: &Region, ad: &Region, topic: &str, option: &str) -> Worker {
    librdkafka::create_topic(&us.bootstrap(), topic, 1, &[]);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let producer = librdkafka::producer(&us.bootstrap(), &[("compression.codec", codec)]);
        for batch in 0..5 {
            for n in 0..100 {
                let text = format!("{codec} batch {batch} record {n}, as long as a short sentence");
                let record = BaseRecord::<[u8], [u8]>::to(topic).payload(text.as_bytes());
                librdkafka::send(&producer, record.key(codec.as_bytes()));
            }
            librdkafka::flush(&producer);
        }
    }
    let route = Route::new(topic, &us.bootstrap(), &ad.bootstrap(), topic).with(option);
    let worker = route.start();
    worker.wait_until_caught_up(topic, &us.bootstrap(), topic);
    worker
}
