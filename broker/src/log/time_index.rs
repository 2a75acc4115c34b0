//! The time index of a segment: which batch first reached a timestamp, sparsely.
//!
//! On disk as Kafka's `.timeindex`: 12-byte entries, timestamp i64 and relative offset i32, big
//! endian. An entry says: the batch that ends with this offset holds this timestamp, and no
//! batch before it a larger one. `timestamp[i] < timestamp[i+1]`, `offset[i] < offset[i+1]`.
//! The last entry of a closed segment is its largest timestamp.

use super::segment::relative;

const ENTRY_BYTES: usize = 12;

/// A timestamp and the last offset of the batch that holds it. Ordered by timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) timestamp: i64,
    pub(super) offset: i64,
}

/// The entries of one segment, in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TimeIndex {
    base: i64,
    entries: Vec<(i64, u32)>,
}

impl TimeIndex {
    /// An index without entries.
    pub(super) fn new(base: i64) -> Self {
        Self { base, entries: Vec::new() }
    }

    /// Reads `.timeindex`; `None` if it cannot be one.
    pub(super) fn from_bytes(base: i64, bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let entries: Vec<_> = chunks.iter().map(decode).collect();
        let rising = entries.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1);
        let inside = entries.last().is_none_or(|last| last.1 <= i32::MAX as u32);
        (rest.is_empty() && rising && inside).then_some(Self { base, entries })
    }

    /// The content of `.timeindex`.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entries.len() * ENTRY_BYTES);
        for (timestamp, offset) in &self.entries {
            bytes.extend_from_slice(&timestamp.to_be_bytes());
            bytes.extend_from_slice(&offset.to_be_bytes());
        }
        bytes
    }

    /// Adds the largest timestamp so far, unless it is there already.
    pub(super) fn push(&mut self, newest: Option<Stamp>) {
        let Some(newest) = newest else { return };
        let entry = (newest.timestamp, relative(self.base, newest.offset));
        if self.entries.last().is_none_or(|last| last.0 < entry.0 && last.1 < entry.1) {
            self.entries.push(entry);
        }
    }

    /// An offset before which every batch is older than `timestamp`.
    pub(super) fn floor(&self, timestamp: i64) -> i64 {
        let behind = self.entries.partition_point(|entry| entry.0 < timestamp);
        behind.checked_sub(1).map_or(self.base, |i| self.base + i64::from(self.entries[i].1))
    }

    /// The largest timestamp.
    pub(super) fn last(&self) -> Option<Stamp> {
        let (timestamp, offset) = *self.entries.last()?;
        Some(Stamp { timestamp, offset: self.base + i64::from(offset) })
    }
}

fn decode(chunk: &[u8; ENTRY_BYTES]) -> (i64, u32) {
    let (timestamp, offset) = chunk.split_at(8);
    (
        i64::from_be_bytes(timestamp.try_into().expect("eight bytes")),
        u32::from_be_bytes(offset.try_into().expect("four bytes")),
    )
}
