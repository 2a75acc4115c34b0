//! Frames, versions, order, and what hostile bytes cost.

use bytes::Bytes;
use strait_io::time::{self, Duration};
use strait_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use strait_wire::messages::fetch::FetchRequest;
use strait_wire::messages::find_coordinator::FindCoordinatorRequest;
use strait_wire::messages::init_producer_id::InitProducerIdRequest;
use strait_wire::messages::metadata::MetadataRequest;
use strait_wire::{ApiKey, ErrorCode, Reader, Wire};

use crate::support::{Running, fetch_request};

fn range(response: &ApiVersionsResponse, key: i16) -> Option<(i16, i16)> {
    let found = response.api_keys.iter().find(|api| api.api_key == key);
    found.map(|api| (api.min_version, api.max_version))
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_api_versions_3_has_no_tags_and_t2_its_header_is_version_0() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let request = ApiVersionsRequest {
        client_software_name: "t".to_owned(),
        client_software_version: "1".to_owned(),
    };
    client.send(3, &request).await;
    let frame = client.receive().await.expect("an answer");
    let body = frame.slice(4..);
    let response = ApiVersionsResponse::read(&mut Reader::new(body), ApiKey::ApiVersions.shape(3));
    let response = response.expect("no tag byte between the correlation id and the body");
    assert_eq!(frame.last(), Some(&0), "the last byte counts the tagged fields");
    assert_eq!(range(&response, 0), Some((0, 13)), "Produce 0 keeps old librdkafka's codecs on");
    assert_eq!(range(&response, 1), Some((4, 18)));
    assert_eq!(range(&response, 20000), Some((0, 0)));
    assert_eq!(range(&response, 24), None, "transactions are not announced");
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let id = client.send(3, &ApiVersionsRequest::default()).await;
    client.answer_to::<ApiVersionsRequest>(3, id).await;
    let mut frame = Vec::from(&[0, 0, 0, 12, 0, 18, 0, 99, 0, 0, 0, 77][..]);
    frame.extend_from_slice(&[0, 2, b'm', b'e']);
    client.send_raw(&frame).await;
    let response = client.answer_to::<ApiVersionsRequest>(0, 77).await;
    assert_eq!(response.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(range(&response, 18), Some((0, 4)));
    let response = client.call(0, &ApiVersionsRequest::default()).await;
    assert_eq!(response.error_code, ErrorCode::NONE, "the connection lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_unknown_versions_and_keys_close_the_connection() {
    let running = Running::start().await;
    for (key, version) in [(3i16, 99i16), (1, 3), (24, 0), (999, 0)] {
        let mut client = running.client().await;
        let mut frame = Vec::from(10i32.to_be_bytes());
        frame.extend_from_slice(&key.to_be_bytes());
        frame.extend_from_slice(&version.to_be_bytes());
        frame.extend_from_slice(&[0, 0, 0, 1, 0xff, 0xff]);
        client.send_raw(&frame).await;
        assert_eq!(client.receive().await, None, "key {key} version {version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_answers_keep_the_order_and_a_parked_fetch_blocks_nobody_else() {
    let (running, mut parked) = Running::with_topic("t", &[]).await;
    let fetch = parked.send(11, &fetch_request("t", 0, 400, 1)).await;
    let versions = parked.send(0, &ApiVersionsRequest::default()).await;
    let mut other = running.client().await;
    let ask = ApiVersionsRequest::default();
    let quick = time::timeout(Duration::from_millis(300), other.call(0, &ask));
    quick.await.expect("another connection is served meanwhile");
    parked.answer_to::<FetchRequest>(11, fetch).await;
    parked.answer_to::<ApiVersionsRequest>(0, versions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t14_hostile_frames_cost_one_connection() {
    let (running, mut good) = Running::with_topic("t", &[]).await;
    let mut absurd_array = vec![0, 0, 0, 19, 0, 3, 0, 9, 0, 0, 0, 1, 0xff, 0xff, 0];
    absurd_array.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]);
    let hostile: [&[u8]; 7] = [
        &(-1i32).to_be_bytes(),
        &i32::MAX.to_be_bytes(),
        &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0, 0, 0, 3, 1, 2, 3],
        &[0, 0, 0, 16, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0, 0],
        &absurd_array,
    ];
    for bytes in hostile {
        let mut client = running.client().await;
        client.send_raw(bytes).await;
        let closed = time::timeout(Duration::from_secs(5), client.receive()).await;
        assert_eq!(closed.expect("closed at once"), None::<Bytes>, "{bytes:?}");
    }
    let response = good.call(1, &MetadataRequest { topics: None, ..Default::default() }).await;
    assert_eq!(response.topics.len(), 1);
    assert!(running.broker.snapshot().connections_faulty >= 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_length_without_bytes_holds_nothing_up() {
    let running = Running::start().await;
    let mut claims = Vec::new();
    for _ in 0..60 {
        let mut client = running.client().await;
        client.send_raw(&(100 * 1024 * 1024i32).to_be_bytes()).await;
        client.send_raw(&[0; 4]).await;
        claims.push(client);
    }
    let mut good = running.client().await;
    let response = good.call(0, &ApiVersionsRequest::default()).await;
    assert_eq!(response.error_code, ErrorCode::NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn this_node_coordinates_everything() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let request = FindCoordinatorRequest { key: "g".to_owned(), ..Default::default() };
    let found = client.call(2, &request).await;
    assert_eq!((found.error_code, found.node_id), (ErrorCode::NONE, 1));
    assert_eq!(found.port, i32::from(running.broker.address().port()));
    let request = FindCoordinatorRequest {
        coordinator_keys: vec!["g".to_owned(), "h".to_owned()],
        ..Default::default()
    };
    let found = client.call(4, &request).await;
    assert_eq!(found.coordinators.len(), 2);
    assert_eq!(found.coordinators[1].key, "h");
}

#[tokio::test(flavor = "multi_thread")]
async fn producer_ids_are_fresh_and_transactions_are_refused_honestly() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let first = client.call(4, &InitProducerIdRequest::default()).await;
    let second = client.call(0, &InitProducerIdRequest::default()).await;
    assert_eq!((first.error_code, first.producer_epoch), (ErrorCode::NONE, 0));
    assert_ne!(first.producer_id, second.producer_id);
    let transactional =
        InitProducerIdRequest { transactional_id: Some("t".to_owned()), ..Default::default() };
    let refused = client.call(4, &transactional).await;
    assert_eq!(refused.error_code, ErrorCode::UNSUPPORTED_VERSION);
}
