//! Record batches: our own, those that others wrote, and broken ones.
//!
//! `tests/golden/*.batch` are segment files of an Apache Kafka 4.1.1 broker, filled by its
//! console producer (`java-…`) and by kcat (`librdkafka-…`), one file per codec: the records of
//! [`expected`], the last value 72,000 bytes long where there is a codec.

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;
use strait_wire::batch::{BatchError, HEADER_BYTES, Records, batches};
use strait_wire::sample::{Sample, Sampler};
use strait_wire::{ApiKey, BatchBuilder, BatchHeader, Compression, RawBatch, Record};

const LIMIT: usize = 1 << 20;

fn three_records() -> BatchBuilder {
    let mut builder = BatchBuilder::default().producer(7, 1, 40);
    builder.add(1_000, Some(b"a"), Some(b"first"));
    builder.add(990, None, Some(b"earlier"));
    let headers = [("trace".to_owned(), Some(Bytes::from_static(b"x"))), ("nil".to_owned(), None)];
    builder.add_with_headers(1_010, Some(b"c"), None, &headers);
    builder
}

fn built(codec: Compression) -> RawBatch {
    let mut bytes = three_records().finish(codec, None).expect("memory does not fail");
    let batch = RawBatch::split_from(&mut bytes).expect("we built it");
    assert!(bytes.is_empty());
    batch
}

/// A batch around `block` with the header of [`three_records`], CRC right.
fn around(block: &[u8], change: impl FnOnce(&mut BatchHeader)) -> RawBatch {
    let mut header = built(Compression::None).header;
    change(&mut header);
    let mut bytes = Bytes::from([&header.seal(block)[..], block].concat());
    RawBatch::split_from(&mut bytes).expect("the header is sound")
}

#[test]
fn what_is_built_is_read() {
    for codec in [Compression::None, Compression::Lz4, Compression::Zstd, Compression::Snappy] {
        let batch = built(codec);
        batch.verify().expect("the CRC fits");
        let header = batch.header;
        assert_eq!(header.compression(), Some(codec));
        assert_eq!((header.count, header.last_offset_delta, header.next_offset()), (3, 2, 3));
        assert_eq!((header.base_timestamp, header.max_timestamp), (1_000, 1_010));
        assert_eq!((header.producer_id, header.producer_epoch), (7, 1));
        assert_eq!((header.base_sequence, header.last_sequence()), (40, 42));
        let records: Vec<Record> =
            batch.records(LIMIT).expect("it opens").collect::<Result<_, _>>().expect("all whole");
        let seen: Vec<_> = records.iter().map(|r| (r.offset, r.timestamp)).collect();
        assert_eq!(seen, [(0, 1_000), (1, 990), (2, 1_010)]);
        assert_eq!(records[1].key, None);
        assert_eq!(records[2].value, None);
        assert_eq!(records[2].headers[1], ("nil".to_owned(), None));
        let mut walked = Vec::new();
        let walk = batch.records(LIMIT).expect("it opens").walk(|delta, timestamp, has_key| {
            walked.push((delta, timestamp, has_key));
            Ok(())
        });
        walk.expect("all whole");
        assert_eq!(walked, [(0, 1_000, true), (1, 990, false), (2, 1_010, true)]);
    }
}

#[test]
fn another_implementation_reads_ours_alike() {
    let random = &mut Sampler::new(6);
    let shape = ApiKey::Produce.shape(3);
    for _ in 0..100 {
        let mut builder = BatchBuilder::default();
        for _ in 0..=random.below(20) {
            let (key, value): (Bytes, Bytes) =
                (Bytes::sample(random, shape), Sample::sample(random, shape));
            let key = (random.below(3) > 0).then_some(&key[..]);
            let headers = [(String::sample(random, shape), Some(value.clone()))];
            let timestamp = 1_700_000_000_000 + random.below(5_000) as i64;
            builder.add_with_headers(timestamp, key, Some(&value), &headers);
        }
        let mut bytes = builder.finish(Compression::None, None).expect("memory does not fail");
        let theirs = RecordBatchDecoder::decode(&mut bytes.clone()).expect("they read ours");
        let batch = RawBatch::split_from(&mut bytes).expect("we built it");
        let ours = batch.records(LIMIT).expect("it opens").map(|r| r.expect("whole"));
        let ours: Vec<_> =
            ours.map(|r| (r.offset, r.timestamp, r.key, r.value, r.headers)).collect();
        let theirs = theirs.records.into_iter().map(|r| {
            let headers = r.headers.into_iter().map(|(name, value)| (name.to_string(), value));
            (r.offset, r.timestamp, r.key, r.value, headers.collect())
        });
        assert_eq!(ours, theirs.collect::<Vec<_>>());
    }
}

/// Key, value and header of what the golden files hold.
fn expected(codec: Compression) -> [(&'static str, String); 3] {
    let last = match codec {
        Compression::None => "three ".repeat(40),
        _ => "The strait carries ships, currents and batches. ".repeat(1500),
    };
    [("k1", "one".to_owned()), ("k2", "two".to_owned()), ("k3", last)]
}

#[test]
fn batches_of_other_producers_are_read_and_resealed() {
    for writer in ["java-4.1.1", "librdkafka-2.0.2"] {
        for name in ["none", "gzip", "snappy", "lz4", "zstd"] {
            let codec = Compression::from_name(name).expect("a codec");
            let path = format!("{}/tests/golden/{writer}-{name}.batch", env!("CARGO_MANIFEST_DIR"));
            #[allow(clippy::disallowed_methods)]
            let file = Bytes::from(std::fs::read(path).expect("a golden file"));
            let all: Vec<_> = batches(file.clone()).map(|b| b.expect("sound")).collect();
            assert_eq!(all.iter().map(|b| b.bytes().len()).sum::<usize>(), file.len());
            assert_eq!(all.last().expect("a batch").header.compression(), Some(codec));
            let records = all.iter().flat_map(|batch| {
                batch.verify().expect("the CRC fits");
                assert_eq!(batch.header.seal(&batch.block()), batch.bytes()[..HEADER_BYTES]);
                batch.records(LIMIT).expect("it opens").map(|r| r.expect("whole"))
            });
            let records = records.map(|record| {
                let (header, value) = &record.headers[0];
                assert_eq!((&header[..], value.as_deref()), ("h1", Some(&b"v1"[..])));
                let text =
                    |b: Option<Bytes>| String::from_utf8(b.expect("set").into()).expect("text");
                (record.offset, text(record.key), text(record.value))
            });
            let expected =
                expected(codec).into_iter().zip(0..).map(|((k, v), at)| (at, k.into(), v));
            assert!(records.eq(expected), "{writer} {name}");
        }
    }
}

#[test]
fn every_flipped_bit_of_what_the_crc_covers_is_seen() {
    let batch = built(Compression::None);
    for at in 17..batch.bytes().len() {
        let mut bytes = batch.bytes().to_vec();
        bytes[at] ^= 4;
        match RawBatch::split_from(&mut Bytes::from(bytes)) {
            Ok(flipped) => assert!(flipped.verify().is_err(), "byte {at}"),
            Err(error) => assert!(matches!(error, BatchError::Count { .. }), "byte {at}: {error}"),
        }
    }
}

#[test]
fn headers_that_contradict_themselves() {
    let sound = built(Compression::None).header;
    let parse = |change: fn(&mut BatchHeader)| {
        let mut header = sound;
        change(&mut header);
        BatchHeader::parse(&header.to_bytes())
    };
    assert_eq!(parse(|_| ()), Ok(sound));
    assert!(matches!(parse(|h| h.magic = 1), Err(BatchError::Magic { magic: 1, .. })));
    assert!(matches!(parse(|h| h.length = 48), Err(BatchError::BadLength { .. })));
    assert!(matches!(parse(|h| h.length = -1), Err(BatchError::BadLength { .. })));
    assert!(matches!(parse(|h| h.base_offset = -1), Err(BatchError::BadLength { .. })));
    assert!(matches!(parse(|h| h.count = 4), Err(BatchError::Count { .. })));
    assert!(matches!(parse(|h| h.count = -1), Err(BatchError::Count { .. })));
    assert!(matches!(parse(|h| h.last_offset_delta = -1), Err(BatchError::Count { .. })));
    assert!(matches!(parse(|h| h.base_offset = i64::MAX - 2), Err(BatchError::Count { .. })));
    let holes = parse(|h| h.count = 2).expect("compaction leaves holes");
    assert!(holes.has_holes() && !sound.has_holes());
    let cut = BatchHeader::parse(&sound.to_bytes()[..60]);
    assert_eq!(cut, Err(BatchError::Truncated { needed: 61, left: 60 }));
}

#[test]
fn sequences_wrap() {
    let mut header = built(Compression::None).header;
    header.base_sequence = i32::MAX;
    assert_eq!(header.last_sequence(), 1);
}

#[test]
fn a_cut_batch_ends_the_walk_quietly_and_a_broken_one_loudly() {
    let batch = built(Compression::None);
    let twice = [&batch.bytes()[..], batch.bytes()].concat();
    for end in 0..=twice.len() {
        let seen: Vec<_> = batches(Bytes::copy_from_slice(&twice[..end])).collect();
        assert!(seen.iter().all(Result::is_ok));
        assert_eq!(seen.len(), end / batch.bytes().len());
    }
    let mut broken = twice;
    broken[batch.bytes().len() + 16] = 0;
    let seen: Vec<_> = batches(broken.into()).collect();
    assert!(matches!(seen[..], [Ok(_), Err(BatchError::Magic { .. })]));
}

#[test]
fn the_walk_sees_what_a_leader_must_refuse() {
    let block = built(Compression::None).block();
    let ascending = |batch: RawBatch| {
        let mut next = 0;
        batch.records(LIMIT).and_then(|records| {
            records.walk(|delta, _, _| {
                next += 1;
                if delta == next - 1 { Ok(()) } else { Err("its offset is not the next one") }
            })
        })
    };
    let reason = |batch| ascending(batch).expect_err("it is broken").to_string();
    assert!(ascending(around(&block, |_| ())).is_ok());
    let trailing = [&block[..], &[0]].concat();
    assert!(reason(around(&trailing, |_| ())).contains("bytes follow the last record"));
    assert!(reason(around(&block, |h| h.count = 2)).contains("bytes follow the last record"));
    let more = |h: &mut BatchHeader| (h.count, h.last_offset_delta) = (4, 3);
    assert!(reason(around(&block, more)).contains("record 3"));
    assert!(reason(around(&block[..block.len() - 1], |_| ())).contains("record 2"));
    let mut swapped = block.to_vec();
    swapped[3] = 2; // the first record's offset delta, zig-zag: 1
    assert!(reason(around(&swapped, |_| ())).contains("not the next one"));
    swapped[3] = 6; // 3, beyond the batch
    assert!(reason(around(&swapped, |_| ())).contains("outside its batch"));
    let unknown = |h: &mut BatchHeader| h.attributes = 5;
    assert!(reason(around(&block, unknown)).contains("codec 5"));
}

#[test]
fn offsets_at_the_end_of_time_do_not_overflow() {
    let mut block = built(Compression::None).block().to_vec();
    block[3] = 0x7e;
    let batch = around(&block, |h| h.base_offset = i64::MAX - 3);
    let first = batch.records(LIMIT).expect("it opens").next().expect("one item");
    assert!(first.is_err());
    let mut builder = BatchBuilder::default();
    builder.add(i64::MIN, None, None);
    builder.add(i64::MAX, None, None);
    let mut bytes = builder.finish(Compression::None, None).expect("memory does not fail");
    let batch = RawBatch::split_from(&mut bytes).expect("we built it");
    let times = batch.records(LIMIT).expect("it opens").map(|r| r.expect("whole").timestamp);
    assert_eq!(times.collect::<Vec<_>>(), [i64::MIN, i64::MAX]);
}

#[test]
fn random_blocks_are_errors() {
    let random = &mut Sampler::new(8);
    for length in (0..120).cycle().take(6000) {
        let block = Bytes::from(random.bytes(length));
        let header =
            around(&[], |h| (h.count, h.last_offset_delta) = (i32::MAX, i32::MAX - 1)).header;
        let cost = allocation_counter::measure(|| {
            let records = Records::open(&header, &block, LIMIT).expect("no codec");
            assert!(records.take_while(Result::is_ok).count() <= length);
            let records = Records::open(&header, &block, LIMIT).expect("no codec");
            assert!(records.walk(|_, _, _| Ok(())).is_err());
        });
        assert!(cost.bytes_max <= 64 * length as u64 + 1024, "{length}: {}", cost.bytes_max);
    }
}
