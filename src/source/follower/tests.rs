use super::*;
use crate::memory::Budget;
use crate::model::{PipelineName, RegionName};
use crate::status::lane::LaneName;
use strait_wire::batch::{BatchBuilder, BatchHeader};
use strait_wire::{Compression, ErrorCode};

fn follower(position: i64) -> (Follower, Feed) {
    let region = |name: &str| RegionName::new(name).expect("a name");
    let name = LaneName {
        pipeline: PipelineName::new("us-to-ad").expect("a name"),
        from: region("us"),
        to: region("ad"),
        topic: "posts".to_owned(),
        target_topic: "posts".to_owned(),
        partition: 0,
    };
    let want = Follow {
        topic: "posts".to_owned(),
        topic_id: Default::default(),
        partition: 0,
        leader: 0,
        leader_epoch: -1,
        last_epoch: -1,
        position: SourceOffset(position),
    };
    Follower::new(want, Arc::new(LaneStatus::new(name)))
}

fn batch(base_offset: i64) -> Vec<u8> {
    let mut builder = BatchBuilder::default();
    builder.add(0, None, Some(b"post"));
    let bytes = builder.finish(Compression::None, None).expect("no codec");
    let header = BatchHeader { base_offset, ..BatchHeader::parse(&bytes).expect("a header") };
    [&header.to_bytes()[..], &bytes[header.to_bytes().len()..]].concat()
}

fn fetched(log_start_offset: i64, records: Vec<u8>) -> FetchedPartition {
    FetchedPartition {
        topic: "posts".to_owned(),
        partition: 0,
        error: ErrorCode::NONE,
        high_watermark: 1000,
        last_stable_offset: 1000,
        log_start_offset,
        diverging_epoch: None,
        current_leader: None,
        aborted: Vec::new(),
        records: records.into(),
    }
}

async fn reserved() -> Arc<Reserved> {
    Arc::new(Budget::new(1 << 20).reserve(1024).await)
}

#[tokio::test]
async fn a_jump_over_offsets_the_source_has_dropped_is_a_gap_and_over_others_a_hole() {
    let reserved = reserved().await;
    let (mut hole, mut feed) = follower(100);
    assert!(hole.take(fetched(100, batch(150)), &reserved));
    assert_eq!(feed.next().await.expect("a chunk").batches.len(), 1);
    let (mut gap, mut feed) = follower(100);
    assert!(!gap.take(fetched(150, batch(150)), &reserved));
    let fault = feed.next().await.expect_err("a gap");
    assert!(fault.to_string().starts_with("a gap: offsets 100 to 149 are gone"), "{fault}");
}

#[tokio::test]
async fn what_was_read_before_the_log_began_anew_is_no_gap() {
    let (mut follower, mut feed) = follower(100);
    assert!(follower.take(fetched(150, batch(100)), &reserved().await));
    assert_eq!(feed.next().await.expect("a chunk").batches.len(), 1);
}

#[tokio::test]
async fn batches_before_a_malformed_one_arrive_and_the_fault_names_its_offset() {
    let reserved = reserved().await;
    let mut bad = batch(101);
    bad[16] = 9;
    let (mut follower, mut feed) = follower(100);
    assert!(follower.take(fetched(0, [batch(100), bad.clone()].concat()), &reserved));
    assert_eq!(feed.next().await.expect("a chunk").batches.len(), 1);
    assert!(!follower.take(fetched(0, bad), &reserved));
    let fault = feed.next().await.expect_err("no batch");
    assert!(fault.to_string().starts_with("offset 101: "), "{fault}");
}

#[tokio::test]
async fn a_reader_that_is_gone_is_a_fault_and_not_silence() {
    let (follower, mut feed) = follower(100);
    drop(follower);
    assert!(matches!(feed.next().await, Err(SourceFault::ReaderEnded)));
}
