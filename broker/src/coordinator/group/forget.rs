//! Forgetting: offsets deleted by request, offsets that expired, whole groups deleted.
//!
//! Whatever is forgotten leaves tombstones behind a commit that is still being written, so a
//! restart cannot bring it back.

use strait_wire::ErrorCode;
use strait_wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};

use super::writes::Pending;
use super::{Group, GroupState, Reply, Ticket};
use crate::coordinator::offsets::RetentionFrom;
use crate::coordinator::timers::Moment;

/// A deletion of offsets and the driver's knowledge of topics.
pub struct ForgetCall<'a> {
    /// Where the answer goes.
    pub ticket: Ticket,
    /// What is asked.
    pub request: OffsetDeleteRequest,
    /// Whether a partition exists.
    pub exists: &'a dyn Fn(&str, i32) -> bool,
}

impl Group {
    /// Deletes the group, which must be empty.
    pub fn delete(&mut self, now: Moment, ticket: Ticket) {
        let refusal = match self.state {
            GroupState::Empty => None,
            GroupState::Dead => Some(ErrorCode::GROUP_ID_NOT_FOUND),
            _ => Some(ErrorCode::NON_EMPTY_GROUP),
        };
        match refusal {
            Some(code) => self.reply(ticket, Reply::Delete(code)),
            None => self.bury(now, Some(ticket)),
        }
    }

    /// Deletes single offsets; not those a living consumer group subscribes to.
    pub fn forget(&mut self, now: Moment, call: ForgetCall<'_>) {
        let ForgetCall { ticket, request, exists } = call;
        if let Err(error_code) = self.check_forget() {
            let answer = OffsetDeleteResponse { error_code, ..Default::default() };
            return self.reply(ticket, Reply::Forget(answer));
        }
        let mut partitions = Vec::new();
        let answer = forget_answer(&request, |topic, partition| {
            if !exists(topic, partition) {
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            } else if self.is_subscribed_to(topic) {
                ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC
            } else {
                if self.knows_offset(topic, partition) {
                    partitions.push((topic.to_owned(), partition));
                }
                ErrorCode::NONE
            }
        });
        if partitions.is_empty() {
            return self.reply(ticket, Reply::Forget(answer));
        }
        self.store_offsets(now, Pending::Forget { reply: Some((ticket, answer)), partitions });
    }

    /// Forgets the offsets of deleted topics.
    pub fn forget_topics(&mut self, now: Moment, is_deleted: &dyn Fn(&str) -> bool) {
        let mut partitions = self.all_partitions();
        partitions.retain(|(topic, _)| is_deleted(topic));
        self.forget_quietly(now, partitions);
    }

    /// Forgets what the retention no longer keeps; an empty group with nothing left goes too.
    pub fn expire_offsets(&mut self, now: Moment) {
        let Some(from) = self.retention_from() else { return };
        let retention = i64::try_from(self.settings.offsets_retention.as_millis());
        let retention = retention.unwrap_or(i64::MAX);
        let keep = |topic: &str| {
            let live = self.state != GroupState::Empty;
            live && self.subscribed.as_ref().is_none_or(|topics| topics.contains(topic))
        };
        let mut expired = self.offsets.expired(now.wall_ms, from, retention, keep);
        expired.retain(|(topic, partition)| !self.is_being_committed(topic, *partition));
        let left = self.offsets.partitions().count() - expired.len();
        let idle = self.pending_members.is_empty() && self.pending_writes.is_empty();
        if self.state == GroupState::Empty && left == 0 && idle {
            self.bury(now, None);
        } else {
            self.forget_quietly(now, expired);
        }
    }

    /// Members that come back empty-handed keep their offsets for the whole retention; a live
    /// consumer group loses those of topics it left; other live groups lose nothing.
    fn retention_from(&self) -> Option<RetentionFrom> {
        let stable = self.state == GroupState::Stable;
        match self.state {
            GroupState::Empty if self.protocol_type.is_some() => {
                Some(self.state_since_ms.map_or(RetentionFrom::Commit, RetentionFrom::Since))
            }
            GroupState::Empty => Some(RetentionFrom::Commit),
            _ if stable && self.is_consumer_group() => {
                self.subscribed.as_ref().map(|_| RetentionFrom::Commit)
            }
            _ => None,
        }
    }

    fn bury(&mut self, now: Moment, ticket: Option<Ticket>) {
        self.enter(GroupState::Dead, now);
        self.pending_members.clear();
        let partitions = self.all_partitions();
        if partitions.is_empty() && !self.in_log && self.pending_writes.is_empty() {
            if let Some(ticket) = ticket {
                self.reply(ticket, Reply::Delete(ErrorCode::NONE));
            }
            return;
        }
        self.store_offsets(now, Pending::Bury { ticket, partitions });
    }

    fn forget_quietly(&mut self, now: Moment, partitions: Vec<(String, i32)>) {
        if !partitions.is_empty() {
            self.store_offsets(now, Pending::Forget { reply: None, partitions });
        }
    }

    fn check_forget(&self) -> Result<(), ErrorCode> {
        match self.state {
            GroupState::Dead => Err(ErrorCode::GROUP_ID_NOT_FOUND),
            GroupState::Empty => Ok(()),
            _ if self.is_consumer_group() => Ok(()),
            _ => Err(ErrorCode::NON_EMPTY_GROUP),
        }
    }

    fn knows_offset(&self, topic: &str, partition: i32) -> bool {
        self.offsets.get(topic, partition).is_some() || self.is_being_committed(topic, partition)
    }
}

fn forget_answer(
    request: &OffsetDeleteRequest,
    mut code: impl FnMut(&str, i32) -> ErrorCode,
) -> OffsetDeleteResponse {
    let topics = request.topics.iter().map(|topic| OffsetDeleteResponseTopic {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| OffsetDeleteResponsePartition {
                partition_index: partition.partition_index,
                error_code: code(&topic.name, partition.partition_index),
            })
            .collect(),
    });
    OffsetDeleteResponse { topics: topics.collect(), ..Default::default() }
}
