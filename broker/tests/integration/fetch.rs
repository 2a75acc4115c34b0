//! Fetch, ListOffsets, OffsetForLeaderEpoch, DeleteRecords: what readers see.

use strait_io::time::{self, Duration};
use strait_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use strait_wire::messages::fetch::{FetchPartition, FetchRequest};
use strait_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use strait_wire::messages::metadata::MetadataRequest;
use strait_wire::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use strait_wire::{ErrorCode, Records, Uuid};

use crate::support::{
    Client, Running, batch, batches, fetch_request, numbered, only_partition, produce_request,
    values,
};

#[tokio::test(flavor = "multi_thread")]
async fn t8_an_offset_inside_a_batch_brings_the_whole_batch() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    client.produce("t", batch(&["a", "b", "c"])).await;
    assert_eq!(client.values("t", 1).await, numbered(0, &["a", "b", "c"]));
    let end = client.fetch("t", 3).await;
    assert_eq!(end.records, Records::Bytes(Default::default()), "empty, not null");
    assert_eq!((end.error_code, end.high_watermark, end.log_start_offset), (ErrorCode::NONE, 3, 0));
    assert_eq!(end.last_stable_offset, 3);
    for offset in [-1, 4] {
        let out = client.fetch("t", offset).await;
        assert_eq!(out.error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
        assert_eq!(out.records, Records::Bytes(Default::default()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_batch_is_whole_and_the_rest_ends_on_bounds() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let large = "x".repeat(50_000);
    for _ in 0..3 {
        client.produce("t", batch(&[&large])).await;
    }
    let with = |max_bytes, partition_max_bytes| {
        let mut request = fetch_request("t", 0, 0, 1);
        request.max_bytes = max_bytes;
        request.topics[0].partitions[0].partition_max_bytes = partition_max_bytes;
        request
    };
    for (request, expected) in [
        (with(1, 1), 1),
        (with(1 << 20, 1), 1),
        (with(120_000, 1 << 20), 2),
        (with(1 << 20, 1 << 20), 3),
    ] {
        let data = only_partition(client.call(11, &request).await);
        assert_eq!(batches(data.records).len(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_partition_does_not_exceed_the_answers_limit() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let large = "x".repeat(50_000);
    for partition in 0..2 {
        client.call(9, &produce_request("t", partition, -1, batch(&[&large]))).await;
    }
    let mut request = fetch_request("t", 0, 0, 1);
    request.max_bytes = 60_000;
    let second = FetchPartition { partition: 1, ..request.topics[0].partitions[0].clone() };
    request.topics[0].partitions.push(second);
    let response = client.call(11, &request).await;
    let sizes: Vec<bool> =
        response.responses[0].partitions.iter().map(|p| p.records.is_empty()).collect();
    assert_eq!(sizes, [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_wakes_when_records_are_safe() {
    let (running, mut reader) = Running::with_topic("t", &[]).await;
    let id = reader.send(11, &fetch_request("t", 0, 20_000, 1)).await;
    let mut writer = running.client().await;
    writer.produce("t", batch(&["news"])).await;
    let woken = time::timeout(Duration::from_secs(5), reader.answer_to::<FetchRequest>(11, id));
    let data = only_partition(woken.await.expect("woken long before its time is up"));
    assert_eq!(values(data.records), numbered(0, &["news"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_waits_for_min_bytes_or_its_time() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    client.produce("t", batch(&["little"])).await;
    let before = time::now();
    let response = client.call(11, &fetch_request("t", 0, 200, 1_000_000)).await;
    assert!(before.elapsed() >= Duration::from_millis(195));
    assert!(!only_partition(response).records.is_empty(), "what there is comes at the end");
    let before = time::now();
    client.call(11, &fetch_request("missing", 0, 20_000, 1)).await;
    assert!(before.elapsed() < Duration::from_secs(5), "an error is told at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_leader_epochs_fence() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    client.produce("t", batch(&["a"])).await;
    let mut request = fetch_request("t", 0, 0, 1);
    request.topics[0].partitions[0].current_leader_epoch = 1;
    let newer = only_partition(client.call(11, &request).await);
    assert_eq!(newer.error_code, ErrorCode::UNKNOWN_LEADER_EPOCH);
    request.topics[0].partitions[0].current_leader_epoch = 0;
    let same = only_partition(client.call(11, &request).await);
    assert_eq!(same.error_code, ErrorCode::NONE);
    let mut epoch_end = async |current_leader_epoch, leader_epoch| {
        let partition =
            OffsetForLeaderPartition { current_leader_epoch, leader_epoch, ..Default::default() };
        let topic = OffsetForLeaderTopic { topic: "t".to_owned(), partitions: vec![partition] };
        let request = OffsetForLeaderEpochRequest { topics: vec![topic], ..Default::default() };
        let end = client.call(4, &request).await.topics.remove(0).partitions.remove(0);
        (end.error_code, end.leader_epoch, end.end_offset)
    };
    assert_eq!(epoch_end(0, 0).await, (ErrorCode::NONE, 0, 1));
    assert_eq!(epoch_end(-1, 7).await, (ErrorCode::NONE, -1, -1));
    assert_eq!(epoch_end(3, 0).await, (ErrorCode::UNKNOWN_LEADER_EPOCH, -1, -1));
}

#[tokio::test(flavor = "multi_thread")]
async fn topic_ids_name_topics_from_version_13_on() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    client.produce("t", batch(&["a"])).await;
    let all = MetadataRequest { topics: None, ..Default::default() };
    let topic_id = client.call(12, &all).await.topics[0].topic_id;
    for (id, expected) in [
        (topic_id, ErrorCode::NONE),
        (Uuid::from_u128(9), ErrorCode::UNKNOWN_TOPIC_ID),
        (Uuid::nil(), ErrorCode::UNKNOWN_TOPIC_ID),
    ] {
        let mut request = fetch_request("", 0, 0, 1);
        request.topics[0].topic_id = id;
        let data = only_partition(client.call(17, &request).await);
        assert_eq!(data.error_code, expected);
    }
    let mut request = produce_request("", 0, -1, batch(&["b"]));
    request.topic_data[0].topic_id = topic_id;
    let answer = client.call(13, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].base_offset, 1);
    assert_eq!(answer.responses[0].topic_id, topic_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_declined() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let mut request = fetch_request("t", 0, 0, 1);
    request.session_epoch = 0;
    assert_eq!(client.call(11, &request).await.session_id, 0);
    (request.session_id, request.session_epoch) = (7, 3);
    let response = client.call(11, &request).await;
    assert_eq!(response.error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

async fn list(client: &mut Client, timestamp: i64) -> (ErrorCode, i64, i64) {
    let partition = ListOffsetsPartition { timestamp, ..Default::default() };
    let topic = ListOffsetsTopic { name: "t".to_owned(), partitions: vec![partition] };
    let request = ListOffsetsRequest { topics: vec![topic], ..Default::default() };
    let found = client.call(9, &request).await.topics.remove(0).partitions.remove(0);
    (found.error_code, found.timestamp, found.offset)
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_are_found_by_place_and_by_time() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let mut builder = strait_wire::BatchBuilder::default();
    for time in [100, 300, 200] {
        builder.add(time, Some(b"k"), Some(b"v"));
    }
    let sent = builder.finish(strait_wire::Compression::Lz4, None).expect("closes");
    assert_eq!(client.produce("t", sent).await.error_code, ErrorCode::NONE);
    let ok = ErrorCode::NONE;
    assert_eq!(list(&mut client, -2).await, (ok, -1, 0));
    assert_eq!(list(&mut client, -1).await, (ok, -1, 3));
    assert_eq!(list(&mut client, -4).await, (ok, -1, 0));
    assert_eq!(list(&mut client, -5).await, (ok, -1, -1));
    assert_eq!(list(&mut client, 50).await, (ok, 100, 0));
    assert_eq!(list(&mut client, 150).await, (ok, 300, 1));
    assert_eq!(list(&mut client, 301).await, (ok, -1, -1));
    assert_eq!(list(&mut client, -3).await, (ok, 300, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_records_are_out_of_range() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    for text in ["a", "b", "c"] {
        client.produce("t", batch(&[text])).await;
    }
    let mut delete = async |offset| {
        let partition = DeleteRecordsPartition { partition_index: 0, offset };
        let topic = DeleteRecordsTopic { name: "t".to_owned(), partitions: vec![partition] };
        let request = DeleteRecordsRequest { topics: vec![topic], ..Default::default() };
        let result = client.call(2, &request).await.topics.remove(0).partitions.remove(0);
        (result.error_code, result.low_watermark)
    };
    assert_eq!(delete(2).await, (ErrorCode::NONE, 2));
    assert_eq!(delete(9).await, (ErrorCode::OFFSET_OUT_OF_RANGE, -1));
    assert_eq!(client.fetch("t", 0).await.error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(client.values("t", 2).await, numbered(2, &["c"]));
    assert_eq!(list(&mut client, -2).await.2, 2);
}
