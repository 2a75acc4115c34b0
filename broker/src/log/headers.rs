//! A walk over the batch headers of a segment, without their blocks.
//!
//! Small batches are read many at a time, of a large one only the front. Each step yields a
//! batch that lies wholly inside `position .. end`; anything else ends the walk with a fault.

use std::io;
use std::path::Path;

use strait_io::fs::File;
use strait_wire::BatchHeader;
use strait_wire::batch::{BatchError, HEADER_BYTES};

use super::error::LogError;

const WINDOW_BYTES: usize = 4096;

/// The headers from a position on.
pub(super) struct Headers<'a> {
    file: &'a File,
    position: u64,
    end: u64,
    window: [u8; WINDOW_BYTES],
    window_at: u64,
    window_filled: usize,
}

/// Why a walk stopped before its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// There is no whole batch at this position.
    NotABatch { position: u64, error: BatchError },
}

impl Fault {
    /// The fault as damage of data that must be whole.
    pub(super) fn into_error(self, path: &Path, offset: i64) -> LogError {
        match self {
            Self::Io(source) => LogError::io(path)(source),
            Self::NotABatch { position, error } => {
                LogError::corrupt(path, offset, format!("at byte {position}: {error}"))
            }
        }
    }
}

impl<'a> Headers<'a> {
    /// Walks the batches between two positions, of which the first is the start of a batch.
    pub(super) fn new(file: &'a File, position: u64, end: u64) -> Self {
        let window = [0; WINDOW_BYTES];
        Self { file, position, end, window, window_at: 0, window_filled: 0 }
    }

    /// The next batch: where it starts, and its header. `None` at the end.
    pub(super) fn step(&mut self) -> Result<Option<(u64, BatchHeader)>, Fault> {
        let (position, left) = (self.position, self.end - self.position);
        if left == 0 {
            return Ok(None);
        }
        let not_a_batch = |error| Fault::NotABatch { position, error };
        let head = self.head(left).map_err(Fault::Io)?;
        let header = BatchHeader::parse(head).map_err(not_a_batch)?;
        if header.size() as u64 > left {
            let (needed, left) = (header.size(), left as usize);
            return Err(not_a_batch(BatchError::Truncated { needed, left }));
        }
        self.position += header.size() as u64;
        Ok(Some((position, header)))
    }

    fn head(&mut self, left: u64) -> io::Result<&[u8]> {
        let wanted = left.min(HEADER_BYTES as u64) as usize;
        let inside = self.position.wrapping_sub(self.window_at);
        if inside.saturating_add(wanted as u64) > self.window_filled as u64 {
            let filled = left.min(WINDOW_BYTES as u64) as usize;
            self.file.read_exact_at(&mut self.window[..filled], self.position)?;
            (self.window_at, self.window_filled) = (self.position, filled);
        }
        let from = (self.position - self.window_at) as usize;
        Ok(&self.window[from..from + wanted])
    }
}
