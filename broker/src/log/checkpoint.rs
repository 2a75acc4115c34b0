//! Offsets that must outlive the process, one small text file each.
//!
//! Kafka keeps these for all partitions in files at the root of the data folder; here each log
//! has its own beside its segments, so that one log can be opened, copied or repaired alone:
//! `recovery-point` (everything below it is durable: `log_start <= recovery_point <= flushed`,
//! or lower after a crash) and `log-start-offset` (written when records are deleted inside a
//! segment). Content: a version line `0` and the offset. Kafka's tools pass over both files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use strait_io::fs;

use super::error::LogError;

const RECOVERY_POINT: &str = "recovery-point";
const LOG_START: &str = "log-start-offset";

/// The stored log start, if one was ever stored.
pub(super) fn load_log_start(dir: &Path) -> Result<Option<i64>, LogError> {
    load(&dir.join(LOG_START))
}

/// Stores the log start.
pub(super) fn store_log_start(dir: &Path, offset: i64) -> Result<(), LogError> {
    let path = dir.join(LOG_START);
    fs::write_atomic(&path, &content(offset)).map_err(LogError::io(&path))
}

/// The stored recovery point, if one was ever stored.
pub(super) fn load_recovery_point(dir: &Path) -> Result<Option<i64>, LogError> {
    load(&dir.join(RECOVERY_POINT))
}

fn load(path: &Path) -> Result<Option<i64>, LogError> {
    if !fs::exists(path) {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(LogError::io(path))?;
    let offset = text.strip_prefix("0\n").and_then(|rest| rest.trim_end().parse().ok());
    let offset = offset.filter(|offset| *offset >= 0);
    offset.map(Some).ok_or_else(|| LogError::corrupt(path, -1, "not an offset checkpoint"))
}

fn content(offset: i64) -> Vec<u8> {
    format!("0\n{offset}\n").into_bytes()
}

/// The recovery point on disk, shared with flushes that run outside the log's lock.
///
/// A truncation starts a new term: a flush of an older term no longer moves the point, as what
/// it made durable may be gone.
#[derive(Debug)]
pub(super) struct RecoveryPoint {
    path: PathBuf,
    writing: Mutex<()>,
    term: AtomicU64,
    stored_at_bytes: AtomicU64,
}

impl RecoveryPoint {
    /// The point of the log in `dir`.
    pub(super) fn new(dir: &Path) -> Self {
        let path = dir.join(RECOVERY_POINT);
        Self {
            path,
            writing: Mutex::new(()),
            term: AtomicU64::new(0),
            stored_at_bytes: AtomicU64::new(0),
        }
    }

    /// The term a flush starts in.
    pub(super) fn term(&self) -> u64 {
        self.term.load(Ordering::Acquire)
    }

    /// Bytes appended to the log when the point was last stored.
    pub(super) fn stored_at_bytes(&self) -> u64 {
        self.stored_at_bytes.load(Ordering::Relaxed)
    }

    /// Moves the point, unless the term is over.
    pub(super) fn store(&self, term: u64, offset: i64, bytes: u64) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.term() == term {
            fs::write_atomic(&self.path, &content(offset))?;
            self.stored_at_bytes.store(bytes, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Starts a new term at a lower point.
    pub(super) fn lower(&self, offset: i64) -> Result<(), LogError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.term.fetch_add(1, Ordering::Release);
        fs::write_atomic(&self.path, &content(offset)).map_err(LogError::io(&self.path))
    }
}
