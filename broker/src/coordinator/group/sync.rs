//! SyncGroup: followers park until the leader's assignment is durable.

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_wire::ErrorCode;
use strait_wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

use super::writes::Pending;
use super::{Group, GroupState, Reply, Ticket};
use crate::coordinator::settings::GROUP_METADATA_BYTES_MAX;
use crate::coordinator::timers::Moment;

/// From this version on the request names protocol type and protocol (KIP-559).
const PROTOCOL_NAMED_FROM: i16 = 5;

/// The answer to a sync that failed.
pub fn sync_refused(code: ErrorCode) -> SyncGroupResponse {
    SyncGroupResponse { error_code: code, ..Default::default() }
}

impl Group {
    /// A member wants its assignment; the leader brings everybody's.
    pub fn sync(&mut self, now: Moment, ticket: Ticket, version: i16, request: SyncGroupRequest) {
        if let Err(code) = self.check_sync(version, &request) {
            return self.reply(ticket, Reply::Sync(sync_refused(code)));
        }
        self.pending_sync.remove(&request.member_id);
        if self.state == GroupState::Stable {
            let assignment = self.members[&request.member_id].assignment.clone();
            let answer = self.synced(assignment);
            return self.reply(ticket, Reply::Sync(answer));
        }
        let repeated = self.park_sync(ticket, &request.member_id);
        if self.is_leader(&request.member_id) && !repeated {
            let assignments = own_assignments(&request);
            let generation = self.generation;
            self.store_group(now, Pending::Assignment { generation, assignments });
        }
    }

    /// The leader's assignment is durable, unless the group has moved on meanwhile.
    pub(super) fn assigned(
        &mut self,
        now: Moment,
        generation: i32,
        assignments: BTreeMap<String, Bytes>,
        result: Result<(), ErrorCode>,
    ) {
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return;
        }
        match result {
            Ok(()) => {
                self.assign(assignments);
                self.enter(GroupState::Stable, now);
                self.release_syncs(now, ErrorCode::NONE);
            }
            Err(code) => {
                self.drop_assignments(now, code);
                self.prepare_rebalance(now);
            }
        }
    }

    /// Answers every parked sync: with the assignment, or with `code`.
    pub(super) fn release_syncs(&mut self, now: Moment, code: ErrorCode) {
        let parked = self.members.values_mut();
        let parked: Vec<_> = parked
            .filter_map(|m| m.syncing.take().map(|t| (t, m.id.clone(), m.assignment.clone())))
            .collect();
        for (ticket, id, assignment) in parked {
            let answer = if code.is_ok() { self.synced(assignment) } else { sync_refused(code) };
            self.reply(ticket, Reply::Sync(answer));
            self.hear_from(now, &id);
        }
    }

    /// Members that joined and never synced are out: the others cannot wait for them for ever.
    pub(super) fn expire_sync(&mut self, now: Moment) {
        if self.sync_deadline.is_none_or(|deadline| deadline > now.ticks_ms) {
            return;
        }
        self.sync_deadline = None;
        let silent = std::mem::take(&mut self.pending_sync);
        if silent.is_empty() {
            return;
        }
        for id in &silent {
            self.remove_member(id, ErrorCode::UNKNOWN_MEMBER_ID);
        }
        self.prepare_rebalance(now);
    }

    /// Parks a sync, and lets go one that the member had parked before; whether there was one.
    fn park_sync(&mut self, ticket: Ticket, id: &str) -> bool {
        let member = self.members.get_mut(id).expect("the sync was checked");
        let older = member.syncing.replace(ticket);
        if let Some(older) = older {
            self.reply(older, Reply::Sync(sync_refused(ErrorCode::REBALANCE_IN_PROGRESS)));
        }
        older.is_some()
    }

    fn synced(&self, assignment: Bytes) -> SyncGroupResponse {
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment,
            ..Default::default()
        }
    }

    fn check_sync(&self, version: i16, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        let named = request.protocol_type.is_some() && request.protocol_name.is_some();
        if version >= PROTOCOL_NAMED_FROM && !named {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        if self.state == GroupState::Dead {
            return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        match self.state {
            GroupState::Empty => Err(ErrorCode::UNKNOWN_MEMBER_ID),
            GroupState::PreparingRebalance => Err(ErrorCode::REBALANCE_IN_PROGRESS),
            _ => check_size(request),
        }
    }
}

fn differs(asked: &Option<String>, current: &Option<String>) -> bool {
    asked.is_some() && current.is_some() && asked != current
}

fn check_size(request: &SyncGroupRequest) -> Result<(), ErrorCode> {
    let bytes: usize = request.assignments.iter().map(|a| a.assignment.len()).sum();
    if bytes > GROUP_METADATA_BYTES_MAX { Err(ErrorCode::INVALID_REQUEST) } else { Ok(()) }
}

/// Copied: a slice would keep the leader's whole frame alive for as long as the generation.
fn own_assignments(request: &SyncGroupRequest) -> BTreeMap<String, Bytes> {
    let assignments = request.assignments.iter();
    assignments.map(|a| (a.member_id.clone(), Bytes::copy_from_slice(&a.assignment))).collect()
}
