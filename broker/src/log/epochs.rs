//! Which leader epoch began at which offset: how replicas find where their logs part (KIP-101).
//!
//! Stored as Kafka's `leader-epoch-checkpoint`: a version line `0`, the number of entries, then
//! `epoch start_offset` a line. Epochs and start offsets both rise strictly, and
//! `log_start <= start[0]`.

use std::path::{Path, PathBuf};

use strait_io::fs;

use super::error::LogError;

/// "No epoch" and "no offset" in an answer.
pub const UNKNOWN: (i32, i64) = (-1, -1);

const FILE: &str = "leader-epoch-checkpoint";

/// The epochs of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Epochs {
    path: PathBuf,
    entries: Vec<(i32, i64)>,
}

impl Epochs {
    /// No epochs yet.
    pub(super) fn new(dir: &Path) -> Self {
        Self { path: dir.join(FILE), entries: Vec::new() }
    }

    /// The stored epochs; `None` if the file is missing or not one of these.
    pub(super) fn load(dir: &Path) -> Option<Self> {
        let path = dir.join(FILE);
        let text = fs::read_to_string(&path).ok()?;
        let mut lines = text.lines();
        let version_fits = lines.next()? == "0";
        let count: usize = lines.next()?.parse().ok()?;
        let entries: Vec<_> = lines.map(entry).collect::<Option<_>>()?;
        let rising = entries.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1);
        (version_fits && rising && entries.len() == count).then_some(Self { path, entries })
    }

    /// Writes the file.
    pub(super) fn store(&self) -> Result<(), LogError> {
        let mut text = format!("0\n{}\n", self.entries.len());
        for (epoch, start) in &self.entries {
            text.push_str(&format!("{epoch} {start}\n"));
        }
        fs::write_atomic(&self.path, text.as_bytes()).map_err(LogError::io(&self.path))
    }

    /// Notes that records from `start` on are of `epoch`; whether that was news. An epoch that
    /// falls contradicts the entries it falls behind, which go (as in Kafka).
    pub(super) fn assign(&mut self, epoch: i32, start: i64) -> bool {
        if epoch < 0 || self.latest() == Some(epoch) {
            return false;
        }
        while self.entries.last().is_some_and(|last| last.0 >= epoch || last.1 >= start) {
            self.entries.pop();
        }
        self.entries.push((epoch, start));
        true
    }

    /// The newest epoch.
    pub(super) fn latest(&self) -> Option<i32> {
        self.entries.last().map(|last| last.0)
    }

    /// The epoch of the record at `offset`; -1 if unknown.
    pub(super) fn at(&self, offset: i64) -> i32 {
        let behind = self.entries.partition_point(|entry| entry.1 <= offset);
        behind.checked_sub(1).map_or(-1, |i| self.entries[i].0)
    }

    /// The largest epoch not above `epoch`, and the offset where the one after it begins;
    /// [`UNKNOWN`] for an epoch newer than all.
    pub(super) fn end_of(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        if epoch < 0 || self.latest().is_none_or(|latest| epoch > latest) {
            return UNKNOWN;
        }
        let behind = self.entries.partition_point(|entry| entry.0 <= epoch);
        let end = self.entries.get(behind).map_or(log_end, |next| next.1);
        let floor = behind.checked_sub(1).map_or(epoch, |i| self.entries[i].0);
        (floor, end)
    }

    /// Forgets what began at `end` or later; whether there was any.
    pub(super) fn truncate_from_end(&mut self, end: i64) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.1 < end);
        self.entries.len() != before
    }

    /// Forgets what ended at `start` or before; the epoch at `start` begins there. Whether
    /// anything changed.
    pub(super) fn truncate_from_start(&mut self, start: i64) -> bool {
        let behind = self.entries.partition_point(|entry| entry.1 <= start);
        let Some(floor) = behind.checked_sub(1) else { return false };
        let changed = floor > 0 || self.entries[floor].1 != start;
        self.entries.drain(..floor);
        self.entries[0].1 = start;
        changed
    }
}

fn entry(line: &str) -> Option<(i32, i64)> {
    let (epoch, start) = line.split_once(' ')?;
    Some((epoch.parse().ok()?, start.parse().ok()?))
}
