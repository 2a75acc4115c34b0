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
//! `snapshot`), `checkpoint`, `partition_metadata`. Work on them: `recovery` (opening),
//! `lookup` (by time), `removal` (truncation, deletion, retention by the rules in `retention`),
//! `sync`.

mod checkpoint;
mod epochs;
mod error;
mod headers;
mod index;
mod lookup;
mod open_segments;
pub mod partition_metadata;
pub mod producers;
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
use std::io::IoSlice;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strait_io::fs::{self, File};
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
use segment::{Growing, OpenSegment, Segment};
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

// ---- Appending ---------------------------------------------------------------------------

impl Log {
    /// Writes batches at the end, in order, each at an offset not below the log end; none of
    /// them is durable yet. After an error [`Log::log_end`] says how many of them are kept.
    pub fn append(&mut self, batches: &[Stamped], now_ms: i64) -> Result<(), LogError> {
        self.check_order(batches);
        let mut rest = batches;
        while let Some(first) = rest.first() {
            self.make_room(&first.header, now_ms)?;
            let (run, later) = rest.split_at(self.fitting(rest));
            self.assign_epochs(run)?;
            self.write(run)?;
            self.admit(run, now_ms);
            rest = later;
        }
        Ok(())
    }

    fn check_order(&self, batches: &[Stamped]) {
        let mut next = self.log_end();
        for Stamped { header, block, .. } in batches {
            let base = header.base_offset;
            assert!(base >= next, "a batch at offset {base} cannot follow offset {next}");
            assert_eq!(header.size(), HEADER_BYTES + block.len(), "a header knows its block");
            next = header.next_offset();
        }
    }

    /// Sees to it that the active segment can take the batch.
    fn make_room(&mut self, header: &BatchHeader, now_ms: i64) -> Result<(), LogError> {
        if self.log_start == self.log_end() && header.base_offset > self.log_end() {
            return self.skip_to(header.base_offset);
        }
        let segment = &self.active.segment;
        let size = segment.size + header.size() as u64;
        let is_full = !segment.is_empty() && size > self.settings.segment_limit();
        let is_old = self.active_age_ms(now_ms) >= self.settings.segment_ms;
        if is_full || is_old || self.active.fits(header).is_err() {
            self.roll(header.base_offset)?;
        }
        Ok(())
    }

    fn active_age_ms(&self, now_ms: i64) -> i64 {
        self.active.began_ms.map_or(0, |began| now_ms.saturating_sub(began))
    }

    /// How many of the batches the active segment takes; the first is sure to have room.
    fn fitting(&self, batches: &[Stamped]) -> usize {
        let Segment { base, mut size, .. } = self.active.segment;
        let limit = self.settings.segment_limit();
        let fits = |batch: &Stamped| {
            size += batch.header.size() as u64;
            size <= limit && batch.header.last_offset() - base <= i64::from(i32::MAX)
        };
        batches.iter().map(fits).take_while(|fits| *fits).count().max(1)
    }

    fn assign_epochs(&mut self, run: &[Stamped]) -> Result<(), LogError> {
        let mut news = false;
        for Stamped { header, .. } in run {
            news |= self.epochs.assign(header.leader_epoch, header.base_offset);
        }
        if news { self.epochs.store() } else { Ok(()) }
    }

    fn write(&self, run: &[Stamped]) -> Result<(), LogError> {
        let mut parts = Vec::with_capacity(run.len() * 2);
        for batch in run {
            parts.extend([IoSlice::new(&batch.head), IoSlice::new(&batch.block)]);
        }
        let (file, end) = (&self.active.open.file, self.active.segment.size);
        file.write_all_vectored_at(&mut parts, end).or_else(|error| {
            let path = segment::path(&self.dir, self.active.segment.base, "log");
            file.set_len(end).map_err(LogError::io(&path))?;
            Err(LogError::io(&path)(error))
        })
    }

    fn admit(&mut self, run: &[Stamped], now_ms: i64) {
        for Stamped { header, .. } in run {
            self.active.admit(header, now_ms, self.settings.index_interval_bytes);
            self.producers.update(header, Some(now_ms));
            self.appended_bytes += header.size() as u64;
        }
    }

    /// Seals the active segment and starts one at `base`, an offset not below the log end. An
    /// empty active segment is replaced.
    fn roll(&mut self, base: i64) -> Result<(), LogError> {
        let sealed = self.active.segment.clone();
        if sealed.is_empty() && sealed.base == base {
            return Ok(());
        }
        if !sealed.is_empty() {
            self.store_derived()?;
            self.dirty.file(Arc::clone(&self.active.open.file));
        }
        self.active = Growing::create(&self.dir, base)?;
        self.dirty.folder();
        if sealed.is_empty() {
            return removal::unlink_segment(&self.dir, sealed.base);
        }
        self.sealed.push_back(sealed);
        Ok(())
    }

    /// Stores what follows from the batches up to the log end: indexes and producers.
    fn store_derived(&mut self) -> Result<(), LogError> {
        let snapshot = self.store_snapshot(self.log_end())?;
        let files = self.active.open.store_indexes(&self.dir, &self.active.segment)?;
        files.into_iter().chain([snapshot]).for_each(|file| self.dirty.file(file));
        self.dirty.folder();
        Ok(())
    }

    /// Stores the producers as of the log end, and removes all snapshots but the newest two.
    fn store_snapshot(&self, end: i64) -> Result<Arc<File>, LogError> {
        let path = segment::path(&self.dir, end, "snapshot");
        let file = fs::rewrite(&path, &snapshot::encode(&self.producers));
        let file = file.map_err(LogError::io(&path))?;
        let offsets = snapshot::offsets(&self.dir).map_err(LogError::io(&self.dir))?;
        for offset in offsets.iter().rev().skip(2) {
            removal::unlink(&self.dir, *offset, "snapshot")?;
        }
        Ok(Arc::new(file))
    }
}

// ---- Reading -----------------------------------------------------------------------------

impl Log {
    /// Whole batches from the one that contains `offset` on, all of them below `below`; at least
    /// one even if it is larger than `max_bytes`. `None` when nothing is there yet.
    pub fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        below: i64,
    ) -> Result<Option<Slice>, LogError> {
        self.check_range(offset)?;
        if offset >= below {
            return Ok(None);
        }
        for at in self.segment_of(offset)..=self.sealed.len() {
            let (segment, open) = (self.segment(at), self.opened(at)?);
            let damage = self.damage(segment, offset);
            let Some((position, first)) = open.locate(offset, segment.size).map_err(damage)? else {
                continue;
            };
            if first.last_offset() >= below {
                return Ok(None);
            }
            let damage = self.damage(segment, offset);
            let end = slice_end(segment, &open, position, &first, max_bytes, below);
            let length = (end.map_err(damage)? - position) as usize;
            return Ok(Some(Slice { file: Arc::clone(&open.file), position, length }));
        }
        Ok(None)
    }

    fn check_range(&self, offset: i64) -> Result<(), LogError> {
        let (start, end) = (self.log_start, self.log_end());
        if (start..=end).contains(&offset) {
            return Ok(());
        }
        Err(LogError::OutOfRange { offset, start, end })
    }

    /// The segment in which `offset` lies, or would lie.
    fn segment_of(&self, offset: i64) -> usize {
        if offset >= self.active.segment.base {
            return self.sealed.len();
        }
        self.sealed.partition_point(|segment| segment.base <= offset).saturating_sub(1)
    }

    fn segment(&self, at: usize) -> &Segment {
        self.sealed.get(at).unwrap_or(&self.active.segment)
    }

    fn opened(&self, at: usize) -> Result<Opened<'_>, LogError> {
        let Some(segment) = self.sealed.get(at) else {
            return Ok(Opened::Active(&self.active.open));
        };
        let interval = self.settings.index_interval_bytes;
        let open = || {
            let found = Growing::open(&self.dir, segment.base, interval)?;
            if found.segment.size == segment.size {
                return Ok(found.open);
            }
            let path = segment::path(&self.dir, segment.base, "log");
            Err(LogError::corrupt(&path, segment.base, "its size has changed since it was closed"))
        };
        self.open.get(segment.base, self.settings.open_segments_max, open).map(Opened::Sealed)
    }

    fn damage(&self, segment: &Segment, offset: i64) -> impl FnOnce(headers::Fault) -> LogError {
        let path = segment::path(&self.dir, segment.base, "log");
        move |fault| fault.into_error(&path, offset)
    }
}

/// The end of what one read takes from a segment, of which the first batch is given.
fn slice_end(
    segment: &Segment,
    open: &OpenSegment,
    position: u64,
    first: &BatchHeader,
    max_bytes: usize,
    below: i64,
) -> Result<u64, headers::Fault> {
    let limit = if below >= segment.next_offset {
        segment.size
    } else {
        open.locate(below, segment.size)?.map_or(segment.size, |(position, _)| position)
    };
    let until = position.saturating_add(max_bytes as u64);
    if limit <= until {
        return Ok(limit);
    }
    open.cut(position + first.size() as u64, until, segment.size)
}

/// A segment's file and indexes while they are looked at.
enum Opened<'a> {
    Active(&'a OpenSegment),
    Sealed(Arc<OpenSegment>),
}

impl Deref for Opened<'_> {
    type Target = OpenSegment;

    fn deref(&self) -> &OpenSegment {
        match self {
            Self::Active(open) => open,
            Self::Sealed(open) => open,
        }
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
        let up_to = self.sync().run().map_err(LogError::sync(&self.dir))?;
        self.mark_flushed(up_to);
        Ok(())
    }
}
