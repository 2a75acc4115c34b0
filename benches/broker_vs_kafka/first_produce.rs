//! From nothing to the first acknowledged record: connect, create a topic, produce.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strait_client::admin::NewTopic;
use strait_client::produce::{ProduceBatch, produce};
use strait_client::{ClientConfig, ClientError, Cluster, Uuid};
use strait_wire::batch::BatchBuilder;
use strait_wire::{Compression, Records};

const TOPIC: &str = "first";
/// A JVM beside a compiler may need its time.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(1);

/// Tries until a record is acknowledged.
pub fn run(address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread").block_on(until_acknowledged(address));
}

async fn until_acknowledged(address: SocketAddr) {
    let since = Instant::now();
    while let Err(error) = std::net::TcpStream::connect(address) {
        assert!(since.elapsed() < PATIENCE, "{address}: {error}");
        tokio::time::sleep(PAUSE).await;
    }
    let cluster = Cluster::new(ClientConfig::new("bench", vec![address.to_string()]));
    let topic = NewTopic {
        name: TOPIC.to_owned(),
        partitions: Some(1),
        replication_factor: Some(1),
        ..Default::default()
    };
    let created = cluster.create_topics(&[topic], false).await.expect("the broker answers");
    created.into_iter().for_each(|(name, outcome)| {
        outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    });
    while let Err(error) = send(&cluster).await {
        assert!(since.elapsed() < PATIENCE, "{address}: {error}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn send(cluster: &Cluster) -> Result<(), ClientError> {
    let leader = cluster.leader(TOPIC, 0).await?;
    let connection = cluster.shared(leader).await?;
    let mut builder = BatchBuilder::default();
    builder.add(0, None, Some(b"first"));
    let records = builder.finish(Compression::None, None).expect("nothing to compress");
    let batch = ProduceBatch {
        topic: TOPIC.to_owned(),
        topic_id: Uuid::nil(),
        partition: 0,
        records: Records::Bytes(records),
    };
    let answer = produce(&connection, vec![batch], PATIENCE).await?;
    assert!(answer[0].error.is_ok(), "{:?}", answer[0]);
    Ok(())
}
