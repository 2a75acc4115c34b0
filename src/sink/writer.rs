//! One task per target broker: gathers what lanes have ready into requests, keeps several in
//! flight, and hands results back in order.
//!
//! `requests in flight <= REQUESTS_AHEAD_MAX`. While a lane has a backlog they are fewer, so that
//! each carries a batch of every lane: a request costs a broker more than a batch does. A
//! connection that breaks is a fault for every lane of this writer; each opens again when it has
//! looked for its leader.

use std::collections::{HashMap, VecDeque};

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};
use strait_client::mirror_append::{AppendedPartition, send_mirror_append};
use strait_client::produce::{ProducedPartition, send_produce};
use strait_client::{ClientError, Cluster, Connection};
use strait_io::time::Duration;
use tokio::sync::mpsc;

use super::queue::{LaneQueue, Sent};
use super::{Order, PRODUCE_AHEAD_MAX, SinkFault};

/// Requests in flight over one connection.
const REQUESTS_AHEAD_MAX: usize = 16;
/// The same while a lane has a backlog: each lane can be in all of them.
const FULL_REQUESTS_AHEAD_MAX: usize = PRODUCE_AHEAD_MAX;
/// Lanes in one request.
const LANES_PER_REQUEST_MAX: usize = 64;
/// Bytes of one request, unless a single lane's batches are more: a stock Kafka closes the
/// connection above 100 MiB.
const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long the target may take to make a batch durable.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Writes to one broker for the lanes whose partitions it leads.
pub struct Writer {
    cluster: Cluster,
    broker: i32,
    orders: mpsc::Receiver<Order>,
    lanes: HashMap<u64, LaneQueue>,
    turn: VecDeque<u64>,
    in_flight: FuturesOrdered<BoxFuture<'static, Outcome>>,
}

enum Outcome {
    Produced(Vec<Sent>, Result<Vec<ProducedPartition>, ClientError>),
    Appended(Vec<Sent>, Result<Vec<AppendedPartition>, ClientError>),
}

impl Writer {
    pub(crate) fn new(cluster: Cluster, broker: i32, orders: mpsc::Receiver<Order>) -> Self {
        let (lanes, turn) = (HashMap::new(), VecDeque::new());
        Self { cluster, broker, orders, lanes, turn, in_flight: FuturesOrdered::new() }
    }

    /// Writes until nobody can order any more.
    pub async fn run(mut self) {
        while let Some(order) = self.orders.recv().await {
            self.take(order);
            self.take_waiting();
            if self.lanes.is_empty() {
                continue;
            }
            let ended = self.write().await;
            // What this connection still owes nobody waits for.
            self.in_flight = FuturesOrdered::new();
            if let Err(fault) = ended {
                self.fail_all(&fault.into());
            }
        }
    }

    fn take_waiting(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.take(order);
        }
    }

    /// Writes over one connection until it breaks or no lane is left.
    async fn write(&mut self) -> Result<(), ClientError> {
        let connection = self.cluster.connect(self.broker).await?;
        while !self.lanes.is_empty() {
            self.fill(&connection).await?;
            tokio::select! {
                Some(outcome) = self.in_flight.next() => self.settle(outcome)?,
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => return Ok(()),
                },
            }
            self.take_waiting();
        }
        Ok(())
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Open(lane) => {
                self.lanes.insert(lane.ticket, *lane);
            }
            Order::Write { ticket, batch, reserved } => {
                // A lane that is dead already has been told; its batch is dropped with it.
                if let Some(lane) = self.lanes.get_mut(&ticket) {
                    let was_ready = lane.is_ready();
                    lane.push(batch, reserved);
                    if !was_ready && lane.is_ready() {
                        self.turn.push_back(ticket);
                    }
                }
            }
            Order::Close { ticket } => {
                self.lanes.remove(&ticket);
            }
        }
    }

    async fn fill(&mut self, connection: &Connection) -> Result<(), ClientError> {
        while self.in_flight.len() < self.ahead_max() {
            let (appends, ready) = self.next_lanes();
            if ready.is_empty() {
                break;
            }
            let request = match appends {
                true => self.send_append(connection, ready).await?,
                false => self.send_produce(connection, ready).await?,
            };
            self.in_flight.push_back(request);
        }
        Ok(())
    }

    fn ahead_max(&self) -> usize {
        let lanes = self.turn.iter().filter_map(|ticket| self.lanes.get(ticket));
        let backlog = lanes.take(LANES_PER_REQUEST_MAX).any(LaneQueue::has_backlog);
        if backlog { FULL_REQUESTS_AHEAD_MAX } else { REQUESTS_AHEAD_MAX }
    }

    /// Lanes that are ready, all on the same kind of terms; each goes to the end of the line.
    fn next_lanes(&mut self) -> (bool, Vec<u64>) {
        let (mut kind, mut ready, mut bytes) = (None, Vec::new(), 0);
        for _ in 0..self.turn.len() {
            let Some(ticket) = self.turn.pop_front() else { break };
            let Some(lane) = self.lanes.get(&ticket).filter(|lane| lane.is_ready()) else {
                continue;
            };
            if lane.is_abandoned() {
                self.lanes.remove(&ticket);
                continue;
            }
            let fits = bytes == 0 || bytes + lane.next_bytes() <= REQUEST_BYTES_MAX;
            let full = ready.len() == LANES_PER_REQUEST_MAX || !fits;
            if full || *kind.get_or_insert(lane.appends()) != lane.appends() {
                self.turn.push_back(ticket);
                continue;
            }
            bytes += lane.next_bytes();
            ready.push(ticket);
        }
        (kind == Some(true), ready)
    }

    async fn send_produce(
        &mut self,
        connection: &Connection,
        ready: Vec<u64>,
    ) -> Result<BoxFuture<'static, Outcome>, ClientError> {
        let (sent, batches) = self.each(ready, LaneQueue::produce);
        let answer = send_produce(connection, batches, WRITE_TIMEOUT).await?;
        Ok(Box::pin(async move { Outcome::Produced(sent, answer.await) }))
    }

    async fn send_append(
        &mut self,
        connection: &Connection,
        ready: Vec<u64>,
    ) -> Result<BoxFuture<'static, Outcome>, ClientError> {
        let (sent, asks) = self.each(ready, LaneQueue::append);
        let answer = send_mirror_append(connection, asks, WRITE_TIMEOUT).await?;
        Ok(Box::pin(async move { Outcome::Appended(sent, answer.await) }))
    }

    /// Takes what each lane has next; lanes that have more stay in line.
    fn each<T>(
        &mut self,
        ready: Vec<u64>,
        next: impl Fn(&mut LaneQueue) -> (Sent, T),
    ) -> (Vec<Sent>, Vec<T>) {
        let mut taken = Vec::with_capacity(ready.len());
        for ticket in ready {
            let lane = self.lanes.get_mut(&ticket).expect("a ready lane is open");
            taken.push(next(lane));
            if lane.is_ready() {
                self.turn.push_back(ticket);
            }
        }
        taken.into_iter().unzip()
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), ClientError> {
        match outcome {
            Outcome::Produced(sent, results) => self.report(sent, results?, LaneQueue::produced),
            Outcome::Appended(sent, results) => self.report(sent, results?, LaneQueue::appended),
        }
        Ok(())
    }

    fn report<R>(
        &mut self,
        sent: Vec<Sent>,
        results: Vec<R>,
        tell: impl Fn(&mut LaneQueue, Sent, R) -> bool,
    ) {
        for (sent, result) in sent.into_iter().zip(results) {
            let ticket = sent.ticket;
            // A lane that was closed meanwhile has nobody left to tell.
            let Some(lane) = self.lanes.get_mut(&ticket) else { continue };
            let was_ready = lane.is_ready();
            if !tell(lane, sent, result) || lane.is_abandoned() {
                self.lanes.remove(&ticket);
            } else if !was_ready && lane.is_ready() {
                self.turn.push_back(ticket);
            }
        }
    }

    fn fail_all(&mut self, fault: &SinkFault) {
        self.turn.clear();
        for (_, lane) in self.lanes.drain() {
            lane.fail(fault.clone());
        }
    }
}

#[cfg(test)]
mod tests;
