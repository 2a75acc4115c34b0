//! Where a lane stands at the target: by the target's own word, and by its log's tail.

use std::collections::BTreeMap;

use strait_client::admin::OffsetSpec;
use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::mirror_append::{AppendAsk, AppendedPartition, mirror_append};
use strait_io::time::Duration;
use strait_wire::batch::{BatchHeader, BlockCrc, batches};
use strait_wire::{ErrorCode, Records};

use super::fault::LaneFault;
use super::landed::Found;
use super::route::Route;
use crate::ledger::LaneRecord;
use crate::model::{SourceOffset, TargetOffset};
use crate::sink::{Place, SinkFault};
use crate::topics::ends::list_offset;

/// How long the target may take to answer a question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the target's tail read at a time.
const TAIL_BYTES: i32 = 4 * 1024 * 1024;

/// The lowest source offset the target's position can stand for: the end of the last run, for
/// what was passed over behind it never reached the target; before any run, where it began.
pub fn floor(record: &LaneRecord) -> SourceOffset {
    record.run.as_ref().map_or(record.position, |run| run.source_end)
}

/// Asks where the lane stands at the target, and claims it for `generation`.
pub async fn ask(
    route: &Route,
    place: &Place,
    producer_id: Option<i64>,
    generation: i16,
) -> Result<AppendedPartition, LaneFault> {
    let connection = route.sink.cluster().shared(place.leader).await?;
    let question = AppendAsk {
        topic: place.topic.clone(),
        partition: place.partition,
        producer_id,
        generation,
        expected: -1,
        records: Records::Null,
    };
    let mut answers = mirror_append(&connection, vec![question], QUESTION_TIMEOUT).await?;
    let answer = answers.pop().ok_or(SinkFault::WriterEnded)?;
    match answer.error {
        ErrorCode::NONE => Ok(answer),
        code => {
            let stands = (answer.position, answer.generation);
            Err(SinkFault::of_append(code, answer.error_message, stands, 0).into())
        }
    }
}

/// The target's log behind what the ledger covers.
pub struct Tail {
    /// The lane's batches in it.
    pub found: BTreeMap<SourceOffset, Found>,
    /// The target's log start offset, which may lie above what the ledger covers.
    pub log_start: TargetOffset,
}

/// Reads the target's tail; `recognise` tells which source offset a batch of this lane has.
pub async fn read_tail(
    route: &Route,
    place: &Place,
    record: &LaneRecord,
    log_end: i64,
    recognise: impl Fn(&BatchHeader) -> Option<SourceOffset>,
) -> Result<Tail, LaneFault> {
    let cluster = route.sink.cluster();
    let earliest = OffsetSpec::Earliest;
    let log_start =
        TargetOffset(list_offset(cluster, &place.topic, place.partition, earliest).await?);
    let connection = cluster.shared(place.leader).await?;
    let (mut at, mut found) = (tail_begins_at(record, log_start).0, BTreeMap::new());
    while at < log_end {
        let limits = FetchLimits { max_bytes: TAIL_BYTES, ..Default::default() };
        let answer = fetch(&connection, &[tail_ask(place, at)], limits).await?;
        let Some(part) = answer.into_iter().next() else { break };
        part.error.ok().map_err(|code| SinkFault::of_produce(code, None, 0))?;
        for batch in batches(part.records) {
            let batch = batch.map_err(|e| LaneFault::Disagreement(e.to_string()))?;
            at = batch.header.next_offset();
            if let Some(base) = recognise(&batch.header) {
                let placed = Found {
                    target_base: TargetOffset(batch.header.base_offset),
                    target_span: i64::from(batch.header.last_offset_delta) + 1,
                    digest: BlockCrc::of(&batch.block()).value(),
                };
                found.insert(base, placed);
            }
        }
    }
    Ok(Tail { found, log_start })
}

/// Behind what the ledger covers, or where the target's retention has left off.
fn tail_begins_at(record: &LaneRecord, log_start: TargetOffset) -> TargetOffset {
    let covered = record.run.as_ref().map_or(record.target_floor, |run| run.target_end);
    covered.max(log_start)
}

fn tail_ask(place: &Place, offset: i64) -> FetchAsk {
    FetchAsk {
        topic: place.topic.clone(),
        topic_id: place.topic_id,
        partition: place.partition,
        offset,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        max_bytes: TAIL_BYTES,
    }
}
