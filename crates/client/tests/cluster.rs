//! A cluster against scripted brokers: leaders that move, brokers that come back, coordinators.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use fake::{Asked, Fake, Say, config, metadata, versions};
use futures::future::join_all;
use strait_client::{ClientError, Cluster, To, Topics};
use strait_wire::messages::create_topics::CreateTopicsRequest;
use strait_wire::messages::find_coordinator::{Coordinator, FindCoordinatorResponse};
use strait_wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use strait_wire::{ApiKey, ErrorCode};

async fn fake(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Fake {
    Fake::start(move |asked| match asked.api {
        ApiKey::ApiVersions => asked.answer(&versions()),
        _ => script(asked),
    })
    .await
}

#[tokio::test]
async fn a_leader_that_moves_is_found_after_a_refresh() {
    let leader = Arc::new(AtomicI32::new(1));
    let known = leader.clone();
    let fake = fake(move |asked| {
        let leader = known.load(Ordering::SeqCst);
        asked.answer(&metadata(&["127.0.0.1:1", "127.0.0.1:2"], leader, 10 + leader))
    })
    .await;
    let cluster = fake.cluster();
    assert_eq!(cluster.leader("posts", 0).await.unwrap(), 1);
    leader.store(2, Ordering::SeqCst);
    assert_eq!(cluster.leader("posts", 0).await.unwrap(), 1, "nobody said it moved");
    let view = cluster.refresh(&["posts"]).await.unwrap();
    let partition = view.partition("posts", 0).unwrap();
    assert_eq!((partition.leader, partition.leader_epoch), (Some(2), 12));
    assert_eq!(cluster.leader("posts", 0).await.unwrap(), 2);
}

#[tokio::test]
async fn many_refreshes_at_once_are_few_requests() {
    let fake = fake(|asked| asked.answer(&metadata(&["127.0.0.1:1"], 1, 0))).await;
    let cluster = fake.cluster();
    let views = join_all((0..100).map(|_| cluster.refresh(&["posts"]))).await;
    assert!(views.into_iter().all(|view| view.unwrap().leader("posts", 0) == Some(1)));
    // Those who ask while the first request is under way need one that is sent later.
    assert_eq!(fake.asked(ApiKey::Metadata).len(), 2);
}

#[tokio::test]
async fn a_partition_without_leader_is_an_error_with_coordinates() {
    let fake = fake(|asked| asked.answer(&metadata(&["127.0.0.1:1"], -1, 0))).await;
    let error = fake.cluster().leader("posts", 0).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LEADER_NOT_AVAILABLE));
    assert!(error.to_string().contains("posts-0") && error.is_retriable(), "{error}");
    let error = fake.cluster().leader("posts", 5).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
}

#[tokio::test]
async fn a_call_outlives_a_connection_that_breaks() {
    let breaks = Arc::new(AtomicUsize::new(2));
    let left = breaks.clone();
    let fake = fake(move |asked| {
        let broken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match broken {
            Ok(_) => Say::Close,
            Err(_) => asked.answer(&metadata(&["127.0.0.1:1"], 1, 0)),
        }
    })
    .await;
    let view = fake.cluster().metadata(Topics::Named(&["posts"])).await.unwrap();
    assert_eq!(view.cluster_id, "fake");
    assert_eq!(fake.asked(ApiKey::Metadata).len(), 3);
}

#[tokio::test]
async fn what_might_happen_twice_is_sent_once() {
    let fake = fake(|_| Say::Close).await;
    let error = fake.cluster().call(To::Any, CreateTopicsRequest::default()).await.unwrap_err();
    assert!(matches!(error, ClientError::Closed { .. }), "{error}");
    assert_eq!(fake.asked(ApiKey::CreateTopics).len(), 1);
}

#[tokio::test]
async fn the_next_bootstrap_address_is_tried() {
    let fake = fake(|asked| asked.answer(&metadata(&["127.0.0.1:1"], 1, 0))).await;
    for _ in 0..4 {
        let cluster = Cluster::new(config(&["127.0.0.1:1", &fake.address]));
        cluster.metadata(Topics::All).await.expect("one of the two answers");
    }
}

#[tokio::test]
async fn a_coordinator_is_asked_for_until_there_is_one_and_then_remembered() {
    let address = Arc::new(std::sync::Mutex::new(String::new()));
    let own = address.clone();
    let fake = fake(move |asked| match asked.api {
        ApiKey::Metadata => asked.answer(&metadata(&[&own.lock().unwrap()], 1, 0)),
        ApiKey::FindCoordinator => {
            let error_code = match asked.nth {
                1 => ErrorCode::COORDINATOR_NOT_AVAILABLE,
                _ => ErrorCode::NONE,
            };
            let found = Coordinator { node_id: 1, error_code, ..Default::default() };
            let coordinators = vec![found];
            asked.answer(&FindCoordinatorResponse { coordinators, ..Default::default() })
        }
        _ => asked.answer(&HeartbeatResponse::default()),
    })
    .await;
    *address.lock().unwrap() = fake.address.clone();
    let cluster = fake.cluster();
    for _ in 0..3 {
        cluster.call(To::Coordinator("readers"), HeartbeatRequest::default()).await.unwrap();
    }
    assert_eq!(fake.asked(ApiKey::FindCoordinator).len(), 2);
    cluster.forget_coordinator("readers");
    assert_eq!(cluster.coordinator("readers").await.unwrap(), 1);
    assert_eq!(fake.asked(ApiKey::FindCoordinator).len(), 3);
}
