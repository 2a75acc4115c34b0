//! Opening a log: what the folder holds, how much of it is to be believed, and what is rebuilt.
//!
//! Below the recovery point everything was durable: damage there is an error and never repaired
//! by cutting. From the segment that contains the recovery point on, after an unclean end, every
//! batch is checked by CRC; the first that fails, and all behind it, was never promised to
//! anybody and is cut off. Indexes, epochs and producers follow from the batches, so whatever of
//! them is missing or wrong is built anew. A crash in here leaves a folder that opens again.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strait_io::fs::{self, File};
use strait_wire::BatchHeader;

use super::checkpoint::{self, RecoveryPoint};
use super::epochs::Epochs;
use super::error::LogError;
use super::headers::{Fault, Headers};
use super::open_segments::OpenSegments;
use super::producers::Producers;
use super::removal::{unlink, unlink_segment};
use super::segment::{Growing, Segment, offset_in_name, path};
use super::sync::Dirty;
use super::{Log, LogSettings, Shutdown, snapshot};

/// What opening cut off the end of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file that was cut.
    pub path: PathBuf,
    /// The log end since.
    pub log_end: i64,
    /// Bytes that are gone, those of later segments included.
    pub bytes: u64,
    /// What was wrong with the first of them.
    pub reason: String,
}

impl Log {
    /// Opens the log in a folder, or creates an empty one.
    pub fn open(dir: &Path, settings: LogSettings, shutdown: Shutdown) -> Result<Self, LogError> {
        fs::create_dir_all(dir).map_err(LogError::io(dir))?;
        let recovery_point = checkpoint::load_recovery_point(dir)?;
        let stored_start = checkpoint::load_log_start(dir)?.unwrap_or(0);
        let mut recovery = Recovery {
            dir,
            interval: settings.index_interval_bytes,
            checks: shutdown == Shutdown::Unclean,
            recovery_point: recovery_point.unwrap_or(0),
            epochs: Epochs::load(dir),
            dirty: Dirty::default(),
            cut: None,
        };
        let (sealed, active) = recovery.segments(stored_start)?;
        let mut log = recovery.into_log(settings, sealed, active, stored_start)?;
        if log.log_end() < stored_start {
            log.start_over_at(stored_start)?;
        }
        log.producers = producers(&log)?;
        // What was found whole is made durable before anybody reads it: a log that came back
        // shorter than its readers have seen it would make them believe records are gone.
        log.flush()?;
        assert!(log.log_start <= log.flushed && log.flushed <= log.log_end(), "offsets in order");
        Ok(log)
    }
}

struct Recovery<'a> {
    dir: &'a Path,
    interval: u64,
    checks: bool,
    recovery_point: i64,
    epochs: Option<Epochs>,
    dirty: Dirty,
    cut: Option<Cut>,
}

impl Recovery<'_> {
    /// The segments, whole ones only; the last is the active one.
    fn segments(&mut self, start: i64) -> Result<(VecDeque<Segment>, Growing), LogError> {
        let bases = self.bases()?;
        let mut sealed = VecDeque::new();
        for (at, base) in bases.iter().enumerate() {
            let next = bases.get(at + 1).copied();
            let found = self.segment(*base, next)?;
            if next.is_none() || self.cut.is_some() {
                self.remove_later(&bases[at + 1..])?;
                self.check_end(&found.segment)?;
                return Ok((sealed, found));
            }
            if found.segment.is_empty() {
                unlink_segment(self.dir, *base)?;
            } else {
                sealed.push_back(found.segment);
            }
        }
        self.check_end(&Segment::empty(start))?;
        self.dirty.folder();
        Ok((sealed, Growing::create(self.dir, start)?))
    }

    /// The base offsets of the segments in the folder; leftovers of a crash are removed.
    fn bases(&self) -> Result<Vec<i64>, LogError> {
        let paths = fs::list(self.dir).map_err(LogError::io(self.dir))?;
        let bases: Vec<_> = paths.iter().filter_map(|p| offset_in_name(p, "log")).collect();
        for path in &paths {
            let index = offset_in_name(path, "index").or(offset_in_name(path, "timeindex"));
            let is_orphan = index.is_some_and(|base| bases.binary_search(&base).is_err());
            if is_orphan || path.extension().is_some_and(|extension| extension == "tmp") {
                fs::remove_file(path).map_err(LogError::io(path))?;
            }
        }
        Ok(bases)
    }

    fn segment(&mut self, base: i64, next: Option<i64>) -> Result<Growing, LogError> {
        let is_suspect = self.checks && next.is_none_or(|next| next > self.recovery_point);
        let found = if is_suspect {
            self.scan(base, next)?
        } else {
            Growing::open(self.dir, base, self.interval)?
        };
        match next.filter(|next| found.segment.next_offset > *next) {
            None => Ok(found),
            Some(next) => {
                let log = path(self.dir, base, "log");
                Err(LogError::corrupt(&log, next, "the segment overlaps the one after it"))
            }
        }
    }

    /// Checks every batch of a segment by CRC, and cuts it at the first that fails.
    fn scan(&mut self, base: i64, next: Option<i64>) -> Result<Growing, LogError> {
        let log = path(self.dir, base, "log");
        let file = Arc::new(File::open_writable(&log).map_err(LogError::io(&log))?);
        let size = file.len().map_err(LogError::io(&log))?;
        let mut found = Growing::new(base, Arc::clone(&file));
        if let Some(epochs) = &mut self.epochs {
            epochs.truncate_from_end(base);
        }
        let mut headers = Headers::new(&file, 0, size);
        let mut batch = Vec::new();
        loop {
            let step = checked_step(&mut headers, &file, &mut batch)
                .and_then(|header| within(&found, header, next));
            match step {
                Ok(Some(header)) => self.admit(&mut found, &header),
                Ok(None) => break,
                Err(Failure::Io(error)) => return Err(LogError::io(&log)(error)),
                Err(Failure::Damage(reason)) => {
                    self.cut(&log, &found, size, reason)?;
                    break;
                }
            }
        }
        self.store_scanned(&found)?;
        Ok(found)
    }

    fn admit(&mut self, found: &mut Growing, header: &BatchHeader) {
        found.admit(header, header.max_timestamp, self.interval);
        if let Some(epochs) = &mut self.epochs {
            epochs.assign(header.leader_epoch, header.base_offset);
        }
    }

    fn cut(
        &mut self,
        log: &Path,
        found: &Growing,
        size: u64,
        reason: String,
    ) -> Result<(), LogError> {
        let log_end = found.segment.next_offset;
        if log_end < self.recovery_point {
            return Err(LogError::corrupt(log, log_end, reason));
        }
        found.open.file.set_len(found.segment.size).map_err(LogError::io(log))?;
        let bytes = size - found.segment.size;
        self.cut = Some(Cut { path: log.to_owned(), log_end, bytes, reason });
        Ok(())
    }

    fn store_scanned(&mut self, found: &Growing) -> Result<(), LogError> {
        let indexes = found.open.store_indexes(self.dir, &found.segment)?;
        let log = Arc::clone(&found.open.file);
        indexes.into_iter().chain([log]).for_each(|file| self.dirty.file(file));
        self.dirty.folder();
        Ok(())
    }

    /// Removes the segments behind a cut, the last first.
    fn remove_later(&mut self, bases: &[i64]) -> Result<(), LogError> {
        for base in bases.iter().rev() {
            let log = path(self.dir, *base, "log");
            let bytes = File::open(&log).and_then(|f| f.len()).map_err(LogError::io(&log))?;
            unlink_segment(self.dir, *base)?;
            self.cut.iter_mut().for_each(|cut| cut.bytes += bytes);
        }
        Ok(())
    }

    /// What was durable must still be there.
    fn check_end(&self, last: &Segment) -> Result<(), LogError> {
        if last.next_offset >= self.recovery_point {
            return Ok(());
        }
        let log = path(self.dir, last.base, "log");
        let reason = format!("durable up to offset {}, but it ends here", self.recovery_point);
        Err(LogError::corrupt(&log, last.next_offset, reason))
    }

    fn into_log(
        self,
        settings: LogSettings,
        sealed: VecDeque<Segment>,
        active: Growing,
        stored_start: i64,
    ) -> Result<Log, LogError> {
        let log_end = active.segment.next_offset;
        let first = sealed.front().unwrap_or(&active.segment).base;
        let log_start = first.max(stored_start.min(log_end));
        let flushed = if self.checks { self.recovery_point.max(log_start) } else { log_end };
        let had_epochs = self.epochs.is_some();
        let mut log = Log {
            dir: self.dir.to_owned(),
            settings,
            sealed,
            active,
            open: OpenSegments::default(),
            log_start,
            flushed,
            epochs: self.epochs.unwrap_or_else(|| Epochs::new(self.dir)),
            producers: Producers::default(),
            dirty: self.dirty,
            recovery_point: Arc::new(RecoveryPoint::new(self.dir)),
            appended_bytes: 0,
            cut: self.cut,
        };
        log.settle_epochs(had_epochs)?;
        Ok(log)
    }
}

impl Log {
    /// Makes the epochs agree with the batches: from the batches alone if the file was no use.
    fn settle_epochs(&mut self, were_stored: bool) -> Result<(), LogError> {
        let mut epochs = self.epochs.clone();
        if !were_stored {
            self.headers_from(self.log_start, |header| {
                epochs.assign(header.leader_epoch, header.base_offset);
            })?;
        }
        epochs.truncate_from_end(self.log_end());
        epochs.truncate_from_start(self.log_start);
        if !were_stored || epochs != self.epochs || self.cut.is_some() {
            epochs.store()?;
        }
        self.epochs = epochs;
        Ok(())
    }
}

/// The producers of a log, from its newest good snapshot and the batches behind it. Snapshots of
/// what is no longer there, and bad ones, are removed.
pub(super) fn producers(log: &Log) -> Result<Producers, LogError> {
    let offsets = snapshot::offsets(&log.dir).map_err(LogError::io(&log.dir))?;
    let (mut producers, mut from) = (Producers::default(), 0);
    for offset in offsets.into_iter().rev() {
        let path = path(&log.dir, offset, "snapshot");
        let bytes = fs::read(&path).map_err(LogError::io(&path))?;
        if let Some(good) = snapshot::decode(&bytes).filter(|_| offset <= log.log_end()) {
            (producers, from) = (good, offset);
            break;
        }
        unlink(&log.dir, offset, "snapshot")?;
    }
    log.headers_from(from.max(log.segment(0).base), |header| producers.update(header, None))?;
    Ok(producers)
}

enum Failure {
    Io(std::io::Error),
    Damage(String),
}

/// The next batch, its CRC compared; the buffer is reused from batch to batch.
fn checked_step(
    headers: &mut Headers<'_>,
    file: &File,
    batch: &mut Vec<u8>,
) -> Result<Option<BatchHeader>, Failure> {
    const CRC_FROM: usize = 21;
    let step = headers.step().map_err(|fault| match fault {
        Fault::Io(error) => Failure::Io(error),
        Fault::NotABatch { position, error } => {
            Failure::Damage(format!("at byte {position}: {error}"))
        }
    })?;
    let Some((position, header)) = step else { return Ok(None) };
    batch.resize(header.size(), 0);
    file.read_exact_at(batch, position).map_err(Failure::Io)?;
    let computed = crc32c::crc32c(&batch[CRC_FROM..]);
    if computed != header.crc {
        let stored = header.crc;
        let reason = format!("at byte {position}: CRC {computed:08x}, not {stored:08x}");
        return Err(Failure::Damage(reason));
    }
    Ok(Some(header))
}

/// The batch, if it may follow those before it and ends before the next segment.
fn within(
    found: &Growing,
    header: Option<BatchHeader>,
    next: Option<i64>,
) -> Result<Option<BatchHeader>, Failure> {
    let Some(header) = header else { return Ok(None) };
    found.fits(&header).map_err(|reason| Failure::Damage(reason.to_owned()))?;
    if next.is_some_and(|next| header.next_offset() > next) {
        return Err(Failure::Damage("the batch reaches into the next segment".to_owned()));
    }
    Ok(Some(header))
}
