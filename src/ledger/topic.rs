//! The ledger's home: the compacted topic `__strait_ledger` at the target, so that data and proof
//! share a failure domain.
//!
//! One partition, read whole at start, written by one task: entries of many lanes gather for a
//! moment and travel as one batch, one batch at a time, so that a lane's later entry can never
//! be overtaken by an earlier one.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_client::admin::{NewTopic, OffsetSpec};
use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::produce::{ProduceBatch, produce};
use strait_client::{ClientError, Cluster};
use strait_io::time::{self, Duration};
use strait_wire::batch::{BatchBuilder, batches};
use strait_wire::{Compression, ErrorCode, Records};
use tokio::sync::{mpsc, oneshot};

use super::{LaneKey, LaneRecord, LedgerError};
use crate::topics::ends::list_offset;
use crate::topics::provision::create_topic;

/// The topic's name.
pub const LEDGER_TOPIC: &str = "__strait_ledger";
const PARTITION: i32 = 0;
/// Entries gather for this long, so that many lanes share a write.
const GATHER: Duration = Duration::from_millis(5);
/// Entries in one batch.
const ENTRIES_PER_BATCH_MAX: usize = 1000;
/// Writes waiting; a lane has one at a time.
const WRITES_WAITING_MAX: usize = 1024;
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const READ_BYTES: i32 = 4 * 1024 * 1024;
/// An entry's block is small; a batch of them opens to far less than this.
const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why the ledger topic cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerTopicError {
    /// The target cluster does not answer, or refuses.
    #[error("the ledger {LEDGER_TOPIC}: {0}")]
    Cluster(#[from] Arc<ClientError>),
    /// The target refused an entry.
    #[error("the ledger {LEDGER_TOPIC} at the target refused an entry: {0}")]
    Refused(ErrorCode),
    /// What is there is no ledger.
    #[error("{0}")]
    Unreadable(Arc<LedgerError>),
    /// Bytes that are no batch.
    #[error("the ledger {LEDGER_TOPIC} is corrupt: {0}")]
    Corrupt(String),
    /// The task that writes it is gone.
    #[error("the ledger's writer has ended")]
    Ended,
}

impl LedgerTopicError {
    /// Whether it can pass by itself.
    pub fn passes(&self) -> bool {
        match self {
            Self::Cluster(error) => error.is_retriable(),
            Self::Refused(code) => code.is_retriable(),
            Self::Unreadable(_) | Self::Corrupt(_) => false,
            Self::Ended => true,
        }
    }
}

impl From<ClientError> for LedgerTopicError {
    fn from(error: ClientError) -> Self {
        Self::Cluster(Arc::new(error))
    }
}

type Entry = (Bytes, Bytes);

/// Entries on their way, and who waits for them.
struct Write {
    entries: Vec<Entry>,
    done: oneshot::Sender<Result<(), LedgerTopicError>>,
}

/// A handle to the ledger of one target; clones share its writer.
#[derive(Debug, Clone)]
pub struct LedgerTopic {
    writes: mpsc::Sender<Write>,
}

impl LedgerTopic {
    /// Creates the topic if it is not there, reads it to its end, and starts the writer.
    pub async fn open(
        cluster: Cluster,
        replication_factor: Option<i16>,
    ) -> Result<(Self, HashMap<LaneKey, LaneRecord>), LedgerTopicError> {
        create(&cluster, replication_factor).await?;
        let records = read_all(&cluster).await?;
        let (writes, waiting) = mpsc::channel(WRITES_WAITING_MAX);
        tokio::spawn(write_all(cluster, waiting));
        Ok((Self { writes }, records))
    }

    /// Writes entries; resolves when they are durable at the target.
    pub async fn write(&self, entries: Vec<Entry>) -> Result<(), LedgerTopicError> {
        let (done, written) = oneshot::channel();
        let sent = self.writes.send(Write { entries, done }).await;
        sent.map_err(|_| LedgerTopicError::Ended)?;
        written.await.unwrap_or(Err(LedgerTopicError::Ended))
    }
}

#[cfg(test)]
impl LedgerTopic {
    /// A ledger whose writes nobody takes.
    pub fn nowhere() -> Self {
        Self { writes: mpsc::channel(1).0 }
    }
}

async fn create(cluster: &Cluster, replication: Option<i16>) -> Result<(), LedgerTopicError> {
    let topic = NewTopic {
        name: LEDGER_TOPIC.to_owned(),
        partitions: Some(1),
        replication_factor: replication,
        configs: vec![("cleanup.policy".to_owned(), "compact".to_owned())],
        ..Default::default()
    };
    match create_topic(cluster, topic).await {
        Err(error) if error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => Ok(()),
        other => Ok(other?),
    }
}

async fn read_all(cluster: &Cluster) -> Result<HashMap<LaneKey, LaneRecord>, LedgerTopicError> {
    let offset = |which| list_offset(cluster, LEDGER_TOPIC, PARTITION, which);
    let mut at = offset(OffsetSpec::Earliest).await?;
    let end = offset(OffsetSpec::Latest).await?;
    let mut lanes = HashMap::new();
    while at < end {
        let leader = cluster.leader(LEDGER_TOPIC, PARTITION).await?;
        let connection = cluster.shared(leader).await?;
        let limits = FetchLimits { max_bytes: READ_BYTES, ..Default::default() };
        let answer = fetch(&connection, &[ask(at)], limits).await?;
        let Some(part) = answer.into_iter().next() else { break };
        part.error.ok().map_err(LedgerTopicError::Refused)?;
        at = take(part.records, at, &mut lanes)?;
    }
    Ok(lanes)
}

/// Takes a fetch's entries into `lanes`; the offset after them.
fn take(
    records: Bytes,
    mut at: i64,
    lanes: &mut HashMap<LaneKey, LaneRecord>,
) -> Result<i64, LedgerTopicError> {
    let corrupt = |e: &dyn std::fmt::Display| LedgerTopicError::Corrupt(e.to_string());
    for batch in batches(records) {
        let batch = batch.map_err(|e| corrupt(&e))?;
        batch.verify().map_err(|e| corrupt(&e))?;
        at = batch.header.next_offset();
        if batch.header.is_control() {
            continue;
        }
        for record in batch.records(BLOCK_BYTES_MAX).map_err(|e| corrupt(&e))? {
            let record = record.map_err(|e| corrupt(&e))?;
            let (Some(key), Some(value)) = (record.key, record.value) else { continue };
            let entry = LaneRecord::decode(record.offset, &key, &value);
            let (lane, record) = entry.map_err(|e| LedgerTopicError::Unreadable(Arc::new(e)))?;
            if lanes.get(&lane).is_none_or(|known| known.age() <= record.age()) {
                lanes.insert(lane, record);
            }
        }
    }
    Ok(at)
}

fn ask(offset: i64) -> FetchAsk {
    FetchAsk {
        topic: LEDGER_TOPIC.to_owned(),
        topic_id: Default::default(),
        partition: PARTITION,
        offset,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        max_bytes: READ_BYTES,
    }
}

async fn write_all(cluster: Cluster, mut waiting: mpsc::Receiver<Write>) {
    while let Some(first) = waiting.recv().await {
        time::sleep(GATHER).await;
        let (mut entries, mut done) = (first.entries, vec![first.done]);
        while entries.len() < ENTRIES_PER_BATCH_MAX
            && let Ok(more) = waiting.try_recv()
        {
            entries.extend(more.entries);
            done.push(more.done);
        }
        let result = write_each(&cluster, &entries).await;
        if result.is_err() {
            // The next write looks for the leader anew; this one's failure is in `result`.
            let _ = cluster.refresh(&[LEDGER_TOPIC]).await;
        }
        for lane in done {
            // A lane that has gone away needs no answer.
            let _ = lane.send(result.clone());
        }
    }
}

/// Batch by batch: a lane that weaves with others may have closed thousands of runs at once.
async fn write_each(cluster: &Cluster, entries: &[Entry]) -> Result<(), LedgerTopicError> {
    for part in entries.chunks(ENTRIES_PER_BATCH_MAX) {
        write_batch(cluster, part).await?;
    }
    Ok(())
}

async fn write_batch(cluster: &Cluster, entries: &[Entry]) -> Result<(), LedgerTopicError> {
    let now = time::wall_ms();
    let mut builder = BatchBuilder::default();
    entries.iter().for_each(|(key, value)| builder.add(now, Some(key), Some(value)));
    let batch = builder.finish(Compression::Lz4, None);
    let batch = batch.map_err(|e| LedgerTopicError::Corrupt(e.to_string()))?;
    let leader = cluster.leader(LEDGER_TOPIC, PARTITION).await?;
    let connection = cluster.shared(leader).await?;
    let produced = ProduceBatch {
        topic: LEDGER_TOPIC.to_owned(),
        topic_id: Default::default(),
        partition: PARTITION,
        records: Records::Bytes(batch),
    };
    let answer = produce(&connection, vec![produced], WRITE_TIMEOUT).await?;
    let code = answer.first().map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |part| part.error);
    code.ok().map_err(LedgerTopicError::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Skipped;
    use crate::model::{Mode, SourceOffset, TargetOffset};

    fn record(generation: i16, position: i64) -> LaneRecord {
        LaneRecord {
            mode: Mode::Merge,
            producer_id: 7,
            generation,
            number: 0,
            run: None,
            leader_epoch: -1,
            position: SourceOffset(position),
            skipped: Skipped::default(),
            target_floor: TargetOffset(0),
        }
    }

    #[test]
    fn an_entry_that_arrives_behind_its_successor_does_not_undo_it() {
        let key = LaneKey {
            pipeline: "us-to-ad".to_owned(),
            source_cluster: "us".to_owned(),
            topic_id: "id".to_owned(),
            topic: "posts".to_owned(),
            partition: 0,
            target_topic: "posts".to_owned(),
        };
        let mut builder = BatchBuilder::default();
        for entry in [record(1, 50), record(2, 50), record(1, 60), record(2, 70), record(2, 65)] {
            let (key, value) = entry.encode(&key);
            builder.add(0, Some(&key), Some(&value));
        }
        let batch = builder.finish(Compression::None, None).expect("no codec");
        let mut lanes = HashMap::new();
        take(batch, 0, &mut lanes).expect("a ledger");
        assert_eq!(lanes[&key], record(2, 70));
    }
}
