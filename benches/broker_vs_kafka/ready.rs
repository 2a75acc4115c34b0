//! Ready-made batches: a writer that costs next to nothing, so that the broker is the limit.
//!
//! Batches that librdkafka made are read once, kept in memory under plain headers, and sent
//! again and again: one batch of each partition in a request, many requests in flight.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::produce::{ProduceBatch, send_produce};
use strait_client::{ClientConfig, Cluster, Connection, Uuid};
use strait_wire::Records;
use strait_wire::batch::{BatchHeader, BlockCrc, batches};

use crate::PARTITIONS;

/// Batches kept: about 42 MB of LZ4.
const BATCHES: usize = 2_000;
const FETCH_BYTES: i32 = 4 * 1024 * 1024;
const IN_FLIGHT: usize = 16;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Batches, and the records in them.
pub struct Ready(Vec<(Records, i64)>);

impl Ready {
    /// Reads batches from the beginning of partition 0.
    pub fn read(bootstrap: &str, topic: &str) -> Self {
        block_on(async {
            let connection = connect(bootstrap).await;
            let (mut found, mut offset) = (Vec::new(), 0);
            while found.len() < BATCHES {
                let before = found.len();
                let asks = [ask(topic, offset)];
                let answer = fetch(&connection, &asks, FetchLimits::default()).await;
                let part = answer.expect("the broker answers").remove(0);
                assert!(part.error.is_ok(), "{topic}: {:?}", part.error);
                for batch in batches(part.records) {
                    let batch = batch.expect("a whole batch");
                    offset = batch.header.next_offset();
                    let head = plain(batch.header, BlockCrc::of(&batch.block()));
                    let parts = vec![head.to_vec().into(), batch.block()];
                    found.push((Records::Parts(parts), i64::from(batch.header.count)));
                }
                if found.len() == before {
                    break;
                }
            }
            Self(found)
        })
    }

    /// Sends about `records` records; how many it were, and how long it took.
    pub fn send(&self, bootstrap: &str, topic: &str, records: i64) -> (i64, Duration) {
        block_on(async {
            let connection = connect(bootstrap).await;
            let (mut sent, mut next, mut in_flight) = (0, 0, VecDeque::new());
            let since = Instant::now();
            while sent < records {
                let mut request = Vec::new();
                for partition in 0..PARTITIONS {
                    let (batch, count) = &self.0[next % self.0.len()];
                    (sent, next) = (sent + count, next + 1);
                    request.push(batch_for(topic, partition, batch.clone()));
                }
                let answer = send_produce(&connection, request, TIMEOUT).await;
                in_flight.push_back(answer.expect("the connection holds"));
                if in_flight.len() == IN_FLIGHT {
                    expect_written(in_flight.pop_front().expect("it is full").await);
                }
            }
            for answer in in_flight {
                expect_written(answer.await);
            }
            (sent, since.elapsed())
        })
    }
}

fn expect_written(
    answer: Result<Vec<strait_client::produce::ProducedPartition>, strait_client::ClientError>,
) {
    for part in answer.expect("the broker answers") {
        assert!(part.error.is_ok(), "{part:?}");
    }
}

fn plain(header: BatchHeader, crc: BlockCrc) -> [u8; 61] {
    crc.seal(BatchHeader {
        base_offset: 0,
        leader_epoch: -1,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        ..header
    })
}

fn batch_for(topic: &str, partition: i32, records: Records) -> ProduceBatch {
    ProduceBatch { topic: topic.to_owned(), topic_id: Uuid::nil(), partition, records }
}

fn ask(topic: &str, offset: i64) -> FetchAsk {
    FetchAsk {
        topic: topic.to_owned(),
        topic_id: Uuid::nil(),
        partition: 0,
        offset,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        max_bytes: FETCH_BYTES,
    }
}

async fn connect(bootstrap: &str) -> Connection {
    let config = ClientConfig::new("bench", vec![bootstrap.to_owned()]);
    let cluster = Cluster::new(config);
    cluster.connect(1).await.expect("node 1 is there")
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread").block_on(task)
}
