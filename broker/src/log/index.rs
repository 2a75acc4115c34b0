//! The offset index of a segment: where in the file an offset is found, sparsely.
//!
//! On disk as Kafka's `.index`: 8-byte entries, relative offset i32 and position i32, big
//! endian. An entry names the *last* offset of a batch and the position of its first byte.
//! `base <= offset[i] < offset[i+1]` and `position[i] < position[i+1] < size of the log`. An
//! entry is a hint: whoever uses one compares it with the batch it names.

use super::segment::relative;

const ENTRY_BYTES: usize = 8;

/// One entry: where the batch that ends with an offset starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) last_offset: i64,
    pub(super) position: u64,
}

/// The entries of one segment, in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OffsetIndex {
    base: i64,
    entries: Vec<(u32, u32)>,
}

impl OffsetIndex {
    /// An index without entries: every lookup answers with the start of the segment.
    pub(super) fn new(base: i64) -> Self {
        Self { base, entries: Vec::new() }
    }

    /// Reads `.index`; `None` if it cannot be the index of a log of `log_bytes`.
    pub(super) fn from_bytes(base: i64, bytes: &[u8], log_bytes: u64) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let entries: Vec<_> = chunks.iter().map(decode).collect();
        let rising = entries.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1);
        let inside = entries.last().is_none_or(|last| {
            u64::from(last.1) < log_bytes && last.0 <= i32::MAX as u32 && last.1 <= i32::MAX as u32
        });
        (rest.is_empty() && rising && inside).then_some(Self { base, entries })
    }

    /// The content of `.index`.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let encode = |&(offset, position): &(u32, u32)| {
            (u64::from(offset) << 32 | u64::from(position)).to_be_bytes()
        };
        self.entries.iter().flat_map(encode).collect()
    }

    /// Adds the batch that ends with `last_offset` and starts at `position`.
    pub(super) fn push(&mut self, last_offset: i64, position: u64) {
        let entry = (
            relative(self.base, last_offset),
            u32::try_from(position).expect("a segment is at most 2 GiB"),
        );
        assert!(
            self.entries.last().is_none_or(|last| last.0 < entry.0 && last.1 < entry.1),
            "index entries rise strictly"
        );
        self.entries.push(entry);
    }

    /// The last entry at or before `offset`.
    pub(super) fn floor(&self, offset: i64) -> Option<Entry> {
        let relative = offset - self.base;
        self.entry(self.entries.partition_point(|e| i64::from(e.0) <= relative))
    }

    /// The last entry at or before `position`.
    pub(super) fn floor_position(&self, position: u64) -> Option<Entry> {
        self.entry(self.entries.partition_point(|e| u64::from(e.1) <= position))
    }

    /// The last entry.
    pub(super) fn last(&self) -> Option<Entry> {
        self.entry(self.entries.len())
    }

    fn entry(&self, behind: usize) -> Option<Entry> {
        let (offset, position) = self.entries[behind.checked_sub(1)?];
        let last_offset = self.base + i64::from(offset);
        Some(Entry { last_offset, position: u64::from(position) })
    }
}

fn decode(chunk: &[u8; ENTRY_BYTES]) -> (u32, u32) {
    let both = u64::from_be_bytes(*chunk);
    ((both >> 32) as u32, both as u32)
}
