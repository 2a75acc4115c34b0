//! Who a lane is to its target: its owner's generation and its producer, written down before the
//! target hears of them.

use strait_client::admin::OffsetSpec;

use super::fault::LaneFault;
use super::lane::LaneSpec;
use super::route::Route;
use crate::batch::stamp::sequence_after;
use crate::config::StartPosition;
use crate::ledger::{LaneLedger, LaneRecord};
use crate::model::{SourceOffset, TargetOffset};
use crate::topics::ends::list_offset;

/// What a lane keeps between claims, as long as this process lives.
#[derive(Debug, Default)]
pub struct Identity {
    /// The ledger's record of the lane, as of the last durable write.
    pub record: Option<LaneRecord>,
    /// Whether this process has registered itself as the owner.
    registered: bool,
    /// Runs acknowledged and not written down yet, where the target cannot tell of them.
    pub carried: Option<LaneLedger>,
    /// The idempotent producer into a stock Kafka, with the sequence after what it acknowledged.
    pub producer: Option<Producer>,
    /// The source offset after the last batch the target acknowledged to this process.
    pub acknowledged: Option<SourceOffset>,
}

/// An idempotent producer into a stock Kafka.
#[derive(Debug, Clone, Copy)]
pub struct Producer {
    /// Its id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence after what it acknowledged.
    pub sequence: i32,
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

/// One generation higher than the ledger's, once per process.
pub fn next_generation(identity: &Identity) -> Result<i16, LaneFault> {
    let before = identity.record.as_ref().map_or(-1, |record| record.generation);
    if identity.registered {
        return Ok(before);
    }
    before.checked_add(1).ok_or_else(|| {
        LaneFault::Disagreement("the lane has had 32767 owners, and generations end there".into())
    })
}

/// Writes down who owns the lane now, before the target hears of it.
pub async fn register(
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
            mode: spec.mode,
            producer_id,
            generation,
            number: 0,
            run: None,
            leader_epoch: -1,
            position: start(route, spec).await?,
            skipped: Default::default(),
            target_floor: target_end(route, spec).await?,
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

/// The end of the lane's target partition.
pub async fn target_end(route: &Route, spec: &LaneSpec) -> Result<TargetOffset, LaneFault> {
    let (topic, partition) = (&spec.key.target_topic, spec.key.partition);
    let end = list_offset(route.sink.cluster(), topic, partition, OffsetSpec::Latest).await?;
    Ok(TargetOffset(end))
}

/// One offset of the lane's source partition.
pub async fn source_offset(
    route: &Route,
    spec: &LaneSpec,
    which: OffsetSpec,
) -> Result<SourceOffset, LaneFault> {
    let (topic, partition) = (&spec.key.topic, spec.key.partition);
    Ok(SourceOffset(list_offset(route.source.cluster(), topic, partition, which).await?))
}
