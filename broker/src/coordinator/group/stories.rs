//! Stories of groups, told to the pure machine.

mod membership;
mod offsets;
mod static_members;
mod storm;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use strait_wire::ErrorCode;
use strait_wire::messages::heartbeat::HeartbeatRequest;
use strait_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use strait_wire::messages::leave_group::MemberIdentity;
use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::messages::sync_group::{
    SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse,
};

use super::{Command, CommitCall, Group, GroupState, JoinCall, Reply, Ticket, Write};
use crate::coordinator::settings::GroupSettings;
use crate::coordinator::timers::Moment;
use crate::request::Caller;

const SESSION_MS: u64 = 10_000;
const REBALANCE_MS: u64 = 60_000;
const WALL_MS: i64 = 1_700_000_000_000;

/// A group, its clock, and everything it said.
struct Story {
    group: Group,
    ticks_ms: u64,
    tickets: u64,
    replies: HashMap<Ticket, Reply>,
    unwritten: Vec<Write>,
    log: Vec<Write>,
    holds_writes: bool,
}

impl Story {
    fn new() -> Self {
        Self::with(GroupSettings::default())
    }

    fn with(settings: GroupSettings) -> Self {
        Self {
            group: Group::new("g".to_owned(), Arc::new(settings)),
            ticks_ms: 0,
            tickets: 0,
            replies: HashMap::new(),
            unwritten: Vec::new(),
            log: Vec::new(),
            holds_writes: false,
        }
    }

    fn now(&self) -> Moment {
        Moment { ticks_ms: self.ticks_ms, wall_ms: WALL_MS + self.ticks_ms as i64 }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Does what the group commands; writes succeed at once unless the story holds them.
    fn settle(&mut self) {
        loop {
            for command in self.group.take_commands() {
                match command {
                    Command::Reply(to, reply) => {
                        assert!(self.replies.insert(to, reply).is_none(), "one answer each");
                    }
                    Command::Store(write) => self.unwritten.push(write),
                }
            }
            if self.holds_writes || self.unwritten.is_empty() {
                return;
            }
            self.finish_write(Ok(()));
        }
    }

    fn finish_write(&mut self, result: Result<(), ErrorCode>) {
        let write = self.unwritten.remove(0);
        self.group.stored(self.now(), write.id, result);
        self.log.push(write);
    }

    fn release_writes(&mut self, result: Result<(), ErrorCode>) {
        self.holds_writes = false;
        while !self.unwritten.is_empty() {
            self.finish_write(result);
        }
        self.settle();
    }

    fn sleep(&mut self, millis: u64) {
        let until = self.ticks_ms + millis;
        while let Some(at) = self.group.next_deadline().filter(|at| *at <= until) {
            self.ticks_ms = self.ticks_ms.max(at);
            self.group.wake(self.now());
            self.settle();
        }
        self.ticks_ms = until;
    }

    fn join(&mut self, who: Who<'_>) -> Ticket {
        let ticket = self.ticket();
        let caller = Caller {
            client_id: "c".to_owned(),
            host: "/127.0.0.1".to_owned(),
            version: who.version,
        };
        let fresh = format!("{}", ticket.0);
        let call = JoinCall { ticket, caller, fresh, request: who.request() };
        self.group.join(self.now(), call);
        self.settle();
        ticket
    }

    fn sync(&mut self, id: &str, generation: i32, assignments: &[(&str, &str)]) -> Ticket {
        let ticket = self.ticket();
        let assignments =
            assignments.iter().map(|(member, assignment)| SyncGroupRequestAssignment {
                member_id: (*member).to_owned(),
                assignment: Bytes::copy_from_slice(assignment.as_bytes()),
            });
        let request = SyncGroupRequest {
            group_id: "g".to_owned(),
            generation_id: generation,
            member_id: id.to_owned(),
            assignments: assignments.collect(),
            ..Default::default()
        };
        self.group.sync(self.now(), ticket, 3, request);
        self.settle();
        ticket
    }

    fn beat(&mut self, id: &str, generation: i32) -> ErrorCode {
        self.beat_as(id, generation, None)
    }

    fn beat_as(&mut self, id: &str, generation: i32, instance: Option<&str>) -> ErrorCode {
        let request = HeartbeatRequest {
            group_id: "g".to_owned(),
            generation_id: generation,
            member_id: id.to_owned(),
            group_instance_id: instance.map(str::to_owned),
        };
        let code = self.group.heartbeat(self.now(), &request);
        self.settle();
        code
    }

    fn leave(&mut self, id: &str, instance: Option<&str>) -> ErrorCode {
        let who = MemberIdentity {
            member_id: id.to_owned(),
            group_instance_id: instance.map(str::to_owned),
            reason: None,
        };
        let answers = self.group.leave(self.now(), &[who]).unwrap();
        self.settle();
        answers[0].error_code
    }

    fn commit(&mut self, id: &str, generation: i32, offset: i64) -> Ticket {
        let request = OffsetCommitRequest {
            group_id: "g".to_owned(),
            generation_id_or_member_epoch: generation,
            member_id: id.to_owned(),
            topics: vec![OffsetCommitRequestTopic {
                name: "orders".to_owned(),
                partitions: vec![OffsetCommitRequestPartition {
                    partition_index: 0,
                    committed_offset: offset,
                    ..Default::default()
                }],
            }],
            ..Default::default()
        };
        self.commit_request(request)
    }

    fn commit_request(&mut self, request: OffsetCommitRequest) -> Ticket {
        let ticket = self.ticket();
        let exists = |topic: &str, partition| topic == "orders" && partition < 4;
        self.group.commit(self.now(), CommitCall { ticket, request, exists: &exists });
        self.settle();
        ticket
    }

    fn joined(&self, ticket: Ticket) -> JoinGroupResponse {
        match self.replies.get(&ticket) {
            Some(Reply::Join(answer)) => answer.clone(),
            other => panic!("no join answer but {other:?}"),
        }
    }

    fn synced(&self, ticket: Ticket) -> SyncGroupResponse {
        match self.replies.get(&ticket) {
            Some(Reply::Sync(answer)) => answer.clone(),
            other => panic!("no sync answer but {other:?}"),
        }
    }

    fn commit_code(&self, ticket: Ticket) -> ErrorCode {
        match self.replies.get(&ticket) {
            Some(Reply::Commit(answer)) => answer.topics[0].partitions[0].error_code,
            other => panic!("no commit answer but {other:?}"),
        }
    }

    fn waits(&self, ticket: Ticket) -> bool {
        !self.replies.contains_key(&ticket)
    }

    /// Two members in a stable group of generation 2; the first leads.
    fn pair(&mut self) -> (String, String) {
        let first = self.join(Who::default());
        let first = self.joined(first).member_id;
        let second = self.join(Who::default());
        let again = self.join(Who::known(&first));
        let second = self.joined(second).member_id;
        assert_eq!(self.joined(again).leader, first);
        self.sync(&second, 2, &[]);
        self.sync(&first, 2, &[(&first, "one"), (&second, "two")]);
        assert_eq!(self.group.state(), GroupState::Stable);
        (first, second)
    }
}

/// Somebody who joins.
#[derive(Clone, Copy)]
struct Who<'a> {
    id: &'a str,
    instance: Option<&'a str>,
    version: i16,
    protocol_type: &'a str,
    protocols: &'a [&'a str],
    topics: &'a [&'a str],
}

impl Default for Who<'_> {
    fn default() -> Self {
        Self {
            id: "",
            instance: None,
            version: 3,
            protocol_type: "consumer",
            protocols: &["range"],
            topics: &["orders"],
        }
    }
}

impl<'a> Who<'a> {
    fn known(id: &'a str) -> Self {
        Self { id, ..Self::default() }
    }

    fn fixed(instance: &'a str) -> Self {
        Self { instance: Some(instance), version: 9, ..Self::default() }
    }

    fn request(self) -> JoinGroupRequest {
        let protocols = self.protocols.iter().map(|name| JoinGroupRequestProtocol {
            name: (*name).to_owned(),
            metadata: subscription(self.topics),
        });
        JoinGroupRequest {
            group_id: "g".to_owned(),
            session_timeout_ms: SESSION_MS as i32,
            rebalance_timeout_ms: REBALANCE_MS as i32,
            member_id: self.id.to_owned(),
            group_instance_id: self.instance.map(str::to_owned),
            protocol_type: self.protocol_type.to_owned(),
            protocols: protocols.collect(),
            reason: None,
        }
    }
}

/// A consumer's metadata: version 0, the topics, no user data.
fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 0];
    bytes.extend((topics.len() as i32).to_be_bytes());
    for topic in topics {
        bytes.extend((topic.len() as i16).to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend((-1i32).to_be_bytes());
    Bytes::from(bytes)
}
