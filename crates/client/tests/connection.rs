//! One connection against a scripted broker: order, refusals, silence, sizes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fake;

use std::sync::Mutex;

use bytes::Bytes;
use fake::{Asked, Fake, Say, config, metadata, versions, versions_up_to};
use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::produce::{ProduceBatch, produce};
use strait_client::{ClientError, Cluster, Connection, Topics, Uuid};
use strait_io::time::{self, Duration};
use strait_wire::messages::api_versions::ApiVersionsResponse;
use strait_wire::messages::fetch::{FetchResponse, FetchableTopicResponse, PartitionData};
use strait_wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use strait_wire::messages::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use strait_wire::{ApiKey, ErrorCode, Records};

/// A fake that introduces itself as broker 1, and answers everything else by `script`.
async fn broker(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> (Fake, Connection) {
    let address = std::sync::Arc::new(Mutex::new(String::new()));
    let own = address.clone();
    let fake = Fake::start(move |asked| match asked.api {
        ApiKey::ApiVersions => asked.answer(&versions()),
        ApiKey::Metadata => asked.answer(&metadata(&[&own.lock().unwrap()], 1, 0)),
        _ => script(asked),
    })
    .await;
    *address.lock().unwrap() = fake.address.clone();
    let connection = fake.cluster().connect(1).await.expect("the fake answers");
    (fake, connection)
}

fn beat(generation_id: i32) -> HeartbeatRequest {
    HeartbeatRequest { generation_id, ..Default::default() }
}

/// Answers a heartbeat with its own generation, to tell answers apart.
fn echo(asked: &Asked) -> Vec<u8> {
    let throttle_time_ms = asked.request::<HeartbeatRequest>().generation_id;
    asked.bytes(&HeartbeatResponse { throttle_time_ms, ..Default::default() })
}

#[tokio::test]
async fn requests_are_pipelined_and_answers_awaited_in_any_order() {
    let held = Mutex::new(Vec::new());
    let (_fake, connection) = broker(move |asked| {
        let mut held = held.lock().unwrap();
        held.extend(echo(asked));
        match asked.request::<HeartbeatRequest>().generation_id {
            3 => Say::Bytes(std::mem::take(&mut held)),
            _ => Say::Nothing,
        }
    })
    .await;
    let first = connection.send(&beat(1)).await.unwrap();
    let second = connection.send(&beat(2)).await.unwrap();
    let third = connection.send(&beat(3)).await.unwrap();
    assert_eq!(third.await.unwrap().throttle_time_ms, 3);
    assert_eq!(first.await.unwrap().throttle_time_ms, 1);
    assert_eq!(second.await.unwrap().throttle_time_ms, 2);
}

#[tokio::test]
async fn an_answer_nobody_awaits_does_not_shift_the_next() {
    let (_fake, connection) = broker(|asked| Say::Bytes(echo(asked))).await;
    drop(connection.send(&beat(1)).await.unwrap());
    assert_eq!(connection.call(&beat(2)).await.unwrap().throttle_time_ms, 2);
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_allowed() {
    let (fake, connection) = broker(|_| Say::Nothing).await;
    let mut answers = Vec::new();
    for generation in 0..4 {
        answers.push(connection.send(&beat(generation)).await.unwrap());
    }
    let fifth = time::timeout(Duration::from_millis(100), connection.send(&beat(4))).await;
    assert!(fifth.is_err(), "the fifth request waits for its turn");
    assert_eq!(fake.asked(ApiKey::Heartbeat).len(), 4);
}

#[tokio::test]
async fn an_answer_to_another_request_ends_the_connection_for_all() {
    let (_fake, connection) = broker(|asked| {
        let mut wrong = asked.clone();
        wrong.correlation_id += 7;
        Say::Bytes(echo(&wrong))
    })
    .await;
    let first = connection.send(&beat(1)).await.unwrap();
    let second = connection.send(&beat(2)).await.unwrap();
    for answer in [first, second] {
        let error = answer.await.unwrap_err();
        assert!(matches!(&error, ClientError::Protocol { .. }), "{error}");
        assert!(error.to_string().contains("was due"), "{error}");
    }
    assert!(connection.is_closed());
    assert!(connection.send(&beat(3)).await.is_err());
}

#[tokio::test]
async fn a_silent_broker_loses_the_connection() {
    let (_fake, connection) = broker(|_| Say::Nothing).await;
    let first = connection.send(&beat(1)).await.unwrap();
    let second = connection.send(&beat(2)).await.unwrap();
    let error = first.await.unwrap_err();
    assert!(matches!(&error, ClientError::Timeout { api: ApiKey::Heartbeat, .. }), "{error}");
    assert!(second.await.unwrap_err().is_retriable());
    assert!(connection.is_closed());
}

#[tokio::test]
async fn a_broker_that_hangs_up_is_named() {
    let (fake, connection) = broker(|_| Say::Close).await;
    let error = connection.call(&beat(1)).await.unwrap_err();
    assert!(matches!(&error, ClientError::Closed { .. }), "{error}");
    assert!(error.to_string().contains("`us`") && error.to_string().contains(&fake.address));
}

async fn first_words(bytes: &'static [u8]) -> String {
    let fake = Fake::start(move |_| Say::Bytes(bytes.to_vec())).await;
    let error = fake.cluster().metadata(Topics::All).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert!(error.to_string().contains(&fake.address), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_tls_port_is_recognised() {
    let error = first_words(&[0x15, 3, 3, 0, 2, 2, 22]).await;
    assert!(error.contains("speaks TLS") && error.contains("configure TLS"), "{error}");
}

#[tokio::test]
async fn an_http_server_is_recognised() {
    let error = first_words(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert!(error.contains("HTTP server") && error.contains("check host and port"), "{error}");
}

#[tokio::test]
async fn impossible_frame_lengths_cost_nothing() {
    for length in [i32::MAX, -1, i32::MIN] {
        let (_fake, connection) = broker(move |_| Say::Bytes(length.to_be_bytes().to_vec())).await;
        let error = connection.call(&beat(1)).await.unwrap_err();
        assert!(matches!(&error, ClientError::Protocol { .. }), "{error}");
        assert!(error.to_string().contains(&length.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_broker_that_refuses_the_guessed_version_is_asked_in_version_0() {
    let refusal = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        ..versions_up_to(ApiKey::ApiVersions, 2)
    };
    let fake = Fake::start(move |asked| match (asked.api, asked.version) {
        (ApiKey::ApiVersions, 0) => asked.answer(&versions_up_to(ApiKey::Metadata, 5)),
        (ApiKey::ApiVersions, _) => {
            let mut oldest = asked.clone();
            oldest.version = 0;
            oldest.answer(&refusal)
        }
        _ => asked.answer(&metadata(&["127.0.0.1:1"], 1, 0)),
    })
    .await;
    fake.cluster().metadata(Topics::All).await.expect("version 0 is understood");
    assert_eq!(fake.asked(ApiKey::Metadata)[0].version, 5);
}

#[tokio::test]
async fn every_address_is_named_when_none_answers() {
    let mut silent = config(&["127.0.0.1:1", "nowhere.invalid:9092", "no-port"]);
    silent.name = "sg".to_owned();
    let error = Cluster::new(silent).metadata(Topics::All).await.unwrap_err();
    let text = error.to_string();
    for part in ["`sg`", "127.0.0.1:1", "refused", "nowhere.invalid:9092", "no-port"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[tokio::test]
async fn batches_of_megabytes_cross_whole_in_both_directions() {
    let block: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let stored = Bytes::from(block.clone());
    let (fake, connection) = broker(move |asked| match asked.api {
        ApiKey::Fetch => {
            let data = PartitionData {
                high_watermark: 9,
                records: Records::Bytes(stored.clone()),
                ..Default::default()
            };
            let topic = "posts".to_owned();
            let topic =
                FetchableTopicResponse { topic, partitions: vec![data], ..Default::default() };
            asked.answer(&FetchResponse { responses: vec![topic], ..Default::default() })
        }
        _ => {
            let data = PartitionProduceResponse { base_offset: 7, ..Default::default() };
            let name = "posts".to_owned();
            let topic = TopicProduceResponse {
                name,
                partition_responses: vec![data],
                ..Default::default()
            };
            asked.answer(&ProduceResponse { responses: vec![topic], ..Default::default() })
        }
    })
    .await;

    let ask = FetchAsk {
        topic: "posts".to_owned(),
        topic_id: Uuid::nil(),
        partition: 0,
        offset: 0,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        max_bytes: 4 << 20,
    };
    let fetched = fetch(&connection, &[ask], FetchLimits::default()).await.unwrap();
    assert_eq!(fetched[0].high_watermark, 9);
    assert!(fetched[0].records == block, "the fetched bytes are those the broker holds");

    let block = Bytes::from(block);
    let parts = vec![block.slice(..61), block.slice(61..)];
    let batch = ProduceBatch {
        topic: "posts".to_owned(),
        topic_id: Uuid::nil(),
        partition: 0,
        records: Records::Parts(parts),
    };
    let produced = produce(&connection, vec![batch], Duration::from_secs(1)).await.unwrap();
    assert_eq!(produced[0].base_offset, 7);
    let arrived = fake.asked(ApiKey::Produce).remove(0).request::<ProduceRequest>();
    let records = arrived.topic_data[0].partition_data[0].records.clone().into_bytes();
    assert!(records == block, "the produced bytes arrive as they were");
    assert_eq!(fake.asked(ApiKey::Produce)[0].version, 12, "no id, so no version that wants ids");
    assert_eq!(fake.asked(ApiKey::Fetch)[0].version, 12);
}

#[tokio::test]
async fn an_api_the_broker_does_not_serve_is_an_error_before_anything_is_sent() {
    let fake = Fake::start(|asked| match asked.api {
        ApiKey::ApiVersions => {
            let mut few = versions();
            few.api_keys.retain(|api| api.api_key != ApiKey::MirrorAppend.code());
            asked.answer(&few)
        }
        _ => asked.answer(&metadata(&["127.0.0.1:1"], 1, 0)),
    })
    .await;
    let request = strait_wire::messages::mirror_append::MirrorAppendRequest::default();
    let error = fake.cluster().call(strait_client::To::Any, request).await.unwrap_err();
    assert!(matches!(error, ClientError::NotServed { api: ApiKey::MirrorAppend, .. }));
}
