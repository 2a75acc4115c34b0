//! Writing target partitions: one task per target broker, batches of many lanes in one request.
//!
//! A lane opens a [`SinkLane`], sends batches in its order, and hears of each in the same order:
//! where the target put it, or the one fault after which the sink lane is dead. Requests are
//! pipelined; a lane has at most [`PRODUCE_AHEAD_MAX`] of them in flight into a stock Kafka,
//! whose idempotence remembers five batches.

mod fault;
mod queue;
mod writer;

pub use fault::SinkFault;
pub use queue::Terms;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use strait_client::Cluster;
use strait_wire::Uuid;
use tokio::sync::mpsc;

use crate::batch::Outbound;
use crate::ledger::run::Copied;
use crate::memory::Reserved;
use writer::Writer;

/// Requests of one lane in flight into a stock Kafka: what its idempotence covers.
pub const PRODUCE_AHEAD_MAX: usize = 5;
/// Requests of one lane in flight into our own broker, which checks positions itself.
pub const APPEND_AHEAD_MAX: usize = 4;
/// Orders waiting for a writer; their bytes are bounded by the worker's budget.
const ORDERS_WAITING_MAX: usize = 512;

/// Where a lane writes.
#[derive(Debug, Clone)]
pub struct Place {
    /// The target topic.
    pub topic: String,
    /// Its id; nil where the target has none.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The broker that leads it.
    pub leader: i32,
}

/// A target cluster as one pipeline writes it.
pub struct Sink {
    cluster: Cluster,
    writers: Mutex<HashMap<i32, mpsc::Sender<Order>>>,
    tickets: AtomicU64,
}

/// What lanes ask of a writer.
#[derive(Debug)]
pub(crate) enum Order {
    Open(Box<queue::LaneQueue>),
    Write { ticket: u64, batch: Outbound, reserved: Arc<Reserved> },
    Close { ticket: u64 },
}

/// A lane's hold on its target partition.
#[derive(Debug)]
pub struct SinkLane {
    ticket: u64,
    orders: mpsc::Sender<Order>,
    written: mpsc::UnboundedReceiver<Result<Copied, SinkFault>>,
}

impl Sink {
    /// A sink without connections.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster, writers: Mutex::default(), tickets: AtomicU64::new(0) }
    }

    /// The cluster behind it.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Opens a partition for one lane, on these terms.
    pub async fn open(&self, place: Place, terms: Terms) -> SinkLane {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let (sender, written) = mpsc::unbounded_channel();
        let leader = place.leader;
        let queue = queue::LaneQueue::new(ticket, place, terms, sender);
        let mut order = Order::Open(Box::new(queue));
        loop {
            let orders = self.writer_of(leader);
            match orders.send(order).await {
                Ok(()) => return SinkLane { ticket, orders, written },
                // The writer has ended; another takes its place.
                Err(refused) => {
                    order = refused.0;
                    self.writers.lock().expect("no holder panics").remove(&leader);
                }
            }
        }
    }

    fn writer_of(&self, broker: i32) -> mpsc::Sender<Order> {
        let mut writers = self.writers.lock().expect("no holder panics");
        let start = || {
            let (sender, orders) = mpsc::channel(ORDERS_WAITING_MAX);
            tokio::spawn(Writer::new(self.cluster.clone(), broker, orders).run());
            sender
        };
        writers.entry(broker).or_insert_with(start).clone()
    }
}

impl SinkLane {
    /// Sends a batch behind those sent before. `reserved` is let go when the batch is written, or
    /// the lane has ended.
    pub async fn send(&self, batch: Outbound, reserved: Arc<Reserved>) {
        let order = Order::Write { ticket: self.ticket, batch, reserved };
        // A writer that has ended says so through `written`.
        let _ = self.orders.send(order).await;
    }

    /// What became of the oldest batch not heard of yet.
    pub async fn written(&mut self) -> Result<Copied, SinkFault> {
        self.written.recv().await.unwrap_or(Err(SinkFault::WriterEnded))
    }
}

impl Drop for SinkLane {
    fn drop(&mut self) {
        // A full channel is drained by the writer, which finds `written` closed by itself.
        let _ = self.orders.try_send(Order::Close { ticket: self.ticket });
    }
}
