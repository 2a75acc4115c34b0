//! MirrorAppend: exactly what a claim allows, and where the lane stands otherwise.

use bytes::Bytes;
use strait_wire::messages::mirror_append::{
    MirrorAppendPartition, MirrorAppendPartitionResult, MirrorAppendRequest, MirrorAppendTopic,
};
use strait_wire::{BatchBuilder, BatchHeader, Compression, ErrorCode, Records};

use crate::support::{Client, Running, batch, batch_with, batches, numbered, restart_in, start_in};

struct Lane {
    producer_id: i64,
    generation: i16,
}

const PRESERVE: Lane = Lane { producer_id: -1, generation: 1 };

async fn append(
    client: &mut Client,
    lane: &Lane,
    expected: i64,
    records: &[Bytes],
) -> MirrorAppendPartitionResult {
    let partition = MirrorAppendPartition {
        partition: 0,
        producer_id: lane.producer_id,
        generation: lane.generation,
        expected,
        records: Records::Bytes(records.concat().into()),
    };
    let topic = MirrorAppendTopic { topic: "t".to_owned(), partitions: vec![partition] };
    let request = MirrorAppendRequest { timeout_ms: 5_000, topics: vec![topic] };
    client.call(0, &request).await.topics.remove(0).partitions.remove(0)
}

/// A source's batch: offsets and leader epoch lie outside the CRC.
fn at(offset: i64, epoch: i32, bytes: &Bytes) -> Bytes {
    let header = BatchHeader {
        base_offset: offset,
        leader_epoch: epoch,
        ..BatchHeader::parse(bytes).expect("a batch")
    };
    Bytes::from([&header.to_bytes()[..], &bytes[61..]].concat())
}

fn of_lane(lane: &Lane, sequence: i32, texts: &[&str]) -> Bytes {
    let builder = BatchBuilder::default().producer(lane.producer_id, lane.generation, sequence);
    batch_with(builder, texts, Compression::Lz4)
}

#[tokio::test(flavor = "multi_thread")]
async fn preserve_keeps_offsets_epochs_and_holes_and_decodes_nothing() {
    let (running, mut client) = Running::with_topic("t", &[("strait.mirror", "preserve")]).await;
    let sent = [at(100, 3, &batch(&["a", "b"])), at(110, 4, &batch(&["c"]))];
    let done = append(&mut client, &PRESERVE, 0, &sent).await;
    assert_eq!((done.error_code, done.base_offset, done.position), (ErrorCode::NONE, 100, 111));
    assert_eq!((done.log_end_offset, done.generation), (111, 1));
    let data = client.fetch("t", 100).await;
    assert_eq!((data.log_start_offset, data.high_watermark), (100, 111));
    let kept = batches(data.records);
    assert_eq!(kept.iter().map(|b| b.bytes().clone()).collect::<Vec<_>>(), sent);
    assert_eq!(client.fetch("t", 0).await.error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(client.values("t", 105).await, numbered(110, &["c"]));
    let counted = running.broker.snapshot();
    assert_eq!((counted.records_decoded, counted.records_mirrored), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_either_one_sources_copy_or_merged_from_several() {
    let (_running, mut client) =
        Running::with_topic("kept", &[("strait.mirror", "preserve")]).await;
    client.create_topic("merged", 1, &[("strait.mirror", "merge")]).await;
    let question = |producer_id| MirrorAppendPartition { producer_id, ..Default::default() };
    for (topic, producer_id) in [("kept", 7), ("merged", -1)] {
        let topics = vec![MirrorAppendTopic {
            topic: topic.to_owned(),
            partitions: vec![question(producer_id)],
        }];
        let request = MirrorAppendRequest { topics, timeout_ms: 1000 };
        let answer = client.call(0, &request).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, ErrorCode::POLICY_VIOLATION);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preserve_refuses_duplicates_reordering_and_zombies() {
    let (_running, mut client) = Running::with_topic("t", &[("strait.mirror", "preserve")]).await;
    let first = [at(0, 0, &batch(&["a", "b"]))];
    assert_eq!(append(&mut client, &PRESERVE, 0, &first).await.error_code, ErrorCode::NONE);
    let again = append(&mut client, &PRESERVE, 0, &first).await;
    assert_eq!(again.error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!((again.position, again.generation, again.base_offset), (2, 1, -1));
    let behind = append(&mut client, &PRESERVE, 2, &[at(1, 0, &batch(&["x"]))]).await;
    assert_eq!(behind.error_code, ErrorCode::INVALID_RECORD);
    let successor = Lane { generation: 2, ..PRESERVE };
    let claimed = append(&mut client, &successor, -1, &[]).await;
    assert_eq!((claimed.error_code, claimed.position, claimed.generation), (ErrorCode::NONE, 2, 2));
    let zombie = append(&mut client, &PRESERVE, 2, &[at(2, 0, &batch(&["x"]))]).await;
    assert_eq!(zombie.error_code, ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!((zombie.position, zombie.generation), (2, 2));
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_lanes_have_places_of_their_own() {
    let (running, mut client) = Running::with_topic("t", &[]).await;
    let us = Lane { producer_id: 1001, generation: 0 };
    let sg = Lane { producer_id: 1002, generation: 7 };
    let asked = append(&mut client, &us, -1, &[]).await;
    assert_eq!((asked.error_code, asked.position, asked.log_end_offset), (ErrorCode::NONE, -1, 0));
    let two = [of_lane(&us, 500, &["us-500", "us-501"]), of_lane(&us, 510, &["us-510"])];
    let done = append(&mut client, &us, -1, &two).await;
    assert_eq!((done.error_code, done.position, done.base_offset), (ErrorCode::NONE, 511, 0));
    let done = append(&mut client, &sg, -1, &[of_lane(&sg, 0, &["sg-0"])]).await;
    assert_eq!((done.error_code, done.position, done.base_offset), (ErrorCode::NONE, 1, 3));
    let again = append(&mut client, &us, -1, &two).await;
    assert_eq!(again.error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!((again.position, again.generation), (511, 0));
    let wrapped = (3i64 << 31) + 511;
    let done = append(&mut client, &us, wrapped, &[of_lane(&us, 511, &["us-511"])]).await;
    assert_eq!((done.error_code, done.base_offset), (ErrorCode::NONE, 4));
    let expected = numbered(0, &["us-500", "us-501", "us-510", "sg-0", "us-511"]);
    assert_eq!(client.values("t", 0).await, expected);
    assert_eq!(running.broker.snapshot().records_decoded, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_zombies_and_strangers_are_refused() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let old = Lane { producer_id: 1001, generation: 0 };
    let new = Lane { producer_id: 1001, generation: 1 };
    append(&mut client, &old, -1, &[of_lane(&old, 0, &["a"])]).await;
    let claimed = append(&mut client, &new, -1, &[]).await;
    assert_eq!((claimed.position, claimed.generation), (1, 1));
    let zombie = append(&mut client, &old, 1, &[of_lane(&old, 1, &["x"])]).await;
    assert_eq!(zombie.error_code, ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!((zombie.position, zombie.generation), (1, 1));
    let stranger = append(&mut client, &new, 1, &[of_lane(&old, 1, &["x"])]).await;
    assert_eq!(stranger.error_code, ErrorCode::INVALID_RECORD);
    let done = append(&mut client, &new, 1, &[of_lane(&new, 1, &["b"])]).await;
    assert_eq!((done.error_code, done.position), (ErrorCode::NONE, 2));
    let done = append(&mut client, &new, 2, &[of_lane(&new, 2, &["c"])]).await;
    assert_eq!((done.error_code, done.position), (ErrorCode::NONE, 3));
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b", "c"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn corrupt_batches_and_unknown_topics_are_refused() {
    let (_running, mut client) = Running::with_topic("t", &[("strait.mirror", "preserve")]).await;
    let mut flipped = batch(&["x"]).to_vec();
    *flipped.last_mut().expect("a batch has bytes") ^= 1;
    let refused = append(&mut client, &PRESERVE, 0, &[flipped.into()]).await;
    assert_eq!(refused.error_code, ErrorCode::CORRUPT_MESSAGE);
    let cut = batch(&["x"]).slice(..65);
    let refused = append(&mut client, &PRESERVE, 0, &[cut]).await;
    assert_eq!(refused.error_code, ErrorCode::CORRUPT_MESSAGE);
    let topic = MirrorAppendTopic {
        topic: "missing".to_owned(),
        partitions: vec![MirrorAppendPartition::default()],
    };
    let request = MirrorAppendRequest { timeout_ms: 1_000, topics: vec![topic] };
    let answer = client.call(0, &request).await.topics.remove(0).partitions.remove(0);
    assert_eq!(answer.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_and_generations_of_lanes_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broker = start_in(&folder, |_| {}).await;
    let mut client = Client::connect(broker.address()).await;
    client.create_topic("t", 1, &[("strait.mirror", "merge")]).await;
    let lane = Lane { producer_id: 1001, generation: 3 };
    append(&mut client, &lane, -1, &[of_lane(&lane, 70, &["a", "b"])]).await;
    drop(client);
    drop(broker);
    let broker = restart_in(&folder).await;
    let mut client = Client::connect(broker.address()).await;
    let asked = append(&mut client, &lane, -1, &[]).await;
    assert_eq!((asked.error_code, asked.position, asked.generation), (ErrorCode::NONE, 72, 3));
    let repeated = append(&mut client, &lane, -1, &[of_lane(&lane, 70, &["a", "b"])]).await;
    assert_eq!(repeated.error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let done = append(&mut client, &lane, 72, &[of_lane(&lane, 72, &["c"])]).await;
    assert_eq!(done.error_code, ErrorCode::NONE);
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b", "c"]));
}
