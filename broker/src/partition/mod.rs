//! A leader's view of one partition: its log, its epoch, its high watermark and who waits.
//!
//! `log_start <= high_watermark <= log_end`. With group commit the high watermark is what a
//! power loss cannot take back; with `FlushPolicy::Os` it is the log end. It never falls.
//! All state sits behind one short lock that is never held across an await; a panic under it
//! takes this partition out of service (KAFKA_STORAGE_ERROR) and nothing else.
//!
//! `check` decides whether a producer's batch is fit, `append` and `mirror` put batches in,
//! `read` finds what a fetch may see, `wait` parks until records are safe, `scan` reads it all.

mod append;
pub mod check;
pub mod mirror;
mod read;
mod scan;
pub mod wait;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use strait_wire::ErrorCode;
use tokio::sync::Notify;

pub use append::{AppendFault, Appended};
pub use read::{FetchPosition, Readable};

use crate::config::FlushPolicy;
use crate::flush::Flusher;
use crate::log::{Log, LogError, SyncTicket};

/// One partition this node leads.
pub struct Partition {
    topic: Arc<str>,
    index: i32,
    flusher: Arc<Flusher>,
    state: Mutex<State>,
}

struct State {
    /// `None` once the partition is deleted or the broker has closed it.
    log: Option<Log>,
    high_watermark: i64,
    /// Whether the flusher has this partition on its list.
    queued: bool,
    /// The highest generation of a preserving mirror seen here.
    mirror_generation: i16,
    /// Generations claimed by merging lanes that have not written with them yet.
    lane_generations: HashMap<i64, i16>,
    waiters: Vec<Weak<Notify>>,
}

impl Partition {
    /// Takes over an opened log, all of it durable (unless nobody asked for that).
    pub fn new(topic: Arc<str>, index: i32, flusher: Arc<Flusher>, log: Log) -> Arc<Self> {
        let state = State {
            high_watermark: safe_end(&log, flusher.policy()),
            log: Some(log),
            queued: false,
            mirror_generation: 0,
            lane_generations: HashMap::new(),
            waiters: Vec::new(),
        };
        Arc::new(Self { topic, index, flusher, state: Mutex::new(state) })
    }

    /// The topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition's number.
    pub fn index(&self) -> i32 {
        self.index
    }

    /// The epoch we lead with: never below one in the log, so that no reader sees it fall.
    pub fn leader_epoch(&self) -> i32 {
        self.inspect(|log, _| epoch_of(log)).unwrap_or(0)
    }

    /// The offset below which everything is safe and visible.
    pub fn high_watermark(&self) -> Result<i64, ErrorCode> {
        self.lock().map(|state| state.high_watermark)
    }

    /// Looks at the log and the high watermark under the lock; keep it short.
    pub fn inspect<T>(&self, look: impl FnOnce(&Log, i64) -> T) -> Result<T, ErrorCode> {
        let state = self.lock()?;
        Ok(look(state.log(), state.high_watermark))
    }

    /// Changes the log under the lock.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut Log, i64) -> Result<T, LogError>,
    ) -> Result<T, ErrorCode> {
        let mut state = self.lock()?;
        let high_watermark = state.high_watermark;
        let changed = change(state.log_mut(), high_watermark);
        state.advance(self.flusher.policy());
        changed.map_err(|error| self.storage_fault(&error))
    }

    /// Whether everything below `offset` is safe; otherwise `waiter` hears of progress.
    pub fn is_safe(&self, offset: i64, waiter: &Arc<Notify>) -> Result<bool, ErrorCode> {
        let mut state = self.lock()?;
        let safe = state.high_watermark >= offset;
        if !safe {
            state.watch(waiter);
            self.flusher.hurry();
        }
        Ok(safe)
    }

    /// Takes the ticket of a group commit; appends from here on need the next one.
    pub(crate) fn start_sync(&self) -> Option<SyncTicket> {
        let mut state = self.lock().ok()?;
        state.queued = false;
        Some(state.log_mut().sync())
    }

    /// A group commit reached `offset`.
    pub(crate) fn finish_sync(&self, offset: i64) {
        let Ok(mut state) = self.lock() else { return };
        state.log_mut().mark_flushed(offset);
        state.advance(self.flusher.policy());
    }

    /// Wakes everybody who waits here, to look again.
    pub(crate) fn wake_all(&self) {
        let mut state = self.state.lock().unwrap_or_else(|poison| poison.into_inner());
        state.wake();
    }

    /// Ends the partition and hands its log over for closing or deletion.
    pub(crate) fn retire(&self) -> Option<Log> {
        let mut state = self.state.lock().unwrap_or_else(|poison| poison.into_inner());
        state.wake();
        state.log.take()
    }

    /// Whether the partition has ended.
    pub(crate) fn is_retired(&self) -> bool {
        self.state.lock().unwrap_or_else(|poison| poison.into_inner()).log.is_none()
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, ErrorCode> {
        if self.flusher.has_failed() {
            return Err(ErrorCode::KAFKA_STORAGE_ERROR);
        }
        let state = self.state.lock().map_err(|_| ErrorCode::KAFKA_STORAGE_ERROR)?;
        if state.log.is_some() { Ok(state) } else { Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) }
    }

    fn storage_fault(&self, error: &LogError) -> ErrorCode {
        tracing::error!(topic = &*self.topic, partition = self.index, %error, "log access failed");
        ErrorCode::KAFKA_STORAGE_ERROR
    }
}

impl State {
    fn log(&self) -> &Log {
        self.log.as_ref().expect("lock() lets nobody in once the log is gone")
    }

    fn log_mut(&mut self) -> &mut Log {
        self.log.as_mut().expect("lock() lets nobody in once the log is gone")
    }

    /// Whether the caller must put the partition on the flusher's list.
    fn enlist(&mut self) -> bool {
        !std::mem::replace(&mut self.queued, true)
    }

    fn advance(&mut self, policy: FlushPolicy) {
        let end = safe_end(self.log(), policy);
        if end > self.high_watermark {
            self.high_watermark = end;
            self.wake();
        }
    }

    fn watch(&mut self, waiter: &Arc<Notify>) {
        self.waiters.retain(|known| known.strong_count() > 0);
        let known = self.waiters.iter().any(|known| known.as_ptr() == Arc::as_ptr(waiter));
        if !known {
            self.waiters.push(Arc::downgrade(waiter));
        }
    }

    fn wake(&mut self) {
        for waiter in self.waiters.drain(..).filter_map(|waiter| waiter.upgrade()) {
            waiter.notify_one();
        }
    }
}

fn safe_end(log: &Log, policy: FlushPolicy) -> i64 {
    match policy {
        FlushPolicy::Group { .. } => log.flushed().max(log.log_start()),
        FlushPolicy::Os => log.log_end(),
    }
}

fn epoch_of(log: &Log) -> i32 {
    log.latest_epoch().unwrap_or(0).max(0)
}
