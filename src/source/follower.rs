//! The reader's end of a followed partition: where the next fetch begins.

use std::sync::Arc;

use strait_client::fetch::FetchedPartition;
use strait_wire::Bytes;
use strait_wire::batch::{RawBatch, batches};
use tokio::sync::{Notify, mpsc};

use super::{CHUNKS_AHEAD_MAX, Chunk, Feed, Follow, SourceFault};
use crate::memory::Reserved;
use crate::model::SourceOffset;
use crate::pipeline::inspect::Aborted;
use crate::status::lane::{LaneStatus, set};

/// A partition a reader fetches for a lane. `want.position` is the offset after the last whole
/// batch handed over.
#[derive(Debug)]
pub struct Follower {
    pub want: Follow,
    status: Arc<LaneStatus>,
    events: mpsc::Sender<Result<Chunk, SourceFault>>,
    room: Arc<Notify>,
}

impl Follower {
    /// A follower and the lane's end of it.
    pub fn new(want: Follow, status: Arc<LaneStatus>) -> (Self, Feed) {
        let (sender, events) = mpsc::channel(CHUNKS_AHEAD_MAX + 1);
        let room = Arc::new(Notify::new());
        let feed = Feed { events, room: Arc::clone(&room) };
        (Self { want, status, events: sender, room }, feed)
    }

    /// Whether the lane still listens.
    pub fn is_wanted(&self) -> bool {
        !self.events.is_closed()
    }

    /// Whether another chunk may be fetched; one place is kept for a fault.
    pub fn has_room(&self) -> bool {
        self.events.capacity() > 1
    }

    /// Resolves when the lane has taken a chunk.
    pub async fn room(&self) {
        self.room.notified().await;
    }

    /// Takes a fetch's answer; `false` when the partition is not to be fetched any longer.
    pub fn take(&mut self, fetched: FetchedPartition, reserved: &Arc<Reserved>) -> bool {
        self.observe(&fetched);
        if let Some(fault) = self.fault_in(&fetched) {
            return self.fail(fault);
        }
        match self.split(fetched.records, SourceOffset(fetched.log_start_offset)) {
            Err(fault) => self.fail(fault),
            // Nothing there, or a first batch above what was asked for: it comes whole once
            // this partition leads a fetch.
            Ok(batches) if batches.is_empty() => self.is_wanted(),
            Ok(batches) => {
                let aborted = fetched.aborted.into_iter().map(Aborted::from).collect();
                let chunk = Chunk { batches, aborted, reserved: Arc::clone(reserved) };
                self.events.try_send(Ok(chunk)).is_ok()
            }
        }
    }

    /// Hands the lane a fault; always `false`, for the partition is not fetched any longer.
    pub fn fail(&self, fault: SourceFault) -> bool {
        // A lane that has gone away needs no fault.
        let _ = self.events.try_send(Err(fault));
        false
    }

    fn observe(&self, fetched: &FetchedPartition) {
        if !fetched.error.is_ok() {
            return;
        }
        let stable = fetched.last_stable_offset;
        let end = if stable >= 0 { stable } else { fetched.high_watermark };
        set(&self.status.high_watermark, end);
        set(&self.status.log_start, fetched.log_start_offset);
    }

    fn fault_in(&self, fetched: &FetchedPartition) -> Option<SourceFault> {
        let position = self.want.position;
        if let Some((epoch, end_offset)) = fetched.diverging_epoch {
            return Some(SourceFault::Diverged { position, epoch, end_offset });
        }
        let code = fetched.error;
        (!code.is_ok()).then(|| SourceFault::from_code(code, position))
    }

    /// The whole batches, up to one that is malformed: it begins the next fetch.
    fn split(
        &mut self,
        records: Bytes,
        log_start: SourceOffset,
    ) -> Result<Vec<RawBatch>, SourceFault> {
        let position = self.want.position;
        let mut whole = Vec::new();
        for batch in batches(records) {
            match batch {
                Ok(batch) => whole.push(batch),
                Err(fault) if whole.is_empty() => {
                    return Err(SourceFault::Malformed { position, fault });
                }
                Err(_) => break,
            }
        }
        if let Some(first) = whole.first() {
            refuse_a_gap(position, SourceOffset(first.header.base_offset), log_start)?;
        }
        if let Some(last) = whole.last() {
            let next = SourceOffset(last.header.next_offset());
            self.want.position = self.want.position.max(next);
            self.want.last_epoch = last.header.leader_epoch;
            set(&self.status.fetched, self.want.position.0);
        }
        Ok(whole)
    }
}

/// What lies between the position and the first batch is a hole only if the log began below it.
fn refuse_a_gap(
    position: SourceOffset,
    first: SourceOffset,
    log_start: SourceOffset,
) -> Result<(), SourceFault> {
    if first <= position || log_start <= position {
        return Ok(());
    }
    Err(SourceFault::OutOfRange { position, log_start, log_end: SourceOffset(-1) })
}

#[cfg(test)]
mod tests;
