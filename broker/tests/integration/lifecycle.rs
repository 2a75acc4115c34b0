//! Starting, draining, starting again.

use strait_broker::{Broker, BrokerConfig, FlushPolicy, StartError};
use strait_io::time::{self, Duration};
use strait_wire::messages::delete_topics::DeleteTopicsRequest;
use strait_wire::messages::fetch::FetchRequest;
use strait_wire::messages::metadata::MetadataRequest;
use strait_wire::{BatchBuilder, Compression, ErrorCode};

use crate::support::{
    Client, Running, batch, batch_with, fetch_request, numbered, only_partition, restart_in,
    start_in, values,
};

const DEADLINE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_broker_starts_in_a_moment() {
    let before = time::now();
    let running = Running::start().await;
    assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());
    running.broker.drain(DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_segments_leave_when_a_topic_holds_more_than_it_may() {
    let limits = [("retention.bytes", "1048576"), ("segment.bytes", "1048576")];
    let (running, mut client) = Running::with_topic("t", &limits).await;
    let large = "x".repeat(600_000);
    for _ in 0..5 {
        let written = client.produce("t", batch(&[&large])).await;
        assert_eq!(written.error_code, ErrorCode::NONE);
    }
    assert_eq!(client.fetch("t", 0).await.log_start_offset, 0);
    running.broker.run_retention_now().await;
    assert_eq!(client.fetch("t", 0).await.error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    let newest = client.fetch("t", 4).await;
    assert!((1..=4).contains(&newest.log_start_offset), "{}", newest.log_start_offset);
    assert_eq!(values(newest.records), numbered(4, &[&large]));
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_broker_that_just_vanishes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broker = start_in(&folder, |_| {}).await;
    let mut client = Client::connect(broker.address()).await;
    client.create_topic("t", 1, &[]).await;
    for text in ["a", "b", "c"] {
        client.produce("t", batch(&[text])).await;
    }
    drop(client);
    drop(broker);
    let broker = restart_in(&folder).await;
    let mut client = Client::connect(broker.address()).await;
    assert_eq!(client.values("t", 0).await, numbered(0, &["a", "b", "c"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_producers_and_a_reader_agree() {
    let (running, mut reader) = Running::with_topic("t", &[]).await;
    let address = running.broker.address();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                for n in 0..50 {
                    let answer = client.produce("t", batch(&[&format!("{writer}-{n}")])).await;
                    assert_eq!(answer.error_code, ErrorCode::NONE);
                }
            })
        })
        .collect();
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < 400 {
        let request = fetch_request("t", seen.len() as i64, 5_000, 1);
        let data = only_partition(reader.call(11, &request).await);
        let values = values(data.records);
        assert!(!values.is_empty(), "every wait ends with news");
        for (offset, value) in values {
            assert_eq!(offset, seen.len() as i64, "no gap, no repetition");
            seen.push(value);
        }
    }
    for writer in writers {
        writer.await.expect("it wrote everything");
    }
    for writer in 0..8 {
        let prefix = format!("{writer}-");
        let own = seen.iter().filter_map(|value| value.strip_prefix(&prefix));
        let expected: Vec<String> = (0..50).map(|n: i32| n.to_string()).collect();
        assert_eq!(own.collect::<Vec<_>>(), expected, "each writer's order is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_topic_wakes_its_readers() {
    let (running, mut reader) = Running::with_topic("t", &[]).await;
    let id = reader.send(11, &fetch_request("t", 0, 20_000, 1)).await;
    let mut admin = running.client().await;
    let request = DeleteTopicsRequest { topic_names: vec!["t".to_owned()], ..Default::default() };
    admin.call(5, &request).await;
    let woken = time::timeout(DEADLINE, reader.answer_to::<FetchRequest>(11, id)).await;
    let data = only_partition(woken.expect("woken long before its time is up"));
    assert_eq!(data.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_topics_while_they_are_written_harms_nobody_else() {
    let (running, mut admin) = Running::with_topic("kept", &[]).await;
    let address = running.broker.address();
    let writer = tokio::spawn(async move {
        let mut client = Client::connect(address).await;
        for n in 0..300 {
            let topic = if n % 3 == 0 { "kept" } else { "doomed" };
            let answer = client.produce(topic, batch(&["x"])).await;
            assert!(topic == "doomed" || answer.error_code == ErrorCode::NONE, "{answer:?}");
        }
    });
    let delete =
        DeleteTopicsRequest { topic_names: vec!["doomed".to_owned()], ..Default::default() };
    while !writer.is_finished() {
        admin.create_topic("doomed", 4, &[]).await;
        time::sleep(Duration::from_millis(15)).await;
        admin.call(5, &delete).await;
    }
    writer.await.expect("the other topic was served throughout");
    assert_eq!(admin.fetch("kept", 0).await.high_watermark, 100);
}
