use super::*;
use crate::ledger::Skipped;
use crate::memory::Budget;
use crate::model::TargetOffset;
use crate::pipeline::fixture;
use crate::pipeline::landed::Found;
use crate::sink::{Place, Terms};
use strait_wire::Bytes;
use strait_wire::Compression;
use strait_wire::batch::{BatchBuilder, BlockCrc};

const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// A lane in `merge` that has copied what lies below offset 100, in leader epoch 4.
fn course() -> Course {
    let (route, lane) = (fixture::route(), fixture::status());
    let spec = fixture::spec();
    Course::new(&route, &spec, &lane, claim())
}

fn claim() -> Claim {
    let record = LaneRecord {
        mode: Mode::Merge,
        producer_id: 7,
        generation: 1,
        number: 0,
        run: None,
        leader_epoch: 4,
        position: SourceOffset(100),
        skipped: Skipped::default(),
        target_floor: TargetOffset(0),
    };
    Claim {
        place: Place {
            topic: "posts".to_owned(),
            topic_id: Default::default(),
            partition: 0,
            leader: 0,
        },
        terms: Terms::Append { producer_id: Some(7), generation: 1, expected: 100 },
        stamp: Stamp::Merge { producer_id: 7, generation: 1 },
        position: SourceOffset(100),
        landed: Landed::Nothing,
        ledger: LaneLedger::from(&record),
        record,
    }
}

fn marker(offset: i64, leader_epoch: i32) -> RawBatch {
    batch(offset, leader_epoch, TRANSACTIONAL | CONTROL)
}

fn batch(offset: i64, leader_epoch: i32, attributes: i16) -> RawBatch {
    let mut builder = BatchBuilder::default().producer(9, 0, 0);
    builder.add(0, Some(b"\0\0\0\x01"), Some(b"\0\0\0\0\0\0"));
    let mut bytes = builder.finish(Compression::None, None).expect("no codec");
    let plain = RawBatch::split_from(&mut bytes).expect("a batch");
    let header = BatchHeader { base_offset: offset, leader_epoch, attributes, ..plain.header };
    let head = BlockCrc::of(&plain.block()).seal(header);
    let mut bytes = Bytes::from([&head[..], &plain.block()[..]].concat());
    RawBatch::split_from(&mut bytes).expect("a batch")
}

#[tokio::test]
async fn the_epoch_written_down_is_that_of_the_position_though_a_marker_led_there() {
    let mut course = course();
    let reserved = Arc::new(Budget::new(1 << 20).reserve(1024).await);
    let sink = course.route.sink.open(claim().place, claim().terms).await;
    let chunk = Chunk { batches: vec![marker(100, 5)], aborted: Vec::new(), reserved };
    course.send(chunk, &sink, &mut Identity::default()).await.expect("a marker is passed over");
    course.save();
    assert_eq!(course.record.position, SourceOffset(101));
    assert_eq!(course.record.leader_epoch, 5, "epoch 4 ends at offset 100 at the source");
}

#[tokio::test]
async fn a_source_rewritten_above_the_checkpoint_does_not_pass_for_what_landed() {
    let (mut before, mut after) = (course(), course());
    let batch = batch(100, 4, 0);
    let landed = |digest| Landed::AsItWas {
        found: [(
            SourceOffset(100),
            Found { target_base: TargetOffset(100), target_span: 1, digest },
        )]
        .into(),
        kept_from: SourceOffset(0),
        end: SourceOffset(101),
    };
    let same = BlockCrc::of(&batch.block()).value();
    (before.landed, after.landed) = (landed(same), landed(same ^ 1));
    let reserved = Arc::new(Budget::new(1 << 20).reserve(1024).await);
    let sink = before.route.sink.open(claim().place, claim().terms).await;
    let chunk = || Chunk {
        batches: vec![batch.clone()],
        aborted: Vec::new(),
        reserved: Arc::clone(&reserved),
    };
    before.send(chunk(), &sink, &mut Identity::default()).await.expect("it has landed");
    assert_eq!(before.position(), SourceOffset(101));
    let fault = after.send(chunk(), &sink, &mut Identity::default()).await.expect_err("another");
    assert!(matches!(fault, LaneFault::Disagreement(_)), "{fault}");
}
