//! Puts batches into the log: a producer's after its sequence is checked, a mirror's after its
//! claim is. Offset and leader epoch are stamped into the header; the block is not touched.

use std::sync::Arc;

use bytes::Bytes;
use strait_wire::{BatchHeader, ErrorCode, RawBatch};

use super::mirror::{self, Claim, Standing};
use super::{Partition, State, epoch_of};
use crate::log::Stamped;
use crate::log::producers::{self, Verdict};
use crate::partition::check::Fit;

/// Where a producer's batch ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Offset of its first record.
    pub base_offset: i64,
    /// The batch is safe once the high watermark is here.
    pub end_offset: i64,
    /// The oldest offset of the log.
    pub log_start: i64,
}

/// Why a batch was not appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendFault {
    /// The code of the partition's answer.
    pub code: ErrorCode,
    /// In words.
    pub message: Option<String>,
}

impl From<ErrorCode> for AppendFault {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None }
    }
}

impl Partition {
    /// Appends a producer's batch; a duplicate is answered with the offsets it already has.
    pub fn append(self: &Arc<Self>, fit: Fit, now_ms: i64) -> Result<Appended, AppendFault> {
        let mut state = self.lock()?;
        let log = state.log();
        let (end, log_start) = (log.log_end(), log.log_start());
        if fit.header.has_producer()
            && let Some(base_offset) = admit(&fit.header, &state)?
        {
            return Ok(Appended { base_offset, end_offset: end, log_start });
        }
        let mut header = fit.header;
        header.base_offset = end;
        header.leader_epoch = epoch_of(log);
        self.write(&mut state, vec![stamp(header, fit.block)], now_ms)?;
        Ok(Appended { base_offset: end, end_offset: state.log().log_end(), log_start })
    }

    /// Appends a mirror's batches if its claim holds. Either way the result says where the lane
    /// stands now; on success also the offset of the first batch and where the log must be safe.
    pub fn mirror_append(
        self: &Arc<Self>,
        claim: Claim,
        batches: Vec<RawBatch>,
        now_ms: i64,
    ) -> Result<(Standing, Option<i64>), (Standing, AppendFault)> {
        let mut state = self.lock().map_err(|code| (Standing::default(), code.into()))?;
        let standing = state.standing(claim);
        let headers: Vec<BatchHeader> = batches.iter().map(|batch| batch.header).collect();
        if let Err(fault) = mirror::decide(claim, standing, &headers) {
            return Err((standing, fault));
        }
        state.raise_generation(claim, headers.is_empty()).map_err(|fault| (standing, fault))?;
        let mut next = state.log().log_end();
        let epoch = epoch_of(state.log());
        let stamped: Vec<Stamped> = batches
            .into_iter()
            .map(|batch| {
                let mut header = batch.header;
                if !claim.preserves() {
                    header.base_offset = next;
                    header.leader_epoch = epoch;
                }
                next = header.next_offset();
                stamp(header, batch.block())
            })
            .collect();
        let first = stamped.first().map(|batch| batch.header.base_offset);
        if !stamped.is_empty() {
            self.write(&mut state, stamped, now_ms)
                .map_err(|code| (state.standing(claim), code.into()))?;
        }
        Ok((state.standing(claim), first))
    }

    fn write(
        self: &Arc<Self>,
        state: &mut State,
        batches: Vec<Stamped>,
        now_ms: i64,
    ) -> Result<(), ErrorCode> {
        let bytes = batches.iter().map(|batch| batch.header.size() as u64).sum();
        let written = state.log_mut().append(&batches, now_ms);
        written.map_err(|error| self.storage_fault(&error))?;
        state.advance(self.flusher.policy());
        if self.flusher.commits_groups() {
            let first = state.enlist();
            self.flusher.appended(first.then(|| self.clone()), bytes);
        }
        Ok(())
    }
}

impl State {
    /// What the log knows of the claimant.
    fn standing(&self, claim: Claim) -> Standing {
        let log_end = self.log().log_end();
        if claim.preserves() {
            return Standing { position: log_end, generation: self.mirror_generation, log_end };
        }
        let entry = self.log().producer(claim.producer_id);
        let claimed = self.lane_generations.get(&claim.producer_id).copied();
        let written = entry.map(|entry| entry.epoch);
        Standing {
            position: entry.map_or(-1, |entry| i64::from(entry.next_sequence())),
            generation: written.max(claimed).unwrap_or(-1),
            log_end,
        }
    }

    /// What a lane writes carries its generation into the log; a lane that only claims one has
    /// it remembered here.
    fn raise_generation(&mut self, claim: Claim, only_claims: bool) -> Result<(), AppendFault> {
        if claim.preserves() {
            self.mirror_generation = self.mirror_generation.max(claim.generation);
            return Ok(());
        }
        if !only_claims {
            self.lane_generations.remove(&claim.producer_id);
            return Ok(());
        }
        let full = self.lane_generations.len() >= mirror::LANES_MAX;
        if full && !self.lane_generations.contains_key(&claim.producer_id) {
            return Err(AppendFault {
                code: ErrorCode::POLICY_VIOLATION,
                message: Some(format!("{} lanes already write here", mirror::LANES_MAX)),
            });
        }
        self.lane_generations.insert(claim.producer_id, claim.generation);
        Ok(())
    }
}

/// The offset of the batch this one repeats, or `None` if it is new.
fn admit(header: &BatchHeader, state: &State) -> Result<Option<i64>, AppendFault> {
    let fault = |code, message| Err(AppendFault { code, message: Some(message) });
    let id = header.producer_id;
    match producers::check(state.log().producer(id), header) {
        Verdict::Append => Ok(None),
        Verdict::Duplicate { base_offset } => Ok(Some(base_offset)),
        Verdict::OutOfOrder { expected } => fault(
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            format!("producer {id} sent sequence {}, {expected} is next", header.base_sequence),
        ),
        Verdict::StaleEpoch { current } => fault(
            ErrorCode::INVALID_PRODUCER_EPOCH,
            format!("producer {id} has epoch {current}, not {}", header.producer_epoch),
        ),
    }
}

fn stamp(header: BatchHeader, block: Bytes) -> Stamped {
    Stamped { header, head: header.to_bytes(), block }
}
