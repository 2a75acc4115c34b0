//! MirrorAppend (private): batches of a mirror lane, appended only if the lane's claim holds.
//!
//! No record is ever decoded here: the CRC is verified and the block is kept. Whatever the
//! verdict, the answer waits until all it speaks of is safe, so a position that was answered
//! survives what the flush policy promises.

use std::sync::Arc;

use bytes::Bytes;
use strait_io::time::{self, Duration};
use strait_wire::messages::mirror_append::{
    MirrorAppendPartition, MirrorAppendPartitionResult, MirrorAppendRequest, MirrorAppendResponse,
    MirrorAppendTopicResult,
};
use strait_wire::{ErrorCode, RawBatch};

use crate::dispatch::Context;
use crate::node::Node;
use crate::partition::mirror::{Claim, Standing};
use crate::partition::{AppendFault, Partition, wait};

/// Appends what the request holds.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: MirrorAppendRequest,
) -> MirrorAppendResponse {
    node.metrics.mirror_append_requests.add(1);
    let timeout = Duration::from_millis(request.timeout_ms.max(0) as u64);
    let mut targets = Vec::new();
    let mut places = Vec::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let mut partitions = Vec::with_capacity(wanted.partitions.len());
        for lane in wanted.partitions {
            let index = lane.partition;
            let found = node.topics.partition(&wanted.topic, index);
            let owner = node.topics.named(&wanted.topic).map(|t| t.settings().mirror_owned);
            let result = match found {
                Ok(_) if owner.is_some_and(|owned| owned != (lane.producer_id < 0)) => {
                    refuse(index, Standing::default(), other_kind(&wanted.topic, owner))
                }
                Ok(partition) => {
                    let result = append(&node, &partition, lane);
                    places.push((topics.len(), partitions.len()));
                    targets.push((partition, result.log_end_offset));
                    result
                }
                Err(code) => refuse(index, Standing::default(), code.into()),
            };
            partitions.push(result);
        }
        topics.push(MirrorAppendTopicResult { topic: wanted.topic, partitions });
    }
    let results = wait::safe(&targets, time::now() + timeout).await;
    for ((topic, partition), result) in places.into_iter().zip(results) {
        let answer = &mut topics[topic].partitions[partition];
        if let (Err(code), true) = (result, answer.error_code.is_ok()) {
            answer.error_code = code;
        }
    }
    MirrorAppendResponse { topics, ..Default::default() }
}

/// A copy with the source's offsets and one with offsets of its own cannot share a topic: each
/// would take the other's end for its own.
fn other_kind(topic: &str, owned: Option<bool>) -> AppendFault {
    let message = match owned {
        Some(true) => format!("topic {topic} keeps one source's offsets (strait.mirror=preserve)"),
        _ => {
            format!("topic {topic} is not set to keep a source's offsets (strait.mirror=preserve)")
        }
    };
    AppendFault { code: ErrorCode::POLICY_VIOLATION, message: Some(message) }
}

fn append(
    node: &Node,
    partition: &Arc<Partition>,
    lane: MirrorAppendPartition,
) -> MirrorAppendPartitionResult {
    let claim = Claim {
        producer_id: lane.producer_id,
        generation: lane.generation,
        expected: lane.expected,
    };
    let index = lane.partition;
    let batches = match split(lane.records.into_bytes()) {
        Ok(batches) => batches,
        Err(fault) => return refuse(index, Standing::default(), fault),
    };
    let records: u64 = batches.iter().map(|batch| batch.header.count as u64).sum();
    match partition.mirror_append(claim, batches, time::wall_ms()) {
        Ok((standing, base_offset)) => {
            node.metrics.records_mirrored.add(records);
            MirrorAppendPartitionResult {
                base_offset: base_offset.unwrap_or(-1),
                ..describe(index, standing)
            }
        }
        Err((standing, fault)) => refuse(index, standing, fault),
    }
}

/// The batches, each whole and each with the CRC its header says.
fn split(mut records: Bytes) -> Result<Vec<RawBatch>, AppendFault> {
    let mut batches = Vec::new();
    while !records.is_empty() {
        let batch = RawBatch::split_from(&mut records);
        let batch = batch.and_then(|batch| batch.verify().map(|()| batch));
        batches.push(batch.map_err(|error| AppendFault {
            code: ErrorCode::CORRUPT_MESSAGE,
            message: Some(error.to_string()),
        })?);
    }
    Ok(batches)
}

fn refuse(partition: i32, standing: Standing, fault: AppendFault) -> MirrorAppendPartitionResult {
    MirrorAppendPartitionResult {
        error_code: fault.code,
        error_message: fault.message,
        ..describe(partition, standing)
    }
}

fn describe(partition: i32, standing: Standing) -> MirrorAppendPartitionResult {
    MirrorAppendPartitionResult {
        partition,
        generation: standing.generation,
        position: standing.position,
        log_end_offset: standing.log_end,
        ..Default::default()
    }
}
