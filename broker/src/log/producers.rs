//! What a log remembers of each producer that writes to it, and the check a leader makes before
//! an idempotent append. Pure; the snapshot file belongs to `snapshot`.
//!
//! A producer's epoch never falls while its entry lives. Its batches are all of that epoch, in
//! order of offset, at most five: as many as a producer may have on their way. Sequences wrap
//! from 2^31 - 1 to 0. [`check`] is for client appends; [`Producers::update`] takes whatever was
//! written, since a mirror's sequences are source offsets and jump over holes.

use std::collections::HashMap;

use strait_wire::BatchHeader;

/// Batches remembered for each producer.
pub const BATCHES_MAX: usize = 5;

/// One remembered batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProducerBatch {
    /// Sequence of its first record.
    pub first_sequence: i32,
    /// Sequence of its last record.
    pub last_sequence: i32,
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Its largest timestamp.
    pub timestamp: i64,
}

/// What is remembered of one producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its newest epoch.
    pub epoch: i16,
    /// The timestamp of its last batch or marker.
    pub last_timestamp: i64,
    /// Where its open transaction began; `None` if none is open.
    pub transaction_start: Option<i64>,
    batches: [ProducerBatch; BATCHES_MAX],
    batch_count: u8,
    /// When it last wrote; `None` after a restart, until the next expiry pass.
    seen_ms: Option<i64>,
}

/// What a leader does with an idempotent batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Write it.
    Append,
    /// It is there already: success, with the offset it got then.
    Duplicate {
        /// That offset.
        base_offset: i64,
    },
    /// Records are missing before it, or it is an old duplicate: OUT_OF_ORDER_SEQUENCE_NUMBER.
    OutOfOrder {
        /// The sequence that would have been in order.
        expected: i32,
    },
    /// A newer instance of the producer has taken over: INVALID_PRODUCER_EPOCH.
    StaleEpoch {
        /// Its epoch.
        current: i16,
    },
}

/// Judges a client's batch that carries a producer id. An unknown producer may start anywhere:
/// its records may have been deleted here.
pub fn check(entry: Option<&ProducerEntry>, header: &BatchHeader) -> Verdict {
    let Some(entry) = entry else { return Verdict::Append };
    if header.producer_epoch < entry.epoch {
        return Verdict::StaleEpoch { current: entry.epoch };
    }
    let same_epoch = header.producer_epoch == entry.epoch;
    if let Some(batch) = entry.find(header).filter(|_| same_epoch) {
        return Verdict::Duplicate { base_offset: batch.base_offset };
    }
    let expected = if same_epoch { entry.next_sequence() } else { 0 };
    if header.base_sequence == expected {
        Verdict::Append
    } else {
        Verdict::OutOfOrder { expected }
    }
}

impl ProducerEntry {
    pub(super) fn new(epoch: i16) -> Self {
        Self {
            epoch,
            last_timestamp: -1,
            transaction_start: None,
            batches: [ProducerBatch::default(); BATCHES_MAX],
            batch_count: 0,
            seen_ms: None,
        }
    }

    /// The last batches of the current epoch, the oldest first.
    pub fn batches(&self) -> &[ProducerBatch] {
        &self.batches[..usize::from(self.batch_count)]
    }

    /// The sequence its next record must have.
    pub fn next_sequence(&self) -> i32 {
        self.batches().last().map_or(0, |last| last.last_sequence.wrapping_add(1) & i32::MAX)
    }

    /// Starts an epoch: nothing of an older one is a duplicate any more.
    pub(super) fn enter(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.batch_count = 0;
        }
    }

    /// Remembers a batch, and forgets the oldest if there are more than [`BATCHES_MAX`].
    pub(super) fn remember(&mut self, batch: ProducerBatch) {
        if self.batches().len() == BATCHES_MAX {
            self.batches.rotate_left(1);
            self.batch_count -= 1;
        }
        self.batches[usize::from(self.batch_count)] = batch;
        self.batch_count += 1;
        self.last_timestamp = batch.timestamp;
    }

    fn find(&self, header: &BatchHeader) -> Option<&ProducerBatch> {
        let (first, last) = (header.base_sequence, header.last_sequence());
        self.batches().iter().find(|b| b.first_sequence == first && b.last_sequence == last)
    }

    fn update(&mut self, header: &BatchHeader, now_ms: Option<i64>) {
        self.enter(header.producer_epoch);
        self.seen_ms = now_ms;
        if header.is_control() {
            self.transaction_start = None;
            self.last_timestamp = header.max_timestamp;
            return;
        }
        if header.is_transactional() {
            self.transaction_start.get_or_insert(header.base_offset);
        }
        self.remember(ProducerBatch {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            timestamp: header.max_timestamp,
        });
    }
}

/// The producers of one log.
#[derive(Debug, Clone, Default)]
pub(super) struct Producers {
    entries: HashMap<i64, ProducerEntry>,
}

impl Producers {
    /// What is remembered of a producer.
    pub(super) fn get(&self, id: i64) -> Option<&ProducerEntry> {
        self.entries.get(&id)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// The entry of a producer, to be filled from a snapshot.
    pub(super) fn restore(&mut self, id: i64, epoch: i16) -> &mut ProducerEntry {
        self.entries.entry(id).or_insert_with(|| ProducerEntry::new(epoch))
    }

    /// Takes in a batch that was written; `now_ms` is `None` when it is read again.
    pub(super) fn update(&mut self, header: &BatchHeader, now_ms: Option<i64>) {
        if header.has_producer() {
            self.restore(header.producer_id, header.producer_epoch).update(header, now_ms);
        }
    }

    /// Forgets who has been idle for `idle_ms`, unless a transaction is open. Who was read from
    /// disk counts as seen at the first pass after it: record timestamps, which a mirror copies
    /// from long ago, say nothing about that.
    pub(super) fn expire(&mut self, now_ms: i64, idle_ms: i64) {
        self.entries.retain(|_, entry| {
            let seen = *entry.seen_ms.get_or_insert(now_ms);
            entry.transaction_start.is_some() || now_ms.saturating_sub(seen) < idle_ms
        });
    }
}
