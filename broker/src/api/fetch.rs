//! Fetch: whole batches as they lie on disk, by long poll.
//!
//! The first batch of an answer comes whole even above every limit, so no reader gets stuck;
//! after it the answer ends on batch bounds. A request parks until `min_bytes` are there, its
//! time is up, something is wrong with one of its partitions, or the broker drains. Sessions
//! are declined (session id 0), so every request is a full one.

use std::sync::Arc;

use strait_io::time::{self, Duration};
use strait_wire::messages::fetch::{
    EpochEndOffset, FetchPartition, FetchRequest, FetchResponse, FetchTopic,
    FetchableTopicResponse, PartitionData,
};
use strait_wire::{ErrorCode, Records, Request};
use tokio::sync::Notify;

use crate::dispatch::{Call, FileRange, Outcome, undecodable};
use crate::log::Slice;
use crate::node::Node;
use crate::partition::{FetchPosition, Readable};
use crate::topics::Topic;

const READ_COMMITTED: i8 = 1;
/// The first version that names topics by their ids.
const TOPIC_ID_VERSION_MIN: i16 = 13;

/// Finds what the request asks for, now or soon.
pub async fn handle(call: Call) -> Outcome {
    let request = match call.decode::<FetchRequest>() {
        Ok(request) => request,
        Err(error) => return undecodable(FetchRequest::KEY, &error),
    };
    call.node.metrics.fetch_requests.add(1);
    if request.session_id != 0 && request.session_epoch > 0 {
        let error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND;
        return call.answer::<FetchRequest>(&FetchResponse { error_code, ..Default::default() });
    }
    let gathered = gather_in_time(&call.node, &request, call.caller.version).await;
    match call.answer::<FetchRequest>(&gathered.response) {
        Outcome::Answer(mut answer) => {
            answer.ranges = gathered.ranges;
            Outcome::Answer(answer)
        }
        other => other,
    }
}

async fn gather_in_time(node: &Arc<Node>, request: &FetchRequest, version: i16) -> Gathered {
    let wait = Duration::from_millis(request.max_wait_ms.max(0) as u64);
    let deadline = time::now() + wait.min(node.config.limits.fetch_wait_max);
    let waiter = Arc::new(Notify::new());
    let draining = node.draining();
    tokio::pin!(draining);
    loop {
        let gathered = Gathered::new(node, request, version, &waiter);
        if gathered.urgent || gathered.bytes >= request.min_bytes.max(0) as usize {
            return gathered;
        }
        let woken = tokio::select! {
            woken = time::timeout_at(deadline, waiter.notified()) => woken.is_ok(),
            () = &mut draining => false,
        };
        if !woken {
            return gathered;
        }
    }
}

/// One pass over the partitions of a request.
struct Gathered {
    response: FetchResponse,
    ranges: Vec<FileRange>,
    bytes: usize,
    /// An error, a divergence, or a full answer: there is nothing to wait for.
    urgent: bool,
}

impl Gathered {
    fn new(node: &Node, request: &FetchRequest, version: i16, waiter: &Arc<Notify>) -> Self {
        let asked = usize::try_from(request.max_bytes).unwrap_or(0);
        let max_bytes = asked.min(node.config.limits.fetch_bytes_max);
        let mut this = Self {
            response: FetchResponse::default(),
            ranges: Vec::new(),
            bytes: 0,
            urgent: request.topics.is_empty(),
        };
        for wanted in &request.topics {
            let topic = find(node, wanted, version);
            let read = |partition: &FetchPartition, this: &mut Self| {
                let read = topic.clone().and_then(|topic| {
                    let position = this.position(partition, max_bytes);
                    let found = topic.partition(partition.partition);
                    let found = found.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
                    found.read(position, waiter)
                });
                this.answer(partition, read, max_bytes, request.isolation_level)
            };
            let partitions = wanted.partitions.iter().map(|p| read(p, &mut this)).collect();
            this.response.responses.push(FetchableTopicResponse {
                topic: wanted.topic.clone(),
                topic_id: wanted.topic_id,
                partitions,
            });
        }
        this
    }

    fn position(&self, wanted: &FetchPartition, max_bytes: usize) -> FetchPosition {
        let left = max_bytes.saturating_sub(self.bytes);
        FetchPosition {
            offset: wanted.fetch_offset,
            current_epoch: wanted.current_leader_epoch,
            last_fetched_epoch: wanted.last_fetched_epoch,
            max_bytes: left.min(usize::try_from(wanted.partition_max_bytes).unwrap_or(0)),
        }
    }

    fn answer(
        &mut self,
        wanted: &FetchPartition,
        read: Result<Readable, ErrorCode>,
        max_bytes: usize,
        isolation_level: i8,
    ) -> PartitionData {
        let partition_index = wanted.partition;
        let records = Records::Bytes(Default::default());
        let aborted_transactions = (isolation_level == READ_COMMITTED).then(Vec::new);
        let readable = match read {
            Ok(readable) => readable,
            Err(error_code) => {
                self.urgent = true;
                return PartitionData {
                    partition_index,
                    error_code,
                    high_watermark: -1,
                    records,
                    ..Default::default()
                };
            }
        };
        let mut data = PartitionData {
            partition_index,
            high_watermark: readable.high_watermark,
            last_stable_offset: readable.high_watermark,
            log_start_offset: readable.log_start,
            aborted_transactions,
            records,
            ..Default::default()
        };
        if let Some((epoch, end_offset)) = readable.diverging {
            self.urgent = true;
            data.diverging_epoch = EpochEndOffset { epoch, end_offset };
        }
        if let Some(slice) = readable.slice {
            self.add(slice, max_bytes, &mut data);
        }
        data
    }

    fn add(&mut self, slice: Slice, max_bytes: usize, data: &mut PartitionData) {
        if self.bytes > 0 && self.bytes + slice.length > max_bytes {
            self.urgent = true;
            return;
        }
        self.bytes += slice.length;
        data.records = Records::Deferred { index: self.ranges.len(), len: slice.length };
        self.ranges.push(FileRange { file: slice.file, position: slice.position });
    }
}

fn find(node: &Node, wanted: &FetchTopic, version: i16) -> Result<Arc<Topic>, ErrorCode> {
    if version < TOPIC_ID_VERSION_MIN {
        return node.topics.named(&wanted.topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    }
    match wanted.topic_id {
        id if id.is_nil() => Err(ErrorCode::UNKNOWN_TOPIC_ID),
        id => node.topics.with_id(id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
    }
}
