//! Claiming a lane: who we are at the target, what has landed there, and where to read on.
//!
//! The order is what makes it exact. Registered in the ledger first, then claimed at the target
//! (which fences an older owner), and only then is the target asked where the lane stands.

use std::collections::BTreeMap;

use strait_client::admin::OffsetSpec;
use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::mirror_append::{AppendAsk, AppendedPartition, mirror_append};
use strait_io::time::Duration;
use strait_wire::batch::{BlockCrc, batches};
use strait_wire::{ErrorCode, Records};

use super::fault::LaneFault;
use super::landed::{Found, Landed, recognise, source_offset_of};
use super::lane::LaneSpec;
use super::route::{Mode, Route};
use crate::batch::Stamp;
use crate::batch::stamp::sequence_after;
use crate::config::StartPosition;
use crate::ledger::LaneRecord;
use crate::model::{SourceOffset, TargetOffset};
use crate::sink::{Place, SinkFault, Terms};
use crate::topics::ends::list_offset;

/// How long the target may take to answer a question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the target's tail read at a time.
const TAIL_BYTES: i32 = 4 * 1024 * 1024;

/// What a lane keeps between claims, as long as this process lives.
#[derive(Debug, Default)]
pub struct Identity {
    /// The ledger's record of the lane, as of the last durable write.
    pub record: Option<LaneRecord>,
    /// Whether this process has registered itself as the owner.
    registered: bool,
    /// The idempotent producer into a stock Kafka, with the sequence after what it acknowledged.
    producer: Option<Producer>,
    /// The source offset after the last batch the target acknowledged to this process.
    pub acknowledged: Option<SourceOffset>,
}

#[derive(Debug, Clone, Copy)]
struct Producer {
    id: i64,
    epoch: i16,
    sequence: i32,
}

/// A claimed lane.
#[derive(Debug)]
pub struct Claim {
    /// Where it writes.
    pub place: Place,
    /// On which terms.
    pub terms: Terms,
    /// How its next batch is stamped.
    pub stamp: Stamp,
    /// Where it reads on.
    pub position: SourceOffset,
    /// What is at the target already.
    pub landed: Landed,
    /// The ledger's record to go on with.
    pub record: LaneRecord,
}

impl Identity {
    /// A lane as the ledger left it.
    pub fn new(record: Option<LaneRecord>) -> Self {
        Self { record, ..Default::default() }
    }

    /// After a batch of `span` offsets was acknowledged.
    pub fn acknowledge(&mut self, next: SourceOffset, span: i64) {
        self.acknowledged = Some(next);
        if let Some(producer) = &mut self.producer {
            producer.sequence = sequence_after(producer.sequence, span);
        }
    }

    /// After the target lost track of our sequence: the next claim is a new producer.
    pub fn forget_producer(&mut self) {
        self.producer = None;
    }
}

/// Claims the lane.
pub async fn claim(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
) -> Result<Claim, LaneFault> {
    let place = place(route, spec).await?;
    match spec.mode {
        Mode::AtLeastOnce => claim_producer(route, spec, identity, place).await,
        Mode::Preserve => claim_preserve(route, spec, identity, place).await,
        Mode::Merge => claim_merge(route, spec, identity, place).await,
    }
}

async fn place(route: &Route, spec: &LaneSpec) -> Result<Place, LaneFault> {
    let cluster = route.sink.cluster();
    let (topic, partition) = (spec.key.target_topic.clone(), spec.key.partition);
    let leader = cluster.leader(&topic, partition).await?;
    let view = cluster.view();
    let topic_id = view.and_then(|v| v.topic(&topic).map(|t| t.id)).unwrap_or_default();
    Ok(Place { topic, topic_id, partition, leader })
}

async fn claim_producer(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
    place: Place,
) -> Result<Claim, LaneFault> {
    let producer = match identity.producer {
        Some(producer) => producer,
        None => {
            let given = route.sink.cluster().init_producer_id().await?;
            Producer { id: given.id, epoch: given.epoch, sequence: 0 }
        }
    };
    identity.producer = Some(producer);
    let Producer { id, epoch, sequence } = producer;
    let record = register(route, spec, identity, id, epoch).await?;
    let position = identity.acknowledged.unwrap_or(record.position);
    let stamp = Stamp::Idempotent { producer_id: id, epoch, sequence };
    Ok(Claim { place, terms: Terms::Produce, stamp, position, landed: Landed::Nothing, record })
}

async fn claim_preserve(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
    place: Place,
) -> Result<Claim, LaneFault> {
    if identity.record.is_none() {
        refuse_a_used_target(route, spec).await?;
    }
    let generation = next_generation(identity)?;
    let record = register(route, spec, identity, -1, generation).await?;
    let stands = ask(route, &place, None, generation).await?;
    let end = SourceOffset(stands.log_end_offset);
    let fresh = record.run.is_none() && end.0 == 0;
    let landed = if fresh { Landed::Nothing } else { Landed::AsItWas { end } };
    let terms = Terms::Append { producer_id: None, generation, expected: stands.log_end_offset };
    let position = resume_at(route, spec, record.position, &landed).await?;
    Ok(Claim { place, terms, stamp: Stamp::Preserve, position, landed, record })
}

/// A copy with identical offsets begins in an empty partition.
async fn refuse_a_used_target(route: &Route, spec: &LaneSpec) -> Result<(), LaneFault> {
    let (topic, partition) = (&spec.key.target_topic, spec.key.partition);
    let end = list_offset(route.sink.cluster(), topic, partition, OffsetSpec::Latest).await?;
    if end == 0 {
        return Ok(());
    }
    Err(LaneFault::Disagreement(format!(
        "{topic}-{partition} holds {end} offsets that this pipeline did not write"
    )))
}

async fn claim_merge(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
    place: Place,
) -> Result<Claim, LaneFault> {
    let known = identity.record.as_ref().map(|record| record.producer_id).filter(|id| *id >= 0);
    let producer_id = match known {
        Some(id) => id,
        None => route.sink.cluster().init_producer_id().await?.id,
    };
    let generation = next_generation(identity)?;
    let record = register(route, spec, identity, producer_id, generation).await?;
    let stands = ask(route, &place, Some(producer_id), generation).await?;
    let landed = match stands.position {
        -1 if record.run.is_some() => return Err(lost(spec, &record)),
        -1 => Landed::Nothing,
        sequence => {
            let end = source_offset_of(sequence, floor(&record));
            let found = read_tail(route, &place, &record, stands.log_end_offset).await?;
            Landed::Scattered { found, end }
        }
    };
    let producer = Some(producer_id);
    let terms = Terms::Append { producer_id: producer, generation, expected: stands.position };
    let position = resume_at(route, spec, record.position, &landed).await?;
    let stamp = Stamp::Merge { producer_id, generation };
    Ok(Claim { place, terms, stamp, position, landed, record })
}

/// The lowest source offset the target's position can stand for: the end of the last run, for
/// what was passed over behind it never reached the target; before any run, where it began.
fn floor(record: &LaneRecord) -> SourceOffset {
    record.run.as_ref().map_or(record.position, |run| run.source_end)
}

fn lost(spec: &LaneSpec, record: &LaneRecord) -> LaneFault {
    LaneFault::Disagreement(format!(
        "{}-{} holds nothing of this lane, and the ledger says it was copied up to source offset {}",
        spec.key.target_topic, spec.key.partition, record.position
    ))
}

/// One generation higher than the ledger's, once per process.
fn next_generation(identity: &Identity) -> Result<i16, LaneFault> {
    let before = identity.record.as_ref().map_or(-1, |record| record.generation);
    if identity.registered {
        return Ok(before);
    }
    before.checked_add(1).ok_or_else(|| {
        LaneFault::Disagreement("the lane has had 32767 owners, and generations end there".into())
    })
}

/// Writes down who owns the lane now, before the target hears of it.
async fn register(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
    producer_id: i64,
    generation: i16,
) -> Result<LaneRecord, LaneFault> {
    let same_producer = |r: &LaneRecord| r.producer_id == producer_id;
    if let Some(record) =
        identity.record.clone().filter(|r| identity.registered && same_producer(r))
    {
        return Ok(record);
    }
    let record = match identity.record.clone() {
        Some(record) => LaneRecord { producer_id, generation, ..record },
        None => LaneRecord {
            producer_id,
            generation,
            number: 0,
            run: None,
            leader_epoch: -1,
            position: start(route, spec).await?,
            skipped: Default::default(),
        },
    };
    route.ledger.write(vec![record.encode(&spec.key)]).await?;
    identity.record = Some(record.clone());
    identity.registered = true;
    Ok(record)
}

/// Where a lane without a ledger begins.
async fn start(route: &Route, spec: &LaneSpec) -> Result<SourceOffset, LaneFault> {
    let which = match route.settings.start {
        StartPosition::Earliest => OffsetSpec::Earliest,
        StartPosition::Latest => OffsetSpec::Latest,
    };
    source_offset(route, spec, which).await
}

async fn source_offset(
    route: &Route,
    spec: &LaneSpec,
    which: OffsetSpec,
) -> Result<SourceOffset, LaneFault> {
    let (topic, partition) = (&spec.key.topic, spec.key.partition);
    Ok(SourceOffset(list_offset(route.source.cluster(), topic, partition, which).await?))
}

/// The checkpoint, or, where the source has dropped what landed already, as far behind it as
/// nothing is missed.
async fn resume_at(
    route: &Route,
    spec: &LaneSpec,
    checkpoint: SourceOffset,
    landed: &Landed,
) -> Result<SourceOffset, LaneFault> {
    if landed.end() <= checkpoint {
        return Ok(checkpoint);
    }
    let log_start = source_offset(route, spec, OffsetSpec::Earliest).await?;
    Ok(checkpoint.max(log_start.min(landed.end())))
}

/// Asks where the lane stands at the target, and claims it for `generation`.
async fn ask(
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
async fn read_tail(
    route: &Route,
    place: &Place,
    record: &LaneRecord,
    log_end: i64,
) -> Result<BTreeMap<SourceOffset, Found>, LaneFault> {
    let covered = record.run.as_ref().map(|run| run.target_end);
    let begin = match covered {
        Some(end) => end.0,
        None => {
            let (topic, earliest) = (&place.topic, OffsetSpec::Earliest);
            list_offset(route.sink.cluster(), topic, place.partition, earliest).await?
        }
    };
    let connection = route.sink.cluster().shared(place.leader).await?;
    let (mut at, mut found) = (begin, BTreeMap::new());
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
