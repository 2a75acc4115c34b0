//! Why a log could not do what it was asked.

use std::io;
use std::path::{Path, PathBuf};

use strait_wire::batch::RecordError;

/// A failure of one partition's log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file could not be read or written; see [`LogError::is_disk_full`].
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Data could not be made durable. Fatal: the kernel may have dropped the dirty pages, so a
    /// second attempt that succeeds would prove nothing.
    #[error("{}: cannot make its data durable: {source}", path.display())]
    Sync {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Data that was durable is damaged or gone. Never repaired by cutting.
    #[error("{}: damaged at offset {offset}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The first offset that cannot be trusted.
        offset: i64,
        /// What is wrong there.
        reason: String,
    },
    /// An offset the log does not hold.
    #[error("offset {offset} is outside the log, which holds {start} to {end}")]
    OutOfRange {
        /// What was asked for.
        offset: i64,
        /// The log start.
        start: i64,
        /// The log end.
        end: i64,
    },
    /// A batch had to be opened to find a record, and does not open.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl LogError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn sync(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Sync { path: path.to_owned(), source }
    }

    pub(super) fn corrupt(path: &Path, offset: i64, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), offset, reason: reason.to_string() }
    }

    /// Whether the disk is full: the one write error that passes without a restart.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}
