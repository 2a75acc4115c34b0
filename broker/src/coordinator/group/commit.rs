//! OffsetCommit: who may commit, and what of it is kept.

use strait_wire::ErrorCode;
use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};

use super::writes::Pending;
use super::{Group, GroupState, Reply, Ticket};
use crate::coordinator::offsets::Committed;
use crate::coordinator::settings::OFFSET_METADATA_BYTES_MAX;
use crate::coordinator::timers::Moment;

/// A commit and the driver's knowledge of topics.
pub struct CommitCall<'a> {
    /// Where the answer goes.
    pub ticket: Ticket,
    /// What is asked.
    pub request: OffsetCommitRequest,
    /// Whether a partition exists.
    pub exists: &'a dyn Fn(&str, i32) -> bool,
}

/// The answer to `request` with `code` for every partition.
pub(in crate::coordinator) fn commit_answer(
    request: &OffsetCommitRequest,
    mut code: impl FnMut(&str, &OffsetCommitRequestPartition) -> ErrorCode,
) -> OffsetCommitResponse {
    let topics = request.topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| OffsetCommitResponsePartition {
                partition_index: partition.partition_index,
                error_code: code(&topic.name, partition),
            })
            .collect(),
    });
    OffsetCommitResponse { topics: topics.collect(), ..Default::default() }
}

impl Group {
    /// Takes offsets; they can be fetched once they are durable.
    pub fn commit(&mut self, now: Moment, call: CommitCall<'_>) {
        let CommitCall { ticket, request, exists } = call;
        if let Err(code) = self.check_commit(&request) {
            let answer = commit_answer(&request, |_, _| code);
            return self.reply(ticket, Reply::Commit(answer));
        }
        if matches!(self.state, GroupState::Stable | GroupState::PreparingRebalance) {
            self.hear_from(now, &request.member_id);
        }
        let mut offsets = Vec::new();
        let answer = commit_answer(&request, |topic, partition| {
            let code = self.check_partition(topic, partition, exists);
            if code.is_ok() {
                let committed = committed(now, partition, request.retention_time_ms);
                offsets.push((topic.to_owned(), partition.partition_index, committed));
            }
            code
        });
        if offsets.is_empty() {
            return self.reply(ticket, Reply::Commit(answer));
        }
        self.store_offsets(now, Pending::Commit { ticket, offsets, answer });
    }

    /// A consumer commits in its generation; an operator's tool, or a consumer that assigns
    /// itself, commits without one and only while nobody is a member.
    fn check_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        let instance = request.group_instance_id.as_deref();
        if self.state == GroupState::Dead {
            return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
        }
        if generation < 0 && self.state == GroupState::Empty {
            return Ok(());
        }
        if generation < 0 && request.member_id.is_empty() && instance.is_none() {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        self.check_member(&request.member_id, instance)?;
        if generation != self.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        if self.state == GroupState::CompletingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    fn check_partition(
        &self,
        topic: &str,
        partition: &OffsetCommitRequestPartition,
        exists: &dyn Fn(&str, i32) -> bool,
    ) -> ErrorCode {
        let metadata = partition.committed_metadata.as_deref().unwrap_or_default();
        if !exists(topic, partition.partition_index) {
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        } else if metadata.len() > OFFSET_METADATA_BYTES_MAX
            || metadata.encode_utf16().count() > self.settings.offset_metadata_max
        {
            ErrorCode::OFFSET_METADATA_TOO_LARGE
        } else {
            ErrorCode::NONE
        }
    }
}

fn committed(
    now: Moment,
    partition: &OffsetCommitRequestPartition,
    retention_ms: i64,
) -> Committed {
    Committed {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition.committed_metadata.clone().unwrap_or_default(),
        commit_ms: now.wall_ms,
        expire_ms: (retention_ms >= 0).then(|| now.wall_ms.saturating_add(retention_ms)),
    }
}
