//! The closed segments whose files are open: the most recently read ones, up to a cap.
//!
//! `open <= max`. A reader holds its own reference, so closing here never disturbs a read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::LogError;
use super::segment::OpenSegment;

/// Least recently read first.
#[derive(Debug, Default)]
pub(super) struct OpenSegments {
    recent: Mutex<Vec<(i64, Arc<OpenSegment>)>>,
}

impl OpenSegments {
    /// The segment with that base, opened by `open` if it is not.
    pub(super) fn get(
        &self,
        base: i64,
        max: usize,
        open: impl FnOnce() -> Result<OpenSegment, LogError>,
    ) -> Result<Arc<OpenSegment>, LogError> {
        let mut recent = self.lock();
        let found = recent.iter().position(|(b, _)| *b == base).map(|at| recent.remove(at).1);
        let segment = found.map_or_else(|| open().map(Arc::new), Ok)?;
        recent.push((base, Arc::clone(&segment)));
        let surplus = recent.len().saturating_sub(max);
        recent.drain(..surplus);
        Ok(segment)
    }

    /// Closes what is open of the segments from `from` on and before `until`.
    pub(super) fn forget(&self, from: i64, until: i64) {
        self.lock().retain(|(base, _)| *base < from || *base >= until);
    }

    /// How many are open.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(i64, Arc<OpenSegment>)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
