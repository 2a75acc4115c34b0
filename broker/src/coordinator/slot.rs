//! A group as the driver holds it: the machine, its parked requests, its queue of writes.
//!
//! At most one writer runs per slot; `writing` says whether one does.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use strait_wire::{BatchBuilder, Compression};
use tokio::sync::oneshot;

use super::group::{Command, Group, Reply, Ticket, Write, WriteId};

/// Writes that queue up go out together up to this size; a single larger one goes alone. One
/// flush then serves many commits, and the batch stays well below the topic's limit.
const ROUND_BYTES_MAX: usize = 256 * 1024;

/// A group, who waits for it, and what waits for the log.
#[derive(Debug)]
pub struct Slot {
    /// The state machine.
    pub group: Group,
    waiting: HashMap<Ticket, oneshot::Sender<Reply>>,
    queue: VecDeque<Write>,
    writing: bool,
}

/// Writes that go to the log as one batch.
#[derive(Debug)]
pub struct Round {
    /// Whom to report it to.
    pub writes: Vec<WriteId>,
    /// The batch.
    pub batch: Bytes,
}

impl Slot {
    /// A slot nobody waits at.
    pub fn new(group: Group) -> Self {
        Self { group, waiting: HashMap::new(), queue: VecDeque::new(), writing: false }
    }

    /// Keeps the way back to a request.
    pub fn park(&mut self, ticket: Ticket, answer: oneshot::Sender<Reply>) {
        self.waiting.insert(ticket, answer);
    }

    /// Sends the group's replies and queues its writes; whether a writer must be started.
    pub fn settle(&mut self) -> bool {
        for command in self.group.take_commands() {
            match command {
                Command::Reply(ticket, reply) => self.answer(ticket, reply),
                Command::Store(write) => self.queue.push_back(write),
            }
        }
        let starts = !self.writing && !self.queue.is_empty();
        self.writing |= starts;
        starts
    }

    /// The next batch for the log; `None` ends the writer.
    pub fn next_round(&mut self) -> Option<Round> {
        let mut batch = BatchBuilder::default();
        let mut writes = Vec::new();
        while let Some(write) = self.queue.pop_front_if(|write| {
            writes.is_empty() || batch.block_bytes() + bytes_of(write) <= ROUND_BYTES_MAX
        }) {
            for (key, value) in &write.records {
                batch.add(write.at_ms, Some(key), value.as_deref());
            }
            writes.push(write.id);
        }
        self.writing = !writes.is_empty();
        self.writing.then(|| Round { writes, batch: sealed(batch) })
    }

    fn answer(&mut self, ticket: Ticket, reply: Reply) {
        if let Some(waiting) = self.waiting.remove(&ticket) {
            // Nobody there any more: the client hung up, and asks again if it still cares.
            let _ = waiting.send(reply);
        }
    }
}

fn bytes_of(write: &Write) -> usize {
    let records = write.records.iter();
    records.map(|(key, value)| key.len() + value.as_ref().map_or(0, Bytes::len)).sum()
}

fn sealed(batch: BatchBuilder) -> Bytes {
    batch.finish(Compression::None, None).expect("an uncompressed block needs no codec")
}
