//! JoinGroup: who may join, under which id, and whether the join waits for a rebalance.

use bytes::Bytes;
use strait_wire::ErrorCode;
use strait_wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};

use super::{Group, GroupState, Reply, Ticket};
use crate::coordinator::member::Member;
use crate::coordinator::settings::{
    GROUP_METADATA_BYTES_MAX, MEMBER_METADATA_BYTES_MAX, PENDING_MEMBERS_MAX, TEXT_BYTES_MAX,
};
use crate::coordinator::timers::Moment;
use crate::request::Caller;

/// From this version on a client must come back with the id it is given (KIP-394).
const MEMBER_ID_REQUIRED_FROM: i16 = 4;

/// A join and what only the driver can know about it.
#[derive(Debug)]
pub struct JoinCall {
    /// Where the answer goes.
    pub ticket: Ticket,
    /// Who asks.
    pub caller: Caller,
    /// A fresh UUID as text: the tail of a new member id.
    pub fresh: String,
    /// What is asked.
    pub request: JoinGroupRequest,
}

/// The answer to a join that failed. `protocol_name` may be null only from version 7 on, so it
/// is empty, which every version can carry.
pub fn join_refused(member_id: &str, code: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse {
        error_code: code,
        member_id: member_id.to_owned(),
        protocol_name: Some(String::new()),
        ..Default::default()
    }
}

impl Group {
    /// A client wants to be a member.
    pub fn join(&mut self, now: Moment, call: JoinCall) {
        if let Err(code) = self.check_join(&call.request) {
            return self.refuse_join(&call, code);
        }
        if call.request.member_id.is_empty() {
            self.join_as_new(now, call);
        } else {
            self.join_as_known(now, call);
        }
    }

    fn join_as_new(&mut self, now: Moment, call: JoinCall) {
        let instance = call.request.group_instance_id.as_deref();
        let id = format!("{}-{}", owner(instance, &call.caller.client_id), call.fresh);
        let holder = instance.and_then(|instance| self.static_members.get(instance).cloned());
        match holder {
            Some(old) => self.replace_static(now, call, &old, id),
            None if instance.is_none() && call.caller.version >= MEMBER_ID_REQUIRED_FROM => {
                self.reserve(now, call, id);
            }
            None => self.add_member(now, call, id),
        }
    }

    fn join_as_known(&mut self, now: Moment, call: JoinCall) {
        let id = call.request.member_id.clone();
        let instance = call.request.group_instance_id.as_deref();
        if instance.is_none() && self.pending_members.contains_key(&id) {
            return self.add_member(now, call, id);
        }
        if let Err(code) = self.check_member(&id, instance) {
            return self.refuse_join(&call, code);
        }
        let changed = self.members[&id].protocols != protocols(&call.request);
        match self.state {
            GroupState::PreparingRebalance => self.rejoin(now, call, &id),
            GroupState::CompletingRebalance if changed => self.rejoin(now, call, &id),
            GroupState::Stable if changed || self.is_leader(&id) => self.rejoin(now, call, &id),
            GroupState::CompletingRebalance | GroupState::Stable => {
                let leads = self.is_leader(&id);
                let current = self.joined(&id, leads);
                self.reply(call.ticket, Reply::Join(current));
            }
            // Empty: it was a member of a generation that is over; it starts anew.
            _ => self.refuse_join(&call, ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// Hands out an id to come back with.
    fn reserve(&mut self, now: Moment, call: JoinCall, id: String) {
        if self.pending_members.len() >= PENDING_MEMBERS_MAX {
            return self.refuse_join(&call, ErrorCode::GROUP_MAX_SIZE_REACHED);
        }
        self.pending_members.insert(id.clone(), now.after(call.request.session_timeout_ms));
        self.reply(call.ticket, Reply::Join(join_refused(&id, ErrorCode::MEMBER_ID_REQUIRED)));
    }

    fn add_member(&mut self, now: Moment, call: JoinCall, id: String) {
        self.pending_members.remove(&id);
        if self.state == GroupState::PreparingRebalance && self.previous == GroupState::Empty {
            self.newcomer_in_delay = true;
        }
        let mut member = Member {
            id: id.clone(),
            instance_id: call.request.group_instance_id.clone(),
            is_new: true,
            joining: Some(call.ticket),
            deadline: Some(now.ticks_ms + self.settings.new_member_timeout.as_millis() as u64),
            ..Member::default()
        };
        take_over_wishes(&mut member, &call);
        if self.members.is_empty() {
            self.protocol_type = Some(call.request.protocol_type);
        }
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), id.clone());
        }
        self.leader.get_or_insert_with(|| id.clone());
        self.members.insert(id, member);
        self.rebalance_or_complete(now);
    }

    fn rejoin(&mut self, now: Moment, call: JoinCall, id: &str) {
        self.park_join(call, id);
        self.rebalance_or_complete(now);
    }

    /// Parks the join of a member that exists; a join of its that already waits is let go.
    pub(super) fn park_join(&mut self, call: JoinCall, id: &str) {
        let member = self.members.get_mut(id).expect("the caller checked the member");
        take_over_wishes(member, &call);
        if let Some(older) = member.joining.replace(call.ticket) {
            let refusal = join_refused(id, ErrorCode::REBALANCE_IN_PROGRESS);
            self.reply(older, Reply::Join(refusal));
        }
    }

    /// A member's view of the current generation; `with_members` only for the leader.
    pub(super) fn joined(&self, id: &str, with_members: bool) -> JoinGroupResponse {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members = if with_members {
            self.members.values().map(|member| member.for_leader(&protocol)).collect()
        } else {
            Vec::new()
        };
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: Some(protocol),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: id.to_owned(),
            members,
            ..Default::default()
        }
    }

    fn refuse_join(&mut self, call: &JoinCall, code: ErrorCode) {
        let mut id = call.request.member_id.as_str();
        if code == ErrorCode::GROUP_MAX_SIZE_REACHED {
            self.remove_member(id, code);
            id = "";
        }
        self.reply(call.ticket, Reply::Join(join_refused(id, code)));
    }

    fn check_join(&self, request: &JoinGroupRequest) -> Result<(), ErrorCode> {
        if self.state == GroupState::Dead {
            return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
        }
        check_sizes(request)?;
        if !self.has_room(request) {
            return Err(ErrorCode::GROUP_MAX_SIZE_REACHED);
        }
        if !self.supports(request) {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        Ok(())
    }

    fn has_room(&self, request: &JoinGroupRequest) -> bool {
        let known = self.members.get(&request.member_id);
        let replaces = request.group_instance_id.as_ref();
        let replaces = replaces.is_some_and(|instance| self.static_members.contains_key(instance));
        let bytes: usize = self.members.values().map(Member::metadata_bytes).sum();
        let grows = known.is_none() && !replaces;
        if grows && bytes + metadata_bytes(request) > GROUP_METADATA_BYTES_MAX {
            return false;
        }
        let max = self.settings.members_max;
        match self.state {
            GroupState::PreparingRebalance => {
                let waiting = self.members.values().filter(|m| m.joining.is_some()).count();
                known.is_some_and(|member| member.joining.is_some()) || waiting < max
            }
            _ => !grows || self.members.len() < max,
        }
    }

    /// Whether a protocol exists that the member and everybody else speaks.
    fn supports(&self, request: &JoinGroupRequest) -> bool {
        if self.members.is_empty() {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(request.protocol_type.as_str())
            && request
                .protocols
                .iter()
                .any(|offered| self.members.values().all(|member| member.speaks(&offered.name)))
    }
}

/// What a new member id begins with; a client id too long to keep loses its end.
fn owner<'a>(instance: Option<&'a str>, client_id: &'a str) -> &'a str {
    let owner = instance.unwrap_or(client_id);
    &owner[..owner.floor_char_boundary(TEXT_BYTES_MAX)]
}

fn check_sizes(request: &JoinGroupRequest) -> Result<(), ErrorCode> {
    let names = request.protocols.iter().map(|protocol| &protocol.name);
    let texts = names.chain([&request.protocol_type]).chain(&request.group_instance_id);
    let too_long = texts.into_iter().any(|text| text.len() > TEXT_BYTES_MAX);
    if too_long || metadata_bytes(request) > MEMBER_METADATA_BYTES_MAX {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    Ok(())
}

fn metadata_bytes(request: &JoinGroupRequest) -> usize {
    request.protocols.iter().map(|protocol| protocol.name.len() + protocol.metadata.len()).sum()
}

fn protocols(request: &JoinGroupRequest) -> Vec<(String, Bytes)> {
    // Copied: a slice would keep the client's whole frame alive for as long as the member lives.
    let copied = request.protocols.iter();
    copied.map(|p| (p.name.clone(), Bytes::copy_from_slice(&p.metadata))).collect()
}

/// What a member may change with every join.
fn take_over_wishes(member: &mut Member, call: &JoinCall) {
    let request = &call.request;
    let client_id = &call.caller.client_id;
    member.client_id = client_id[..client_id.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
    member.client_host = call.caller.host.clone();
    member.session_timeout_ms = request.session_timeout_ms;
    // Version 0 has no rebalance timeout: the session's serves for both.
    member.rebalance_timeout_ms = match request.rebalance_timeout_ms {
        ..0 => request.session_timeout_ms,
        millis => millis,
    };
    member.protocols = protocols(request);
}
