use std::sync::Arc;

use super::*;
use crate::batch::Outbound;
use crate::ledger::run::Copied;
use crate::memory::{Budget, Reserved};
use crate::model::SourceOffset;
use crate::sink::{Place, Terms};
use bytes::Bytes;
use strait_client::ClientConfig;

type Written = mpsc::UnboundedReceiver<Result<Copied, SinkFault>>;

fn writer() -> Writer {
    let nowhere = ClientConfig::new("nowhere", vec!["127.0.0.1:1".to_owned()]);
    Writer::new(Cluster::new(nowhere), 0, mpsc::channel(1).1)
}

async fn reserved() -> Arc<Reserved> {
    Arc::new(Budget::new(1 << 20).reserve(1024).await)
}

fn batch(bytes: usize) -> Outbound {
    Outbound {
        source_base: SourceOffset(0),
        source_next: SourceOffset(1),
        target_span: 1,
        records: 1,
        source_digest: 0,
        target_digest: 0,
        logical_bytes: None,
        fetched_bytes: bytes,
        opened: false,
        max_timestamp: 0,
        head: Bytes::new(),
        block: Bytes::from(vec![0; bytes]),
    }
}

/// A lane with one batch of this size waiting.
async fn open(writer: &mut Writer, ticket: u64, bytes: usize) -> Written {
    let (sender, written) = mpsc::unbounded_channel();
    let place = Place {
        topic: "posts".to_owned(),
        topic_id: Default::default(),
        partition: ticket as i32,
        leader: 0,
    };
    writer.take(Order::Open(Box::new(LaneQueue::new(ticket, place, Terms::Produce, sender))));
    writer.take(Order::Write { ticket, batch: batch(bytes), reserved: reserved().await });
    written
}

#[tokio::test]
async fn a_request_stays_below_what_a_stock_kafka_takes() {
    let mut writer = writer();
    let mut listening = Vec::new();
    for ticket in 0..4 {
        listening.push(open(&mut writer, ticket, REQUEST_BYTES_MAX / 2).await);
    }
    assert_eq!(writer.next_lanes(), (false, vec![0, 1]));
    assert_eq!(writer.next_lanes(), (false, vec![2, 3]));
}

#[tokio::test]
async fn a_batch_above_the_limit_travels_alone() {
    let mut writer = writer();
    let _listening = open(&mut writer, 0, REQUEST_BYTES_MAX + 1).await;
    assert_eq!(writer.next_lanes(), (false, vec![0]));
}

#[tokio::test]
async fn a_lane_that_has_gone_without_a_word_is_asked_for_nothing() {
    let mut writer = writer();
    drop(open(&mut writer, 0, 10).await);
    assert_eq!(writer.next_lanes(), (false, Vec::new()));
    assert!(writer.lanes.is_empty());
}
