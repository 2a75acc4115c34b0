//! A partition's log: batches by offset, in segments on disk, in Kafka's own layout.
//!
//! `log_start <= flushed <= log_end`: records below `log_start` are gone, below `flushed` they
//! survive a power loss, below `log_end` they exist. Offsets rise and may have holes, as a mirror
//! keeps them. Segments follow each other without overlap; the last one is active: the only one
//! that grows, and always there. What is read is whole batches, as they lie in one file.
//!
//! The log is synchronous and knows no network, no request, no clock and no lock: its partition
//! serialises calls, says what time it is, and waits for [`SyncTicket`]s outside its lock.
//! Which batches are right to append is for the partition to say, with [`producers::check`].
//!
//! Files: `segment` (with `index`, `time_index`, `headers`), `epochs`, `producers` (with
//! `snapshot`), `checkpoint`, `partition_metadata`. Work on them: `recovery` (opening), `append`,
//! `read`, `lookup` (by time), `removal` (truncation, deletion, retention by the rules in
//! `retention`),
//! `sync`.

mod append;
mod checkpoint;
mod epochs;
mod error;
mod headers;
mod index;
mod lookup;
mod open_segments;
pub mod partition_metadata;
pub mod producers;
mod read;
mod recovery;
mod removal;
pub mod retention;
mod segment;
mod settings;
mod snapshot;
mod sync;
#[cfg(test)]
mod tests;
mod time_index;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strait_io::fs::File;
use strait_wire::batch::HEADER_BYTES;
use strait_wire::{BatchHeader, Bytes};

use checkpoint::RecoveryPoint;
use epochs::Epochs;
pub use epochs::UNKNOWN as UNKNOWN_EPOCH;
pub use error::LogError;
use open_segments::OpenSegments;
use producers::{ProducerEntry, Producers};
pub use recovery::Cut;
pub use retention::{Reason, Removed};
use segment::{Growing, Segment};
pub use settings::LogSettings;
pub use sync::SyncTicket;
use sync::{Dirty, PointMove};

/// How the process that had the log before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It called [`Log::close`].
    Clean,
    /// It did not, or nobody knows.
    Unclean,
}

/// A batch ready to be written: CRC verified, base offset and leader epoch set.
#[derive(Debug, Clone)]
pub struct Stamped {
    /// The decoded `head`.
    pub header: BatchHeader,
    /// The first 61 bytes, exactly as they will lie on disk.
    pub head: [u8; HEADER_BYTES],
    /// The records block, untouched.
    pub block: Bytes,
}

/// A range of whole batches in one file. The file stays readable after its segment is deleted.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The segment's file.
    pub file: Arc<File>,
    /// Where the first batch starts.
    pub position: u64,
    /// Bytes of all batches.
    pub length: usize,
}

/// The log of one partition.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    settings: LogSettings,
    sealed: VecDeque<Segment>,
    active: Growing,
    open: OpenSegments,
    log_start: i64,
    flushed: i64,
    epochs: Epochs,
    producers: Producers,
    dirty: Dirty,
    recovery_point: Arc<RecoveryPoint>,
    appended_bytes: u64,
    cut: Option<Cut>,
}

// ---- What it holds -----------------------------------------------------------------------

impl Log {
    /// The oldest offset kept.
    pub fn log_start(&self) -> i64 {
        self.log_start
    }

    /// The offset the next batch gets, or a later one.
    pub fn log_end(&self) -> i64 {
        self.active.segment.next_offset
    }

    /// Everything below survives a power loss.
    pub fn flushed(&self) -> i64 {
        self.flushed
    }

    /// Bytes of all segments' batches.
    pub fn size_bytes(&self) -> u64 {
        self.sealed.iter().map(|s| s.size).sum::<u64>() + self.active.segment.size
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What opening had to cut off, if anything.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// What is remembered of an idempotent producer.
    pub fn producer(&self, id: i64) -> Option<&ProducerEntry> {
        self.producers.get(id)
    }

    /// The newest leader epoch.
    pub fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest()
    }

    /// The leader epoch of the record at `offset`; -1 if unknown.
    pub fn epoch_at(&self, offset: i64) -> i32 {
        self.epochs.at(offset)
    }

    /// KIP-101: the largest epoch known that is not above `epoch`, and the offset where it ends.
    /// [`UNKNOWN_EPOCH`] for an epoch newer than all.
    pub fn epoch_end(&self, epoch: i32) -> (i32, i64) {
        self.epochs.end_of(epoch, self.log_end())
    }

    /// Changes the settings from here on.
    pub fn set_settings(&mut self, settings: LogSettings) {
        self.settings = settings;
    }

    /// Notes that a leader epoch begins at the log end, before its first record is there.
    pub fn begin_epoch(&mut self, epoch: i32) -> Result<(), LogError> {
        let news = self.epochs.assign(epoch, self.log_end());
        if news { self.epochs.store() } else { Ok(()) }
    }
}

// ---- Durability --------------------------------------------------------------------------

impl Log {
    /// What must be synced to make everything appended so far durable; cheap.
    pub fn sync(&self) -> SyncTicket {
        let is_behind = self.flushed < self.log_end();
        let active = is_behind.then(|| Arc::clone(&self.active.open.file));
        self.dirty.ticket(&self.dir, active, self.log_end(), self.point_move())
    }

    fn point_move(&self) -> Option<PointMove> {
        let since = self.appended_bytes - self.recovery_point.stored_at_bytes();
        let is_due = self.dirty.has_files() || since >= self.settings.recovery_point_bytes;
        let point = Arc::clone(&self.recovery_point);
        let (term, bytes) = (point.term(), self.appended_bytes);
        is_due.then_some(PointMove { point, term, bytes })
    }

    /// A ticket up to this offset has run.
    pub fn mark_flushed(&mut self, up_to: i64) {
        self.dirty.sweep();
        self.flushed = self.flushed.max(up_to.min(self.log_end()));
    }

    /// Makes everything durable and notes that the next start need not check anything. Nothing
    /// may be appended afterwards.
    pub fn close(&mut self) -> Result<(), LogError> {
        self.store_derived()?;
        self.flush()
    }

    /// Makes everything durable now.
    pub(super) fn flush(&mut self) -> Result<(), LogError> {
        let up_to = self.sync().run().map_err(LogError::sync(&self.dir))?;
        self.mark_flushed(up_to);
        Ok(())
    }
}
