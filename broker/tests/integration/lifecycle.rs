//! Starting, draining, starting again.

use strait_broker::{Broker, BrokerConfig, FlushPolicy, StartError};
use strait_io::time::{self, Duration};
use strait_wire::messages::fetch::FetchRequest;
use strait_wire::messages::metadata::MetadataRequest;
use strait_wire::{BatchBuilder, Compression, ErrorCode};

use crate::support::{Client, Running, batch, batch_with, fetch_request, numbered, start_in};

const DEADLINE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_broker_starts_in_a_moment() {
    let before = time::now();
    let running = Running::start().await;
    assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());
    running.broker.drain(DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_topics_and_producers_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broker = start_in(&folder, |_| {}).await;
    let cluster = broker.cluster_id().to_owned();
    let mut client = Client::connect(broker.address()).await;
    client.create_topic("t", 3, &[("retention.ms", "-1")]).await;
    let sequenced =
        || batch_with(BatchBuilder::default().producer(9, 0, 0), &["a", "b"], Compression::Zstd);
    client.produce("t", sequenced()).await;
    drop(client);
    broker.drain(DEADLINE).await;

    let broker = start_in(&folder, |_| {}).await;
    assert_eq!(broker.cluster_id(), cluster);
    let mut client = Client::connect(broker.address()).await;
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b"]));
    let duplicate = client.produce("t", sequenced()).await;
    assert_eq!((duplicate.error_code, duplicate.base_offset), (ErrorCode::NONE, 0));
    assert_eq!(client.produce("t", batch(&["c"])).await.base_offset, 2);
    let all = MetadataRequest { topics: None, ..Default::default() };
    assert_eq!(client.call(12, &all).await.topics[0].partitions.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_answers_what_is_parked() {
    let (running, mut client) = Running::with_topic("t", &[]).await;
    let id = client.send(11, &fetch_request("t", 0, 60_000, 1)).await;
    let mut other = running.client().await;
    other.fetch("t", 0).await;
    let before = time::now();
    let drained = running.broker.drain(DEADLINE);
    let (answer, ()) = tokio::join!(client.answer_to::<FetchRequest>(11, id), drained);
    assert_eq!(answer.responses.len(), 1);
    assert!(before.elapsed() < Duration::from_secs(3));
    assert_eq!(client.receive().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_group_commit_the_log_end_is_visible_at_once() {
    let running = Running::with(|config| config.flush = FlushPolicy::Os).await;
    let mut client = running.client().await;
    client.create_topic("t", 1, &[]).await;
    client.produce("t", batch(&["a"])).await;
    assert_eq!(client.values("t", 0).await, numbered(0, &["a"]));
    assert_eq!(running.broker.snapshot().syncs, 0);
}

async fn refusal(config: BrokerConfig) -> StartError {
    Broker::start(config).await.err().expect("it must not start")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_start_has_its_own_message() {
    let running = Running::start().await;
    let base =
        BrokerConfig { data_dir: running.folder.path().to_owned(), ..BrokerConfig::default() };
    let taken = BrokerConfig { listen: running.broker.address(), ..base.clone() };
    assert!(matches!(refusal(taken).await, StartError::PortInUse { .. }));
    assert!(matches!(refusal(base.clone()).await, StartError::FolderLocked { .. }));
    running.broker.drain(DEADLINE).await;
    let other = BrokerConfig { node_id: 2, ..base.clone() };
    let error = refusal(other).await;
    assert!(matches!(error, StartError::ForeignFolder { .. }));
    assert!(error.to_string().contains("node 1"), "{error}");
    let cluster = BrokerConfig { cluster_id: Some("other".to_owned()), ..base.clone() };
    assert!(matches!(refusal(cluster).await, StartError::ForeignFolder { .. }));
    strait_io::fs::write_atomic(&base.data_dir.join("topics.json"), b"{").expect("written");
    let error = refusal(base).await;
    assert!(matches!(error, StartError::UnreadableLog { .. }));
    assert!(error.to_string().contains("topics.json"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_from_afar_and_in_total_are_limited() {
    let running = Running::with(|config| config.limits.connections = 2).await;
    let (mut one, mut two) = (running.client().await, running.client().await);
    let all = MetadataRequest { topics: None, ..Default::default() };
    one.call(1, &all).await;
    two.call(1, &all).await;
    let mut three = running.client().await;
    assert_eq!(three.receive().await, None);
    assert_eq!(running.broker.snapshot().connections_refused, 1);
}
