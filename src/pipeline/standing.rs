//! Where a lane stands at the target: by the target's own word, and by its log's tail.

use std::collections::BTreeMap;

use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::mirror_append::{AppendAsk, AppendedPartition, mirror_append};
use strait_io::time::Duration;
use strait_wire::batch::{BlockCrc, batches};
use strait_wire::{ErrorCode, Records};

use super::fault::LaneFault;
use super::landed::{Found, recognise};
use super::route::Route;
use crate::ledger::LaneRecord;
use crate::model::{SourceOffset, TargetOffset};
use crate::sink::{Place, SinkFault};

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

/// The lane's batches in the target's log behind what the ledger covers.
pub async fn read_tail(
    route: &Route,
    place: &Place,
    record: &LaneRecord,
    log_end: i64,
) -> Result<BTreeMap<SourceOffset, Found>, LaneFault> {
    let begin = record.run.as_ref().map_or(record.target_floor, |run| run.target_end);
    let connection = route.sink.cluster().shared(place.leader).await?;
    let (mut at, mut found) = (begin.0, BTreeMap::new());
    while at < log_end {
        let limits = FetchLimits { max_bytes: TAIL_BYTES, ..Default::default() };
        let answer = fetch(&connection, &[tail_ask(place, at)], limits).await?;
        let Some(part) = answer.into_iter().next() else { break };
        part.error.ok().map_err(|code| SinkFault::of_produce(code, None, 0))?;
        for batch in batches(part.records) {
            let batch = batch.map_err(|e| LaneFault::Disagreement(e.to_string()))?;
            at = batch.header.next_offset();
            if let Some(base) = recognise(&batch.header, record.producer_id, floor(record)) {
                let placed = Found {
                    target_base: TargetOffset(batch.header.base_offset),
                    target_span: i64::from(batch.header.last_offset_delta) + 1,
                    digest: BlockCrc::of(&batch.block()).value(),
                };
                found.insert(base, placed);
            }
        }
    }
    Ok(found)
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
