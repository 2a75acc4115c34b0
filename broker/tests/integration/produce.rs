//! Produce: every codec, every check, order, idempotence.

use bytes::Bytes;
use strait_wire::messages::api_versions::ApiVersionsRequest;
use strait_wire::messages::produce::{ProduceRequest, ProduceResponse};
use strait_wire::{BatchBuilder, BatchHeader, Compression, ErrorCode};

use crate::support::{Running, batch, batch_with, batches, numbered, produce_request, values};

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

fn only(mut response: ProduceResponse) -> (ErrorCode, i64) {
    let answer = response.responses.remove(0).partition_responses.remove(0);
    (answer.error_code, answer.base_offset)
}

/// The batch with its header changed and its CRC made right again.
fn forged(bytes: &Bytes, change: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut header = BatchHeader::parse(bytes).expect("a batch");
    change(&mut header);
    let block = &bytes[61..];
    Bytes::from([&header.seal(block)[..], block].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_passes_byte_for_byte() {
    let (running, mut client) = Running::with_topic("t", &[]).await;
    let text = "the same words again and again ".repeat(50);
    for (n, codec) in CODECS.into_iter().enumerate() {
        let sent = batch_with(BatchBuilder::default(), &[&text, "b"], codec);
        let answer = client.produce("t", sent.clone()).await;
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, 2 * n as i64));
        let got = batches(client.fetch("t", 2 * n as i64).await.records).remove(0);
        assert_eq!(got.bytes()[17..], sent[17..], "{codec:?} is kept as it was sent");
        assert_eq!(got.header.leader_epoch, 0, "T7");
    }
    assert_eq!(running.broker.snapshot().records_decoded, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_0_1_and_all_append_alike() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    client.send(9, &produce_request("t", 0, 0, batch(&["silent"]))).await;
    let one = client.call(3, &produce_request("t", 0, 1, batch(&["one"]))).await;
    assert_eq!(only(one), (ErrorCode::NONE, 1), "acks=0 had no answer and was first");
    let all = client.call(9, &produce_request("t", 0, -1, batch(&["all"]))).await;
    assert_eq!(only(all), (ErrorCode::NONE, 2));
    assert_eq!(client.values("t", 0).await, numbered(0, &["silent", "one", "all"]));
    let bad = client.call(9, &produce_request("t", 0, 2, batch(&["x"]))).await;
    assert_eq!(only(bad).0, ErrorCode::INVALID_REQUIRED_ACKS);
    client.send(9, &produce_request("missing", 0, 0, batch(&["x"]))).await;
    assert_eq!(client.receive().await, None, "a failed acks=0 closes the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_append_in_their_order() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let texts: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let mut ids = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let acks = if n % 2 == 0 { -1 } else { 1 };
        ids.push(client.send(9, &produce_request("t", 0, acks, batch(&[text]))).await);
    }
    for (n, id) in ids.into_iter().enumerate() {
        let answer = client.answer_to::<ProduceRequest>(9, id).await;
        assert_eq!(only(answer), (ErrorCode::NONE, n as i64));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(client.values("t", 0).await, numbered(0, &texts));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_0_to_2_are_announced_and_refused() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    for version in 0..3 {
        let refused = client.call(version, &produce_request("t", 0, 1, batch(&["x"]))).await;
        assert_eq!(only(refused).0, ErrorCode::UNSUPPORTED_VERSION);
    }
    let zstd = batch_with(BatchBuilder::default(), &["x"], Compression::Zstd);
    let refused = client.call(6, &produce_request("t", 0, 1, zstd)).await;
    assert_eq!(only(refused).0, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfit_batches_are_refused_and_leave_no_trace() {
    let (_running, mut client) = Running::with_topic("t", &[("max.message.bytes", "400")]).await;
    let good = batch(&["a", "b"]);
    let mut flipped = good.to_vec();
    *flipped.last_mut().expect("a batch has bytes") ^= 1;
    let mut magic_1 = good.to_vec();
    magic_1[16] = 1;
    let gap = forged(&good, |header| header.last_offset_delta = 2);
    let cases: [(&str, Bytes, ErrorCode); 12] = [
        ("no bytes", Bytes::new(), ErrorCode::INVALID_RECORD),
        ("a cut batch", good.slice(..good.len() - 1), ErrorCode::CORRUPT_MESSAGE),
        ("two batches", [&good[..], &good[..]].concat().into(), ErrorCode::INVALID_RECORD),
        ("a flipped bit", flipped.into(), ErrorCode::CORRUPT_MESSAGE),
        ("magic 1", magic_1.into(), ErrorCode::INVALID_RECORD),
        ("base offset 5", forged(&good, |h| h.base_offset = 5), ErrorCode::INVALID_RECORD),
        ("a control batch", forged(&good, |h| h.attributes |= 1 << 5), ErrorCode::INVALID_RECORD),
        ("a transaction", forged(&good, |h| h.attributes |= 1 << 4), ErrorCode::INVALID_TXN_STATE),
        ("codec 7", forged(&good, |h| h.attributes |= 7), ErrorCode::INVALID_RECORD),
        ("a hole", gap, ErrorCode::INVALID_RECORD),
        (
            "one record missing",
            forged(&good, |h| {
                h.count = 3;
                h.last_offset_delta = 2;
            }),
            ErrorCode::INVALID_RECORD,
        ),
        ("too large", batch(&[&"x".repeat(400)]), ErrorCode::MESSAGE_TOO_LARGE),
    ];
    for (what, bytes, expected) in cases {
        let answer = client.produce("t", bytes).await;
        assert_eq!((answer.error_code, answer.base_offset), (expected, -1), "{what}");
        assert!(answer.error_message.is_some(), "{what} is explained");
    }
    assert_eq!(client.fetch("t", 0).await.high_watermark, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_opens_to_too_much_is_refused() {
    let running = Running::with(|config| config.limits.inflated_batch_bytes = 1 << 20).await;
    let mut client = running.client().await;
    client.create_topic("t", 1, &[]).await;
    for codec in &CODECS[1..] {
        let bomb = batch_with(BatchBuilder::default(), &[&"0".repeat(2 << 20)], *codec);
        let answer = client.produce("t", bomb).await;
        assert_eq!(answer.error_code, ErrorCode::MESSAGE_TOO_LARGE, "{codec:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_records_are_named() {
    let (_running, mut client) = Running::with_topic("t", &[("cleanup.policy", "compact")]).await;
    let now = strait_io::time::wall_ms();
    let mut builder = BatchBuilder::default();
    builder.add(now, Some(b"k"), Some(b"v"));
    builder.add(now, None, Some(b"v"));
    let keyless = builder.finish(Compression::None, None).expect("closes");
    let answer = client.produce("t", keyless).await;
    assert_eq!(answer.error_code, ErrorCode::INVALID_RECORD);
    assert_eq!(answer.record_errors[0].batch_index, 1);
    let mut builder = BatchBuilder::default();
    builder.add(now + 2 * 3_600_000, Some(b"k"), Some(b"v"));
    let early = builder.finish(Compression::None, None).expect("closes");
    let answer = client.produce("t", early).await;
    assert_eq!(answer.error_code, ErrorCode::INVALID_TIMESTAMP);
    assert_eq!(answer.record_errors[0].batch_index, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_rewrites_time_and_codec_where_the_topic_says_so() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let configs = [("message.timestamp.type", "LogAppendTime"), ("compression.type", "zstd")];
    client.create_topic("t", 1, &configs).await;
    let mut builder = BatchBuilder::default();
    builder.add(5, Some(b"k"), Some(b"old"));
    let sent = builder.finish(Compression::Lz4, None).expect("closes");
    let answer = client.produce("t", sent).await;
    assert_eq!(answer.error_code, ErrorCode::NONE);
    assert!(answer.log_append_time_ms > 5);
    let records = client.fetch("t", 0).await.records;
    let kept = batches(records.clone()).remove(0);
    assert_eq!(kept.header.compression(), Some(Compression::Zstd));
    assert!(kept.header.is_log_append_time());
    assert_eq!(kept.header.max_timestamp, answer.log_append_time_ms);
    assert_eq!(values(records), numbered(0, &["old"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_append_time_flag_is_cleared() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let sent = forged(&batch(&["x"]), |header| header.attributes |= 1 << 3);
    assert_eq!(client.produce("t", sent).await.error_code, ErrorCode::NONE);
    let kept = batches(client.fetch("t", 0).await.records).remove(0);
    kept.verify().expect("the CRC was made right");
    assert!(!kept.header.is_log_append_time());
}

#[tokio::test(flavor = "multi_thread")]
async fn idempotent_duplicates_answer_with_their_first_offset() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let sequenced = |epoch, sequence, text: &str| {
        let builder = BatchBuilder::default().producer(42, epoch, sequence);
        batch_with(builder, &[text], Compression::None)
    };
    for (batch, expected) in [
        (sequenced(0, 0, "a"), (ErrorCode::NONE, 0)),
        (sequenced(0, 1, "b"), (ErrorCode::NONE, 1)),
        (sequenced(0, 0, "a"), (ErrorCode::NONE, 0)),
        (sequenced(0, 5, "x"), (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1)),
        (sequenced(1, 0, "c"), (ErrorCode::NONE, 2)),
        (sequenced(0, 2, "x"), (ErrorCode::INVALID_PRODUCER_EPOCH, -1)),
    ] {
        let answer = client.produce("t", batch).await;
        assert_eq!((answer.error_code, answer.base_offset), expected);
    }
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b", "c"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preserved_topic_is_read_only() {
    let (_running, mut client) = Running::with_topic("t", &[("strait.mirror", "preserve")]).await;
    let answer = client.produce("t", batch(&["x"])).await;
    assert_eq!(answer.error_code, ErrorCode::POLICY_VIOLATION);
    assert!(answer.error_message.expect("a reason").contains("mirror"));
    client.call(0, &ApiVersionsRequest::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_producers_are_checked_by_header_only() {
    let (running, mut client) = Running::with_topic("t", &[("strait.validation", "header")]).await;
    assert_eq!(client.produce("t", batch(&["x"])).await.error_code, ErrorCode::NONE);
    let mut flipped = batch(&["x"]).to_vec();
    *flipped.last_mut().expect("a batch has bytes") ^= 1;
    let answer = client.produce("t", flipped.into()).await;
    assert_eq!(answer.error_code, ErrorCode::CORRUPT_MESSAGE);
    assert_eq!(running.broker.snapshot().records_decoded, 0);
}
