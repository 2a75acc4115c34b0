//! Which segments a log may forget. Pure.
//!
//! Always a run of the oldest: `log_start` only rises. Never the active segment, never one that
//! reaches above `below`, the offset up to which every reader in charge has had it.

use super::settings::LogSettings;

/// Why a segment was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// All its records were older than `retention.ms`.
    Age,
    /// The log was larger than `retention.bytes` even without it.
    Size,
    /// All its records had been deleted.
    BelowLogStart,
}

/// A segment that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Its first offset.
    pub base_offset: i64,
    /// The base of the segment after it.
    pub next_base: i64,
    /// Its size.
    pub bytes: u64,
    /// Why.
    pub reason: Reason,
}

/// A sealed segment, as far as retention looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) base_offset: i64,
    pub(super) next_base: i64,
    pub(super) bytes: u64,
    /// Its largest timestamp. Without one it never ages.
    pub(super) newest_ms: Option<i64>,
}

/// What the decision depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) settings: &'a LogSettings,
    pub(super) now_ms: i64,
    pub(super) below: i64,
    pub(super) log_start: i64,
    /// Bytes of the whole log, the active segment included.
    pub(super) log_bytes: u64,
}

impl Moment<'_> {
    /// The oldest of the sealed segments that must go, each with the first reason that applies.
    pub(super) fn expired(&self, sealed: impl Iterator<Item = Candidate>) -> Vec<Removed> {
        let mut left = self.log_bytes;
        let verdict = |candidate: Candidate| {
            let reason = self.reason(&candidate, left)?;
            left -= candidate.bytes;
            let Candidate { base_offset, next_base, bytes, .. } = candidate;
            Some(Removed { base_offset, next_base, bytes, reason })
        };
        sealed.map_while(verdict).collect()
    }

    /// Whether records with this largest timestamp are all too old.
    pub(super) fn is_aged(&self, newest_ms: Option<i64>) -> bool {
        let (Some(newest), Some(keep)) = (newest_ms, self.settings.retention_ms) else {
            return false;
        };
        self.now_ms.saturating_sub(newest) > keep
    }

    fn reason(&self, candidate: &Candidate, log_bytes: u64) -> Option<Reason> {
        let without = log_bytes - candidate.bytes;
        if candidate.next_base > self.below {
            None
        } else if candidate.next_base <= self.log_start {
            Some(Reason::BelowLogStart)
        } else if self.is_aged(candidate.newest_ms) {
            Some(Reason::Age)
        } else if self.settings.retention_bytes.is_some_and(|keep| without >= keep) {
            Some(Reason::Size)
        } else {
            None
        }
    }
}
