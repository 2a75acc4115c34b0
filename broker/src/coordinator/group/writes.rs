//! What a group writes to the log, and what each write means once it is durable.

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_wire::ErrorCode;
use strait_wire::messages::join_group::JoinGroupResponse;
use strait_wire::messages::offset_commit::OffsetCommitResponse;
use strait_wire::messages::offset_delete::OffsetDeleteResponse;

use super::join::join_refused;
use super::{Command, Group, GroupState, Reply, Ticket};
use crate::coordinator::offsets::Committed;
use crate::coordinator::storage::{Key, StoredGroup, write_offset};
use crate::coordinator::timers::Moment;

/// Names a write until it is finished; later writes have greater ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// Records for `__consumer_offsets` that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// To report it finished by.
    pub id: WriteId,
    /// The records' timestamp.
    pub at_ms: i64,
    /// Key and value; no value is a tombstone.
    pub records: Vec<(Bytes, Option<Bytes>)>,
}

/// What becomes true once a write is durable.
#[derive(Debug)]
pub(super) enum Pending {
    /// The leader's assignment of a generation.
    Assignment { generation: i32, assignments: BTreeMap<String, Bytes> },
    /// A static member has another member id.
    StaticRejoin { ticket: Ticket, member: String, answer: JoinGroupResponse },
    /// The last member went.
    Emptied,
    /// Offsets.
    Commit { ticket: Ticket, offsets: Vec<(String, i32, Committed)>, answer: OffsetCommitResponse },
    /// Offsets are gone.
    Forget { reply: Option<(Ticket, OffsetDeleteResponse)>, partitions: Vec<(String, i32)> },
    /// The group is gone.
    Bury { ticket: Option<Ticket>, partitions: Vec<(String, i32)> },
}

impl Group {
    /// A write is finished: what it changes becomes visible, or its requests learn why not.
    pub fn stored(&mut self, now: Moment, id: WriteId, result: Result<(), ErrorCode>) {
        match self.pending_writes.remove(&id) {
            Some(Pending::Assignment { generation, assignments }) => {
                self.in_log |= result.is_ok();
                self.assigned(now, generation, assignments, result.map_err(group_error));
            }
            Some(Pending::StaticRejoin { ticket, member, answer }) => {
                let answer = match result {
                    Ok(()) => answer,
                    Err(code) => join_refused("", group_error(code)),
                };
                self.static_rejoined(now, ticket, &member, answer);
            }
            Some(Pending::Emptied) => self.in_log |= result.is_ok(),
            Some(Pending::Commit { ticket, offsets, answer }) => {
                self.committed(ticket, offsets, answer, result);
            }
            Some(Pending::Forget { reply, partitions }) => {
                self.forgotten(reply, &partitions, result);
            }
            Some(Pending::Bury { ticket, partitions }) => {
                self.buried(now, ticket, &partitions, result);
            }
            None => {}
        }
    }

    pub(super) fn store_group(&mut self, now: Moment, pending: Pending) {
        let value = match &pending {
            Pending::Assignment { assignments, .. } => {
                self.snapshot(|id| assignments.get(id).cloned().unwrap_or_default())
            }
            _ => self.snapshot(|id| self.members[id].assignment.clone()),
        };
        let key = Key::Group { group: self.id.clone() }.write();
        self.store(now, vec![(key, Some(value.write()))], pending);
    }

    pub(super) fn store_offsets(&mut self, now: Moment, pending: Pending) {
        let key = |topic: &str, partition: i32| {
            Key::Offset { group: self.id.clone(), topic: topic.to_owned(), partition }.write()
        };
        let gone = |partitions: &[(String, i32)]| -> Vec<_> {
            partitions.iter().map(|(topic, partition)| (key(topic, *partition), None)).collect()
        };
        let records = match &pending {
            Pending::Commit { offsets, .. } => offsets
                .iter()
                .map(|(topic, partition, offset)| {
                    (key(topic, *partition), Some(write_offset(offset)))
                })
                .collect(),
            Pending::Forget { partitions, .. } => gone(partitions),
            Pending::Bury { partitions, .. } => {
                let mut records = gone(partitions);
                records.push((Key::Group { group: self.id.clone() }.write(), None));
                records
            }
            _ => Vec::new(),
        };
        self.store(now, records, pending);
    }

    pub(super) fn is_being_committed(&self, topic: &str, partition: i32) -> bool {
        self.being_committed().any(|(t, p, _)| t == topic && *p == partition)
    }

    /// Every partition with an offset, durable or on its way.
    pub(super) fn all_partitions(&self) -> Vec<(String, i32)> {
        let durable = self.offsets.partitions().map(|(topic, p, _)| (topic.to_owned(), p));
        let mut all: Vec<_> =
            durable.chain(self.being_committed().map(|(t, p, _)| (t.clone(), *p))).collect();
        all.sort();
        all.dedup();
        all
    }

    fn being_committed(&self) -> impl Iterator<Item = &(String, i32, Committed)> {
        self.pending_writes.values().flat_map(|pending| match pending {
            Pending::Commit { offsets, .. } => offsets.as_slice(),
            _ => &[],
        })
    }

    fn store(&mut self, now: Moment, records: Vec<(Bytes, Option<Bytes>)>, pending: Pending) {
        let id = WriteId(self.next_write);
        self.next_write += 1;
        self.pending_writes.insert(id, pending);
        self.commands.push(Command::Store(Write { id, at_ms: now.wall_ms, records }));
    }

    fn snapshot(&self, assignment: impl Fn(&str) -> Bytes) -> StoredGroup {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members = self.members.values();
        StoredGroup {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_since_ms: self.state_since_ms,
            members: members.map(|m| m.stored(&protocol, assignment(&m.id))).collect(),
        }
    }

    fn committed(
        &mut self,
        ticket: Ticket,
        offsets: Vec<(String, i32, Committed)>,
        mut answer: OffsetCommitResponse,
        result: Result<(), ErrorCode>,
    ) {
        match result {
            Ok(()) => {
                for (topic, partition, offset) in offsets {
                    self.offsets.insert(&topic, partition, offset);
                }
            }
            Err(code) => {
                let partitions = answer.topics.iter_mut().flat_map(|t| &mut t.partitions);
                for partition in partitions.filter(|p| p.error_code.is_ok()) {
                    partition.error_code = commit_error(code);
                }
            }
        }
        self.reply(ticket, Reply::Commit(answer));
    }

    fn forgotten(
        &mut self,
        reply: Option<(Ticket, OffsetDeleteResponse)>,
        partitions: &[(String, i32)],
        result: Result<(), ErrorCode>,
    ) {
        if result.is_ok() {
            for (topic, partition) in partitions {
                self.offsets.remove(topic, *partition);
            }
        }
        if let Some((ticket, answer)) = reply {
            let answer = match result {
                Ok(()) => answer,
                Err(code) => {
                    OffsetDeleteResponse { error_code: commit_error(code), ..Default::default() }
                }
            };
            self.reply(ticket, Reply::Forget(answer));
        }
    }

    fn buried(
        &mut self,
        now: Moment,
        ticket: Option<Ticket>,
        partitions: &[(String, i32)],
        result: Result<(), ErrorCode>,
    ) {
        match result {
            Ok(()) => {
                for (topic, partition) in partitions {
                    self.offsets.remove(topic, *partition);
                }
            }
            // Nothing is lost: the group is what it was before somebody wanted it gone.
            Err(_) => self.enter(GroupState::Empty, now),
        }
        if let Some(ticket) = ticket {
            let code = result.map_err(commit_error).err().unwrap_or(ErrorCode::NONE);
            self.reply(ticket, Reply::Delete(code));
        }
    }
}

/// Why the log could not take an offset, in words a consumer acts on.
fn commit_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::REQUEST_TIMED_OUT => ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => {
            ErrorCode::INVALID_COMMIT_OFFSET_SIZE
        }
        other => log_error(other),
    }
}

/// Why the log could not take a group, in words a member acts on.
fn group_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::REQUEST_TIMED_OUT => ErrorCode::REBALANCE_IN_PROGRESS,
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => {
            ErrorCode::UNKNOWN_SERVER_ERROR
        }
        other => log_error(other),
    }
}

fn log_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND => ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::KAFKA_STORAGE_ERROR => {
            ErrorCode::NOT_COORDINATOR
        }
        other => other,
    }
}
