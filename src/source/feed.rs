//! The lane's end of a followed partition.

use std::sync::Arc;

use strait_wire::batch::RawBatch;
use tokio::sync::{Notify, mpsc};

use super::SourceFault;
use crate::memory::Reserved;
use crate::pipeline::inspect::Aborted;

/// One fetch's batches of one partition, in order and whole.
#[derive(Debug)]
pub struct Chunk {
    /// The batches; their bytes are slices of the fetch's answer.
    pub batches: Vec<RawBatch>,
    /// Aborted transactions that reach into them.
    pub aborted: Vec<Aborted>,
    /// The hold of the answer they are slices of on the worker's budget.
    pub reserved: Arc<Reserved>,
}

/// Chunks of one partition, then at most one fault.
#[derive(Debug)]
pub struct Feed {
    pub(super) events: mpsc::Receiver<Result<Chunk, SourceFault>>,
    pub(super) room: Arc<Notify>,
}

impl Feed {
    /// The next chunk, or the fault behind the last of them.
    pub async fn next(&mut self) -> Result<Chunk, SourceFault> {
        let event = self.events.recv().await;
        self.room.notify_one();
        event.unwrap_or(Err(SourceFault::ReaderEnded))
    }
}
