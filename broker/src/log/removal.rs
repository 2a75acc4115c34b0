//! Removing records: from the end (a follower's truncation), from the start (deletion and
//! retention), or all of them (starting over at another offset).
//!
//! Files are unlinked, so a reader that holds one is not disturbed. What the disk promises is
//! lowered before anything is removed, so a crash at any step leaves a log that opens: the
//! recovery point first, then the newest segments (truncation) or the oldest (retention).

use std::path::Path;

use strait_io::fs;

use super::error::LogError;
use super::retention::{Candidate, Moment, Removed};
use super::segment::{Growing, Segment, path};
use super::{Log, checkpoint, recovery, snapshot};

/// Removes one file of a segment, if it is there.
pub(super) fn unlink(dir: &Path, base: i64, kind: &str) -> Result<(), LogError> {
    let path = path(dir, base, kind);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LogError::io(&path)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a segment's files, the log first: indexes alone mean nothing.
pub(super) fn unlink_segment(dir: &Path, base: i64) -> Result<(), LogError> {
    ["log", "index", "timeindex"].into_iter().try_for_each(|kind| unlink(dir, base, kind))
}

// ---- From the end ------------------------------------------------------------------------

impl Log {
    /// Removes every record at `offset` and above, and the batch that contains it. Below the
    /// first segment, the log starts over at `offset`.
    pub fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        assert!(offset >= 0, "offsets are not negative");
        if offset >= self.log_end() {
            return Ok(());
        }
        if offset <= self.segment(0).base {
            return self.start_over_at(offset);
        }
        let at = self.segment_of(offset);
        self.lower_recovery_point(self.segment(at).base)?;
        while self.sealed.len() > at {
            unlink_segment(&self.dir, self.active.segment.base)?;
            self.reactivate_last()?;
        }
        self.cut_active(offset)?;
        self.forget_from(self.log_end())
    }

    fn lower_recovery_point(&self, offset: i64) -> Result<(), LogError> {
        self.recovery_point.lower(self.flushed.min(offset))
    }

    /// The last sealed segment becomes the active one.
    fn reactivate_last(&mut self) -> Result<(), LogError> {
        let Some(last) = self.sealed.back() else { return Ok(()) };
        self.open.forget(last.base, i64::MAX);
        let interval = self.settings.index_interval_bytes;
        self.active = Growing::open(&self.dir, last.base, interval)?;
        self.sealed.pop_back();
        Ok(())
    }

    /// Cuts the active segment before the batch that contains `offset`, and reads again what is
    /// left of it.
    fn cut_active(&mut self, offset: i64) -> Result<(), LogError> {
        let Segment { base, size, .. } = self.active.segment;
        let log = path(&self.dir, base, "log");
        let found = self.active.open.locate(offset, size);
        let found = found.map_err(|fault| fault.into_error(&log, offset))?;
        let end = found.map_or(size, |(position, _)| position);
        let file = &self.active.open.file;
        file.set_len(end).map_err(LogError::io(&log))?;
        file.sync_data().map_err(LogError::sync(&log))?;
        unlink(&self.dir, base, "index")?;
        unlink(&self.dir, base, "timeindex")?;
        fs::sync_dir(&self.dir).map_err(LogError::sync(&self.dir))?;
        self.active = Growing::open(&self.dir, base, self.settings.index_interval_bytes)?;
        Ok(())
    }

    /// Epochs and producers forget what was at `end` and above.
    fn forget_from(&mut self, end: i64) -> Result<(), LogError> {
        self.flushed = self.flushed.min(end);
        if end < self.log_start {
            self.log_start = end;
            checkpoint::store_log_start(&self.dir, end)?;
        }
        if self.epochs.truncate_from_end(end) {
            self.epochs.store()?;
        }
        self.producers = recovery::producers(self)?;
        Ok(())
    }

    /// Removes everything; the next record comes at `offset`.
    pub fn start_over_at(&mut self, offset: i64) -> Result<(), LogError> {
        self.lower_recovery_point(offset)?;
        checkpoint::store_log_start(&self.dir, offset)?;
        for snapshot in snapshot::offsets(&self.dir).map_err(LogError::io(&self.dir))? {
            unlink(&self.dir, snapshot, "snapshot")?;
        }
        self.replace_all(offset)?;
        if self.epochs.truncate_from_end(i64::MIN) {
            self.epochs.store()?;
        }
        self.forget_from(offset)
    }

    /// An empty log goes on at a later offset; its producers are still known.
    pub(super) fn skip_to(&mut self, offset: i64) -> Result<(), LogError> {
        assert!(self.log_start == self.log_end(), "only an empty log may skip offsets");
        checkpoint::store_log_start(&self.dir, offset)?;
        self.replace_all(offset)?;
        if !self.producers.is_empty() {
            let snapshot = self.store_snapshot(offset)?;
            self.dirty.file(snapshot);
        }
        if self.epochs.truncate_from_start(offset) {
            self.epochs.store()?;
        }
        Ok(())
    }

    fn replace_all(&mut self, offset: i64) -> Result<(), LogError> {
        let bases = self.sealed.iter().map(|s| s.base).chain([self.active.segment.base]);
        for base in bases.collect::<Vec<_>>().into_iter().rev() {
            unlink_segment(&self.dir, base)?;
        }
        self.open.forget(0, i64::MAX);
        self.sealed.clear();
        self.active = Growing::create(&self.dir, offset)?;
        (self.log_start, self.flushed) = (offset, offset);
        self.dirty.folder();
        Ok(())
    }
}

// ---- From the start ----------------------------------------------------------------------

impl Log {
    /// Deletes every record below `offset` (DeleteRecords). It stays deleted whatever happens.
    pub fn delete_before(&mut self, offset: i64) -> Result<(), LogError> {
        let (start, end) = (self.log_start, self.log_end());
        if offset > end {
            return Err(LogError::OutOfRange { offset, start, end });
        }
        if offset <= start {
            return Ok(());
        }
        checkpoint::store_log_start(&self.dir, offset)?;
        self.raise_log_start(offset)?;
        while self.sealed.front().is_some() && self.segment(1).base <= offset {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// Removes the segments that retention no longer keeps, all of them below `below`. An active
    /// segment whose time is over is sealed first.
    pub fn apply_retention(&mut self, now_ms: i64, below: i64) -> Result<Vec<Removed>, LogError> {
        self.producers.expire(now_ms, self.settings.producer_expiration_ms);
        if self.is_over(now_ms, below) {
            self.roll(self.log_end())?;
        }
        let removed = self.moment(now_ms, below).expired(self.candidates());
        for segment in &removed {
            self.remove_oldest()?;
            self.raise_log_start(segment.next_base)?;
        }
        Ok(removed)
    }

    fn is_over(&self, now_ms: i64, below: i64) -> bool {
        let active = &self.active.segment;
        let newest_ms = active.newest.map(|newest| newest.timestamp);
        let is_old = self.active_age_ms(now_ms) >= self.settings.segment_ms
            || self.moment(now_ms, below).is_aged(newest_ms);
        is_old && !active.is_empty() && active.next_offset <= below
    }

    fn moment(&self, now_ms: i64, below: i64) -> Moment<'_> {
        let (settings, log_start, log_bytes) = (&self.settings, self.log_start, self.size_bytes());
        Moment { settings, now_ms, below, log_start, log_bytes }
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.sealed.iter().enumerate().map(|(at, segment)| Candidate {
            base_offset: segment.base,
            next_base: self.segment(at + 1).base,
            bytes: segment.size,
            newest_ms: segment.newest.map(|newest| newest.timestamp),
        })
    }

    fn raise_log_start(&mut self, offset: i64) -> Result<(), LogError> {
        self.log_start = self.log_start.max(offset);
        self.flushed = self.flushed.max(self.log_start);
        if self.epochs.truncate_from_start(self.log_start) {
            self.epochs.store()?;
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> Result<(), LogError> {
        let Some(oldest) = self.sealed.front() else { return Ok(()) };
        unlink_segment(&self.dir, oldest.base)?;
        self.open.forget(oldest.base, oldest.base + 1);
        self.sealed.pop_front();
        Ok(())
    }
}
