//! The moving part of a lane between two faults: what was read, sent, acknowledged and saved.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::future::BoxFuture;
use strait_io::time::{self, Instant};

use super::claim::Claim;
use super::fault::LaneFault;
use super::identity::Identity;
use super::inspect::{Decision, Inspector, Reason};
use super::landed::Landed;
use super::lane::LaneSpec;
use super::route::Route;
use crate::batch::{Outbound, PrepareError, Prepared, Rules, Stamp, stamp::sequence_after};
use crate::config::WanCompression;
use crate::ledger::run::{Copied, Run};
use crate::ledger::{LaneLedger, LaneRecord, LedgerTopicError};
use crate::memory::Reserved;
use crate::model::{Mode, SourceOffset};
use crate::sink::{PRODUCE_AHEAD_MAX, SinkLane};
use crate::source::Chunk;
use crate::status::lane::{LaneStatus, add, set};
use strait_wire::batch::{BatchHeader, RawBatch};

/// A ledger entry being written.
struct Save {
    record: LaneRecord,
    closed: Vec<(u64, Run)>,
    written: BoxFuture<'static, Result<(), LedgerTopicError>>,
}

/// Bytes of one lane on their way, beyond which it takes no further chunk: what its appends in
/// flight can carry.
const LANE_BYTES_AHEAD_MAX: usize = 4 * 1024 * 1024;

/// The same in batches for a stock Kafka, which takes them one at a time: those on their way,
/// and as many to follow.
const BATCHES_AHEAD_MAX: usize = 2 * PRODUCE_AHEAD_MAX;

/// Sizes of the batches not heard of yet, oldest first; `bytes` is their sum.
#[derive(Debug, Default)]
struct InFlight {
    sizes: VecDeque<usize>,
    bytes: usize,
}

impl InFlight {
    fn push(&mut self, size: usize) {
        self.sizes.push_back(size);
        self.bytes += size;
    }

    fn pop(&mut self) {
        self.bytes -= self.sizes.pop_front().expect("an answer belongs to a batch in flight");
    }

    fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }
}

/// A lane under way.
pub struct Course {
    route: Arc<Route>,
    spec: LaneSpec,
    status: Arc<LaneStatus>,
    rules: Rules,
    stamp: Stamp,
    landed: Landed,
    inspector: Inspector,
    passed_over: VecDeque<(SourceOffset, Reason)>,
    in_flight: InFlight,
    /// Everything below is acknowledged or passed over, if nothing is in flight.
    sent_to: SourceOffset,
    ledger: LaneLedger,
    record: LaneRecord,
    dirty: bool,
    last_save: Instant,
    saving: Option<Save>,
    draining: bool,
}

impl Course {
    /// Begins where the claim says.
    pub fn new(
        route: &Arc<Route>,
        spec: &LaneSpec,
        status: &Arc<LaneStatus>,
        claim: Claim,
    ) -> Self {
        let Claim { stamp, position, landed, record, ledger, .. } = claim;
        set(&status.checkpoint, record.position.0);
        set(&status.acknowledged, position.0);
        Self {
            route: Arc::clone(route),
            spec: spec.clone(),
            status: Arc::clone(status),
            rules: Rules {
                compression: route.settings.compression,
                dense: spec.mode == Mode::AtLeastOnce,
            },
            stamp,
            landed,
            inspector: Inspector::new(position, spec.mode == Mode::Preserve),
            passed_over: VecDeque::new(),
            in_flight: InFlight::default(),
            sent_to: position,
            ledger,
            record,
            dirty: false,
            last_save: time::now(),
            saving: None,
            draining: false,
        }
    }

    /// Sends a chunk's batches, or accounts for why one is not sent.
    pub async fn send(
        &mut self,
        chunk: Chunk,
        sink: &SinkLane,
        identity: &mut Identity,
    ) -> Result<(), LaneFault> {
        let Chunk { batches, aborted, reserved } = chunk;
        for decision in self.inspector.inspect(batches, &aborted) {
            match decision {
                Decision::Copy(batch) => {
                    self.copy(batch, None, sink, identity, &reserved).await?;
                }
                Decision::CopyFrom(batch, from) => {
                    self.copy(batch, Some(from), sink, identity, &reserved).await?;
                }
                Decision::PassOver(reason, header) => self.pass_over(reason, &header),
            }
        }
        Ok(())
    }

    async fn copy(
        &mut self,
        batch: RawBatch,
        from: Option<SourceOffset>,
        sink: &SinkLane,
        identity: &mut Identity,
        reserved: &Arc<Reserved>,
    ) -> Result<(), LaneFault> {
        let header = batch.header;
        let at = SourceOffset(header.base_offset);
        let fault = |fault| LaneFault::Batch { at, fault };
        let Some(prepared) = Prepared::new(batch, from, self.rules).map_err(fault)? else {
            self.pass_over(Reason::Empty, &header);
            return Ok(());
        };
        self.record.leader_epoch = header.leader_epoch;
        if SourceOffset(header.next_offset()) <= self.landed.end() {
            return self.match_landed(prepared, identity).map_err(|e| e.unwrap_or_else(fault));
        }
        let outbound = self.stamp(prepared).map_err(fault)?;
        self.count_fetched(&outbound);
        self.in_flight.push(outbound.size());
        self.sent_to = outbound.source_next;
        sink.send(outbound, Arc::clone(reserved)).await;
        Ok(())
    }

    /// Finds a batch that has landed before, instead of writing it again.
    fn match_landed(
        &mut self,
        prepared: Prepared,
        identity: &mut Identity,
    ) -> Result<(), Result<LaneFault, PrepareError>> {
        let outbound = prepared.stamp(self.stamp, self.rules).map_err(Err)?;
        let (base, span) = (outbound.source_base, outbound.target_span);
        let found = self.landed.find(base, span, outbound.target_digest);
        // A batch that was recoded, or compacted at the source meanwhile, has another digest.
        let is_whole = i64::from(outbound.records) == span;
        let passes = self.rules.compression == WanCompression::Pass && is_whole;
        let found = found.filter(|f| !passes || f.digest == outbound.target_digest);
        let Some(found) = found else {
            return Err(Ok(LaneFault::Disagreement(format!(
                "source offset {base} should stand in {}-{}, and something else does",
                self.spec.key.target_topic, self.spec.key.partition
            ))));
        };
        let copied = Copied {
            target_digest: found.digest,
            target_span: found.target_span,
            ..outbound.copied_to(found.target_base)
        };
        self.sent_to = outbound.source_next;
        self.settle(copied, identity);
        Ok(())
    }

    fn stamp(&mut self, prepared: Prepared) -> Result<Outbound, PrepareError> {
        let span = prepared.span();
        let outbound = prepared.stamp(self.stamp, self.rules)?;
        if let Stamp::Idempotent { sequence, .. } = &mut self.stamp {
            *sequence = sequence_after(*sequence, span);
        }
        Ok(outbound)
    }

    fn pass_over(&mut self, reason: Reason, header: &BatchHeader) {
        if reason == Reason::Before {
            return;
        }
        let next = SourceOffset(header.next_offset());
        self.record.leader_epoch = header.leader_epoch;
        self.passed_over.push_back((next, reason));
        add(&self.status.skipped, 1);
        self.sent_to = next;
        self.dirty = true;
    }

    /// Takes the target's word for one batch.
    pub fn acknowledge(&mut self, copied: Copied, identity: &mut Identity) {
        self.in_flight.pop();
        identity.acknowledge(copied.source_next, copied.target_span);
        self.settle(copied, identity);
    }

    fn settle(&mut self, copied: Copied, identity: &mut Identity) {
        identity.acknowledged = Some(copied.source_next);
        self.ledger.record(&copied);
        self.dirty = true;
        set(&self.status.acknowledged, copied.source_next.0);
        set(&self.status.target_end, (copied.target_base + copied.target_span).0);
        add(&self.status.records, copied.records as u64);
        add(&self.status.batches, 1);
    }

    fn count_fetched(&self, outbound: &Outbound) {
        let logical = outbound.logical_bytes.unwrap_or(outbound.fetched_bytes as u64);
        add(&self.status.bytes_in, outbound.fetched_bytes as u64);
        add(&self.status.bytes_out, outbound.size() as u64);
        add(&self.status.bytes_logical, logical);
        add(&self.status.opened, u64::from(outbound.opened));
        set(&self.status.newest_record_ms, outbound.max_timestamp);
    }

    /// Whether batches are on their way.
    pub fn awaits_the_target(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether another chunk may be sent: a lane that its target holds up must not take the
    /// worker's whole budget from the others.
    pub fn takes_more(&self) -> bool {
        let few =
            self.spec.mode != Mode::AtLeastOnce || self.in_flight.sizes.len() < BATCHES_AHEAD_MAX;
        !self.draining && few && self.in_flight.bytes < LANE_BYTES_AHEAD_MAX
    }

    /// Whether there is something to write down and nobody is at it.
    pub fn wants_checkpoint(&self) -> bool {
        self.dirty && self.saving.is_none()
    }

    /// When the next ledger entry is due; at once while draining.
    pub fn next_save(&self) -> Instant {
        let interval = self.route.worker.checkpoint_interval;
        if self.draining { self.last_save } else { self.last_save + interval }
    }

    /// Starts to write down where the lane stands.
    pub fn save(&mut self) {
        self.record.position = self.position();
        self.account_for_what_was_passed_over();
        let closed = self.ledger.take_closed();
        let mut entries: Vec<_> = closed
            .iter()
            .map(|(number, run)| {
                let (number, position, run) = (*number, run.source_end, Some(run.clone()));
                LaneRecord { number, position, run, ..self.record.clone() }.encode(&self.spec.key)
            })
            .collect();
        self.record.number = self.ledger.number;
        self.record.run = self.ledger.open.clone();
        entries.push(self.record.encode(&self.spec.key));
        let ledger = self.route.ledger.clone();
        let written = Box::pin(async move { ledger.write(entries).await });
        self.saving = Some(Save { record: self.record.clone(), closed, written });
        self.dirty = false;
        self.last_save = time::now();
    }

    /// Counts only what lies below the position, so that a crash counts nothing twice.
    fn account_for_what_was_passed_over(&mut self) {
        let position = self.record.position;
        while let Some((_, reason)) = self.passed_over.pop_front_if(|(next, _)| *next <= position) {
            match reason {
                Reason::Marker => self.record.skipped.markers += 1,
                Reason::Aborted => self.record.skipped.aborted += 1,
                Reason::Empty | Reason::Before => {}
            }
        }
    }

    /// Everything below is acknowledged or accounted for.
    fn position(&self) -> SourceOffset {
        if self.in_flight.is_empty() {
            return self.sent_to;
        }
        self.ledger.end().unwrap_or(self.record.position).max(self.record.position)
    }

    /// Whether an entry is being written.
    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    /// Resolves when the entry is durable, with what it holds.
    pub async fn saved(&mut self) -> Result<LaneRecord, LaneFault> {
        let save = self.saving.as_mut().expect("asked only while an entry is being written");
        let written = (&mut save.written).await;
        let Save { record, closed, .. } = self.saving.take().expect("it was there a moment ago");
        if let Err(fault) = written {
            self.ledger.restore_closed(closed);
            self.dirty = true;
            return Err(fault.into());
        }
        set(&self.status.checkpoint, record.position.0);
        Ok(record)
    }

    /// What was acknowledged and not written down, when the lane's life ends in a fault.
    pub fn into_ledger(mut self) -> LaneLedger {
        if let Some(save) = self.saving.take() {
            self.ledger.restore_closed(save.closed);
        }
        self.ledger
    }

    /// Stops reading; what is in flight is finished and written down.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether it was told to drain.
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether nothing is left to do after a drain.
    pub fn is_drained(&self) -> bool {
        self.draining && self.in_flight.is_empty() && !self.dirty && self.saving.is_none()
    }
}

#[cfg(test)]
mod tests;
