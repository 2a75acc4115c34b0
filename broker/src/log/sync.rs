//! Making a log durable, in two halves: under the log's lock only a note of what has to be
//! synced and up to which offset; the waiting happens outside, in [`SyncTicket::run`].
//!
//! `flushed <= up_to <= log_end` at the time of the note. A ticket taken before a truncation
//! must not be marked after it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use strait_io::fs::{self, File};

use super::checkpoint::RecoveryPoint;

/// What must be synced before everything below `up_to` is durable.
#[derive(Debug)]
#[must_use = "nothing is durable before the ticket has run"]
pub struct SyncTicket {
    files: Vec<Arc<File>>,
    folder: Option<PathBuf>,
    up_to: i64,
    point: Option<PointMove>,
    write: u64,
    synced: Arc<AtomicU64>,
}

/// The move of the recovery point that follows a flush.
#[derive(Debug)]
pub(super) struct PointMove {
    pub(super) point: Arc<RecoveryPoint>,
    pub(super) term: u64,
    pub(super) bytes: u64,
}

impl SyncTicket {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folder.is_none()
    }

    /// The offset below which all will be durable.
    pub fn up_to(&self) -> i64 {
        self.up_to
    }

    /// Blocks until it is so. An error is fatal for the log: it must not be tried again.
    pub fn run(self) -> io::Result<i64> {
        for file in &self.files {
            file.sync_data()?;
        }
        if let Some(folder) = &self.folder {
            fs::sync_dir(folder)?;
        }
        self.synced.fetch_max(self.write, Ordering::Release);
        match self.point.map(|m| m.point.store(m.term, self.up_to, m.bytes)) {
            Some(Err(error)) if error.kind() != io::ErrorKind::StorageFull => Err(error),
            _ => Ok(self.up_to),
        }
    }
}

/// What was written since the last flush, besides the active segment's data: closed files and
/// the folder, each with the number of its write. `synced <= last write`.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    files: Vec<(u64, Arc<File>)>,
    folder: Option<u64>,
    write: u64,
    synced: Arc<AtomicU64>,
}

impl Dirty {
    /// A closed file was written.
    pub(super) fn file(&mut self, file: Arc<File>) {
        self.write += 1;
        self.files.push((self.write, file));
    }

    /// Files were created in the log's folder.
    pub(super) fn folder(&mut self) {
        self.write += 1;
        self.folder = Some(self.write);
    }

    /// Whether a closed file waits.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Forgets what a ticket has synced.
    pub(super) fn sweep(&mut self) {
        let synced = self.synced.load(Ordering::Acquire);
        self.files.retain(|(write, _)| *write > synced);
        self.folder = self.folder.filter(|write| *write > synced);
    }

    /// A ticket for all of it, and for the active segment if that has grown.
    pub(super) fn ticket(
        &self,
        dir: &Path,
        active: Option<Arc<File>>,
        up_to: i64,
        point: Option<PointMove>,
    ) -> SyncTicket {
        SyncTicket {
            files: self.files.iter().map(|(_, file)| Arc::clone(file)).chain(active).collect(),
            folder: self.folder.map(|_| dir.to_owned()),
            up_to,
            point,
            write: self.write,
            synced: Arc::clone(&self.synced),
        }
    }
}
