//! Consumer groups: the async face over one pure state machine per group.
//!
//! Reading order: [`group`] (what a group does), [`member`], [`offsets`], [`storage`] (what of
//! it is in `__consumer_offsets`), [`slot`] (a group with its parked requests and its queue of
//! writes), then this file, `requests` and `queries` (an async method per API) and `replay`
//! (start).
//!
//! - One lock per group, held for the length of one event and never across an await. The map's
//!   lock may be held while a group's is taken, never the other way round.
//! - One writer per group at a time, so a group's records reach the log in the order of its
//!   events; what queues up meanwhile goes out as one batch.
//! - An answer that depends on a write leaves after [`GroupStore::append`] resolved. A client
//!   that hangs up does not stop the write.

pub mod group;
pub mod member;
pub mod offsets;
mod queries;
mod replay;
mod requests;
pub mod settings;
pub mod slot;
pub mod storage;
pub mod subscription;
pub mod timers;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use strait_io::time::{self, Duration, Instant};
use strait_wire::ErrorCode;
use tokio::sync::{Notify, oneshot};

use group::{Group, Reply, Ticket};
use slot::Slot;
use timers::{Moment, Timers};

pub use replay::Loaded;
pub use settings::GroupSettings;
pub use storage::partition_for;

/// The partitions of `__consumer_offsets`, and the topics there are.
pub trait GroupStore: Send + Sync + 'static {
    /// Appends a batch (at base offset 0) to a partition; resolves when it is durable by the
    /// flush policy.
    fn append(&self, partition: i32, batch: Bytes) -> BoxFuture<'static, Result<(), ErrorCode>>;
    /// Whether a topic has this partition.
    fn topic_exists(&self, topic: &str, partition: i32) -> bool;
    /// Partitions of `__consumer_offsets`.
    fn partition_count(&self) -> i32;
}

/// All groups of this broker.
pub struct GroupCoordinator {
    settings: Arc<GroupSettings>,
    store: Arc<dyn GroupStore>,
    groups: Mutex<HashMap<String, Arc<Mutex<Slot>>>>,
    timers: Mutex<Timers>,
    earlier: Notify,
    started: Instant,
    next_ticket: AtomicU64,
}

/// What to do about a group that does not exist.
#[derive(Debug, Clone, Copy)]
enum Missing {
    Create,
    Refuse(ErrorCode),
}

impl GroupCoordinator {
    /// A coordinator without groups; [`GroupCoordinator::load`] brings back those of the log.
    pub fn new(settings: GroupSettings, store: Arc<dyn GroupStore>) -> Arc<Self> {
        Arc::new(Self {
            settings: Arc::new(settings),
            store,
            groups: Mutex::default(),
            timers: Mutex::default(),
            earlier: Notify::new(),
            started: time::now(),
            next_ticket: AtomicU64::new(0),
        })
    }

    /// Ends sessions, rebalances and retentions when their time comes, until `drain` resolves;
    /// then every parked request is answered, so that no connection waits for us.
    pub async fn run(self: Arc<Self>, drain: impl Future<Output = ()>) {
        let mut drain = pin!(drain);
        let mut retention = time::interval(self.settings.retention_check);
        loop {
            let next = hold(&self.timers).next();
            tokio::select! {
                () = &mut drain => break,
                () = self.earlier.notified() => {}
                () = self.sleep_until(next) => self.wake_due(),
                _ = retention.tick() => self.each_group(|group, now| group.expire_offsets(now)),
            }
        }
        self.each_group(|group, _| group.release_parked(ErrorCode::NOT_COORDINATOR));
    }

    /// Forgets what is committed for topics that were deleted.
    pub fn topics_deleted(self: &Arc<Self>, is_deleted: impl Fn(&str) -> bool) {
        self.each_group(|group, now| group.forget_topics(now, &is_deleted));
    }

    /// Hands an event to a group and waits for the answer, which may be parked for long.
    async fn ask<T>(
        self: &Arc<Self>,
        id: &str,
        missing: Missing,
        event: impl FnOnce(&mut Group, Moment, Ticket),
        pick: impl FnOnce(Reply) -> Option<T>,
    ) -> Result<T, ErrorCode> {
        let ticket = Ticket(self.next_ticket.fetch_add(1, Ordering::Relaxed));
        let (answer, parked) = oneshot::channel();
        self.on_group(id, missing, |slot, now| {
            slot.park(ticket, answer);
            event(&mut slot.group, now, ticket);
        })?;
        let reply = parked.await.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)?;
        pick(reply).ok_or(ErrorCode::UNKNOWN_SERVER_ERROR)
    }

    /// Runs an event on a living group.
    fn on_group<T>(
        self: &Arc<Self>,
        id: &str,
        missing: Missing,
        event: impl FnOnce(&mut Slot, Moment) -> T,
    ) -> Result<T, ErrorCode> {
        let mut event = Some(event);
        loop {
            let cell = self.cell(id, missing)?;
            // A group that went between the look-up and the lock is looked up again.
            let done = self.visit(&cell, |slot, now| {
                if slot.group.is_gone() { None } else { event.take().map(|e| e(slot, now)) }
            });
            if let Some(out) = done {
                return Ok(out);
            }
        }
    }

    fn each_group(self: &Arc<Self>, event: impl Fn(&mut Group, Moment)) {
        for cell in self.cells() {
            self.visit(&cell, |slot, now| event(&mut slot.group, now));
        }
    }

    /// Runs an event under the group's lock, then does what it commands.
    fn visit<T>(
        self: &Arc<Self>,
        cell: &Arc<Mutex<Slot>>,
        event: impl FnOnce(&mut Slot, Moment) -> T,
    ) -> T {
        let now = self.moment();
        let mut slot = hold(cell);
        let out = event(&mut slot, now);
        let starts_writing = slot.settle();
        let deadline = slot.group.next_deadline();
        let gone = slot.group.retire();
        let id = slot.group.id().to_owned();
        drop(slot);
        if starts_writing {
            tokio::spawn(self.clone().write(cell.clone(), partition_for(&id, self.partitions())));
        }
        match deadline {
            _ if gone => self.drop_cell(&id, cell),
            Some(deadline) => self.arm(&id, deadline),
            None => {}
        }
        out
    }

    /// Writes what a group has queued, batch after batch, until nothing is left.
    async fn write(self: Arc<Self>, cell: Arc<Mutex<Slot>>, partition: i32) {
        loop {
            let Some(round) = hold(&cell).next_round() else { return };
            let result = self.store.append(partition, round.batch).await;
            if let Err(code) = result {
                tracing::warn!(partition, %code, "the offsets topic took no write");
            }
            self.visit(&cell, |slot, now| {
                for id in round.writes {
                    slot.group.stored(now, id, result);
                }
            });
        }
    }

    fn cell(&self, id: &str, missing: Missing) -> Result<Arc<Mutex<Slot>>, ErrorCode> {
        let mut groups = hold(&self.groups);
        if let Some(cell) = groups.get(id) {
            return Ok(cell.clone());
        }
        match missing {
            Missing::Refuse(code) => Err(code),
            Missing::Create if groups.len() >= self.settings.groups_max => {
                Err(ErrorCode::GROUP_MAX_SIZE_REACHED)
            }
            Missing::Create => {
                let group = Group::new(id.to_owned(), self.settings.clone());
                let cell = Arc::new(Mutex::new(Slot::new(group)));
                groups.insert(id.to_owned(), cell.clone());
                Ok(cell)
            }
        }
    }

    fn cells(&self) -> Vec<Arc<Mutex<Slot>>> {
        hold(&self.groups).values().cloned().collect()
    }

    fn drop_cell(&self, id: &str, cell: &Arc<Mutex<Slot>>) {
        let mut groups = hold(&self.groups);
        if groups.get(id).is_some_and(|current| Arc::ptr_eq(current, cell)) {
            groups.remove(id);
            hold(&self.timers).disarm(id);
        }
    }

    fn arm(&self, id: &str, deadline: u64) {
        if hold(&self.timers).arm(id, deadline) {
            self.earlier.notify_one();
        }
    }

    fn wake_due(self: &Arc<Self>) {
        let now = self.moment();
        loop {
            let Some(id) = hold(&self.timers).due(now) else { return };
            let missing = Missing::Refuse(ErrorCode::GROUP_ID_NOT_FOUND);
            // A group that is gone has nothing to be woken for.
            let _ = self.on_group(&id, missing, |slot, now| slot.group.wake(now));
        }
    }

    async fn sleep_until(&self, tick: Option<u64>) {
        match tick {
            Some(tick) => time::sleep_until(self.started + Duration::from_millis(tick)).await,
            None => std::future::pending().await,
        }
    }

    fn moment(&self) -> Moment {
        let ticks_ms = (time::now() - self.started).as_millis() as u64;
        Moment { ticks_ms, wall_ms: time::wall_ms() }
    }

    fn partitions(&self) -> i32 {
        self.store.partition_count()
    }
}

/// Locks; a panic in one request does not take the group from its other members.
fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
