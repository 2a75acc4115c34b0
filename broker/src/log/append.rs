//! Appending: batches go to the end of the active segment, as many as fit in one write, and a
//! new segment is started when it is full, old, or out of relative offsets.
//!
//! Nothing here reads a block or copies one: the caller has verified the CRC and set the
//! offset. Counters, indexes and producers follow only when the write has succeeded.

use std::io::IoSlice;
use std::sync::Arc;

use strait_io::fs::{self, File};
use strait_wire::BatchHeader;
use strait_wire::batch::HEADER_BYTES;

use super::error::LogError;
use super::segment::{self, Growing, Segment};
use super::{Log, Stamped, removal, snapshot};

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

    pub(super) fn active_age_ms(&self, now_ms: i64) -> i64 {
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
    pub(super) fn roll(&mut self, base: i64) -> Result<(), LogError> {
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
    pub(super) fn store_derived(&mut self) -> Result<(), LogError> {
        let snapshot = self.store_snapshot(self.log_end())?;
        let files = self.active.open.store_indexes(&self.dir, &self.active.segment)?;
        files.into_iter().chain([snapshot]).for_each(|file| self.dirty.file(file));
        self.dirty.folder();
        Ok(())
    }

    /// Stores the producers as of the log end, and removes all snapshots but the newest two.
    pub(super) fn store_snapshot(&self, end: i64) -> Result<Arc<File>, LogError> {
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
