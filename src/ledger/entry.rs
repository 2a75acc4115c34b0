//! A ledger entry as a record of `__strait_ledger`: its key names the lane and the run, its
//! value holds the run and who wrote it. JSON, so that an operator can read it with any consumer.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Run;
use crate::model::{Mode, SourceOffset, TargetOffset};

/// Bumped when an entry changes its meaning; a newer one is refused, never guessed at.
const ENTRY_VERSION: u32 = 1;

/// Which lane: identity is cluster and topic id, so a renamed region or topic keeps its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LaneKey {
    /// The pipeline's name.
    pub pipeline: String,
    /// The source cluster's id.
    pub source_cluster: String,
    /// The source topic's id.
    pub topic_id: String,
    /// The source topic's name when the lane began.
    pub topic: String,
    /// The partition, the same number on both sides.
    pub partition: i32,
    /// The target topic.
    pub target_topic: String,
}

/// Everything the ledger says about a lane's present: who owns it, and its latest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRecord {
    /// How it is delivered, for life.
    pub mode: Mode,
    /// The producer id the lane's batches carry; -1 where they keep their own (preserve).
    pub producer_id: i64,
    /// Who wrote this entry; rises with every take-over of the lane.
    pub generation: i16,
    /// Number of the run.
    pub number: u64,
    /// The run; none while the lane is only registered.
    pub run: Option<Run>,
    /// The leader epoch at the source of the last batch copied or passed over; -1 if none was.
    pub leader_epoch: i32,
    /// The lane's checkpoint: everything below it is copied or accounted for in `skipped`.
    pub position: SourceOffset,
    /// What was passed over so far, and why.
    pub skipped: Skipped,
    /// The target's end when the lane was first claimed: nothing of it lies below.
    pub target_floor: TargetOffset,
}

/// What a lane did not copy, by reason; totals since the lane began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Skipped {
    /// Transaction markers: they mean nothing at another cluster.
    pub markers: u64,
    /// Batches of aborted transactions.
    pub aborted: u64,
}

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A record that is no entry.
    #[error(
        "the ledger record at offset {offset} is not an entry: {reason}. Do not write to \
         __strait_ledger by hand; restore the topic, or give the pipeline a new name"
    )]
    NotAnEntry {
        /// Its offset.
        offset: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a later release.
    #[error(
        "the ledger record at offset {offset} has version {version}; this release reads up to \
         {ENTRY_VERSION}: upgrade this worker"
    )]
    Newer {
        /// Its offset.
        offset: i64,
        /// Its version.
        version: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Key {
    #[serde(flatten)]
    lane: LaneKey,
    run: u64,
}

#[derive(Serialize, Deserialize)]
struct Value {
    version: u32,
    mode: Mode,
    producer_id: i64,
    generation: i16,
    leader_epoch: i32,
    position: SourceOffset,
    #[serde(default)]
    skipped: Skipped,
    target_floor: TargetOffset,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
}

impl LaneRecord {
    /// Rises from one entry of a lane to the next, whatever order they reach the ledger in: an
    /// owner that was replaced may have had one on its way.
    pub fn age(&self) -> (i16, u64, SourceOffset) {
        (self.generation, self.number, self.position)
    }

    /// Key and value of the entry.
    pub fn encode(&self, lane: &LaneKey) -> (Bytes, Bytes) {
        let key = Key { lane: lane.clone(), run: self.number };
        let value = Value {
            version: ENTRY_VERSION,
            mode: self.mode,
            producer_id: self.producer_id,
            generation: self.generation,
            leader_epoch: self.leader_epoch,
            position: self.position,
            skipped: self.skipped,
            target_floor: self.target_floor,
            run: self.run.clone(),
        };
        (json(&key), json(&value))
    }

    /// Reads an entry back.
    pub fn decode(offset: i64, key: &[u8], value: &[u8]) -> Result<(LaneKey, Self), LedgerError> {
        let broken =
            |e: serde_json::Error| LedgerError::NotAnEntry { offset, reason: e.to_string() };
        let key: Key = serde_json::from_slice(key).map_err(broken)?;
        let value: Value = serde_json::from_slice(value).map_err(broken)?;
        if value.version > ENTRY_VERSION {
            return Err(LedgerError::Newer { offset, version: value.version });
        }
        let record = Self {
            mode: value.mode,
            producer_id: value.producer_id,
            generation: value.generation,
            number: key.run,
            run: value.run,
            leader_epoch: value.leader_epoch,
            position: value.position,
            skipped: value.skipped,
            target_floor: value.target_floor,
        };
        Ok((key.lane, record))
    }
}

fn json(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("an entry is plain data"))
}
