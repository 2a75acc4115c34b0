//! Claiming a lane: who we are at the target, what has landed there, and where to read on.
//!
//! The order is what makes it exact. Registered in the ledger first, then claimed at the target
//! (which fences an older owner), and only then is the target asked where the lane stands.

use std::collections::BTreeMap;

use strait_client::admin::OffsetSpec;
use strait_wire::batch::BatchHeader;

use super::fault::LaneFault;
use super::identity::{Identity, Producer, next_generation, register, source_offset, target_end};
use super::landed::{Landed, as_it_was, recognise, source_offset_of};
use super::lane::LaneSpec;
use super::route::Route;
use super::standing::{ask, floor, read_tail};
use crate::batch::{Stamp, stamp::merge_sequence};
use crate::ledger::{LaneLedger, LaneRecord};
use crate::model::{Mode, SourceOffset, TargetOffset};
use crate::sink::{Place, Terms};

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
    /// The lane's runs to go on with.
    pub ledger: LaneLedger,
}

/// Claims the lane.
pub async fn claim(
    route: &Route,
    spec: &LaneSpec,
    identity: &mut Identity,
) -> Result<Claim, LaneFault> {
    refuse_another_mode(spec, identity)?;
    let place = place(route, spec).await?;
    match spec.mode {
        Mode::AtLeastOnce => claim_producer(route, spec, identity, place).await,
        Mode::Preserve => claim_preserve(route, spec, identity, place).await,
        Mode::Merge => claim_merge(route, spec, identity, place).await,
    }
}

/// What the target holds of a lane can only be read in the mode it was written in.
fn refuse_another_mode(spec: &LaneSpec, identity: &Identity) -> Result<(), LaneFault> {
    match identity.record.as_ref().map(|record| record.mode) {
        Some(before) if before != spec.mode => Err(LaneFault::Disagreement(format!(
            "the lane was delivered as {} so far, and the configuration says {}",
            before.name(),
            spec.mode.name()
        ))),
        _ => Ok(()),
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
    let acknowledged = identity.acknowledged.unwrap_or(record.position);
    let position = acknowledged.max(record.position);
    let carried = identity.carried.clone();
    let ledger = carried.unwrap_or_else(|| LaneLedger::from(&record));
    if ledger.open.is_some() {
        refuse_a_cut_target(spec, &ledger, target_end(route, spec).await?)?;
    }
    let (terms, landed) = (Terms::Produce, Landed::Nothing);
    let stamp = Stamp::Idempotent { producer_id: id, epoch, sequence };
    Ok(Claim { place, terms, stamp, position, landed, record, ledger })
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
    let ledger = LaneLedger::from(&record);
    refuse_a_cut_target(spec, &ledger, TargetOffset(stands.log_end_offset))?;
    let tail = read_tail(route, &place, &record, stands.log_end_offset, as_it_was).await?;
    let (found, kept_from) = (tail.found, SourceOffset(tail.log_start.0));
    let landed = Landed::AsItWas { found, kept_from, end: SourceOffset(stands.log_end_offset) };
    let terms = Terms::Append { producer_id: None, generation, expected: stands.log_end_offset };
    let position = resume_at(route, spec, record.position, &landed).await?;
    Ok(Claim { place, terms, stamp: Stamp::Preserve, position, landed, record, ledger })
}

/// A copy with identical offsets begins in an empty partition.
async fn refuse_a_used_target(route: &Route, spec: &LaneSpec) -> Result<(), LaneFault> {
    let end = target_end(route, spec).await?;
    if end.0 == 0 {
        return Ok(());
    }
    Err(LaneFault::Disagreement(format!(
        "{}-{} holds {end} offsets that this pipeline did not write",
        spec.key.target_topic, spec.key.partition
    )))
}

fn forgotten(spec: &LaneSpec, record: &LaneRecord) -> LaneFault {
    LaneFault::Disagreement(format!(
        "{}-{} holds batches of this lane behind offset {} and does not know its producer {}",
        spec.key.target_topic,
        spec.key.partition,
        floor(record),
        record.producer_id
    ))
}

fn behind(spec: &LaneSpec, floor: SourceOffset) -> LaneFault {
    LaneFault::Disagreement(format!(
        "{}-{} holds less of this lane than source offset {floor}, up to which the ledger says it \
         wrote",
        spec.key.target_topic, spec.key.partition
    ))
}

/// A target log that ends below what the ledger says was written there lost it.
fn refuse_a_cut_target(
    spec: &LaneSpec,
    ledger: &LaneLedger,
    end: TargetOffset,
) -> Result<(), LaneFault> {
    let written = ledger.open.as_ref().map_or(TargetOffset(0), |run| run.target_end);
    if written <= end {
        return Ok(());
    }
    Err(LaneFault::Disagreement(format!(
        "{}-{} ends at offset {end}, and the ledger says this lane wrote up to {written}",
        spec.key.target_topic, spec.key.partition
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
    let ledger = LaneLedger::from(&record);
    refuse_a_cut_target(spec, &ledger, TargetOffset(stands.log_end_offset))?;
    let floor = floor(&record);
    let mut found = BTreeMap::new();
    if stands.position != i64::from(merge_sequence(floor)) {
        let ours = |header: &BatchHeader| recognise(header, producer_id, floor);
        found = read_tail(route, &place, &record, stands.log_end_offset, ours).await?.found;
    }
    let end = match stands.position {
        // Never wrote here, or was idle for so long that the target forgot the lane's producer.
        -1 if found.is_empty() => floor,
        -1 => return Err(forgotten(spec, &record)),
        sequence => source_offset_of(sequence, floor).ok_or_else(|| behind(spec, floor))?,
    };
    let landed = Landed::Scattered { found, end };
    let producer = Some(producer_id);
    let terms = Terms::Append { producer_id: producer, generation, expected: stands.position };
    let position = resume_at(route, spec, record.position, &landed).await?;
    let stamp = Stamp::Merge { producer_id, generation };
    Ok(Claim { place, terms, stamp, position, landed, record, ledger })
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
