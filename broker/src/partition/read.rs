//! What a fetch may see: whole batches below the high watermark, found without copying.

use std::sync::Arc;

use strait_wire::ErrorCode;
use tokio::sync::Notify;

use super::{Partition, State, epoch_of};
use crate::log::{Log, Slice, UNKNOWN_EPOCH};

/// Where a reader is.
#[derive(Debug, Clone, Copy)]
pub struct FetchPosition {
    /// The offset it wants.
    pub offset: i64,
    /// The leader epoch it knows; -1 if it does not say.
    pub current_epoch: i32,
    /// The epoch of the last record it has; -1 if it does not say.
    pub last_fetched_epoch: i32,
    /// The most bytes it takes; the first batch comes whole even so.
    pub max_bytes: usize,
}

/// What there is to read.
#[derive(Debug)]
pub struct Readable {
    /// Where the batches lie; `None` for nothing new.
    pub slice: Option<Slice>,
    /// The high watermark.
    pub high_watermark: i64,
    /// The oldest offset.
    pub log_start: i64,
    /// Where the reader's log and ours part: (epoch, end offset).
    pub diverging: Option<(i32, i64)>,
}

impl Partition {
    /// Finds what follows `position`. If that is nothing, `waiter` hears when there is more.
    pub fn read(
        &self,
        position: FetchPosition,
        waiter: &Arc<Notify>,
    ) -> Result<Readable, ErrorCode> {
        let mut state = self.lock()?;
        fence(epoch_of(state.log()), position.current_epoch)?;
        let log = state.log();
        let mut readable = Readable {
            slice: None,
            high_watermark: state.high_watermark,
            log_start: log.log_start(),
            diverging: None,
        };
        if position.last_fetched_epoch >= 0 {
            readable.diverging = diverging(log, position)?;
            if readable.diverging.is_some() {
                return Ok(readable);
            }
        }
        if !(log.log_start()..=log.log_end()).contains(&position.offset) {
            return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        readable.slice = self.slice(&state, position)?;
        if readable.slice.is_none() {
            state.watch(waiter);
        }
        Ok(readable)
    }

    fn slice(&self, state: &State, position: FetchPosition) -> Result<Option<Slice>, ErrorCode> {
        if position.offset >= state.high_watermark {
            return Ok(None);
        }
        let read = state.log().read(position.offset, position.max_bytes, state.high_watermark);
        read.map_err(|error| self.storage_fault(&error))
    }

    /// Refuses a client whose leader epoch is not ours.
    pub fn fence(&self, current_epoch: i32) -> Result<(), ErrorCode> {
        self.inspect(|log, _| fence(epoch_of(log), current_epoch))?
    }
}

fn fence(ours: i32, theirs: i32) -> Result<(), ErrorCode> {
    match theirs {
        -1 => Ok(()),
        n if n < ours => Err(ErrorCode::FENCED_LEADER_EPOCH),
        n if n > ours => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
        _ => Ok(()),
    }
}

fn diverging(log: &Log, position: FetchPosition) -> Result<Option<(i32, i64)>, ErrorCode> {
    let (epoch, end) = log.epoch_end(position.last_fetched_epoch);
    if (epoch, end) == UNKNOWN_EPOCH {
        return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    let parts = end < position.offset || epoch < position.last_fetched_epoch;
    Ok(parts.then_some((epoch, end)))
}
