//! Static members (KIP-345): a restart brings the same instance id and no member id.
//!
//! The newcomer takes the old member's place, assignment and, if it led, the lead; whoever still
//! uses the old member id is fenced. A stable group does not rebalance for it as long as the
//! protocol the members agree on stays the same and the newcomer subscribes to the same topics
//! (Kafka looks at the protocol alone and leaves it to the client to notice and join again).

use std::collections::BTreeSet;

use strait_wire::ErrorCode;
use strait_wire::messages::join_group::JoinGroupResponse;

use super::join::JoinCall;
use super::writes::Pending;
use super::{Group, GroupState, Reply};
use crate::coordinator::subscription;
use crate::coordinator::timers::Moment;

/// From this version on a returning leader is told that it leads and need not assign (KIP-814).
const SKIP_ASSIGNMENT_FROM: i16 = 9;

impl Group {
    pub(super) fn replace_static(&mut self, now: Moment, call: JoinCall, old: &str, new: String) {
        let leader_before = self.leader.clone().unwrap_or_default();
        let topics_before = self.topics_of(old);
        let (version, ticket) = (call.caller.version, call.ticket);
        self.rename_member(old, &new);
        self.park_join(call, &new);
        self.hear_from(now, &new);
        match self.state {
            GroupState::Stable if self.stays_as_it_is(&new, &topics_before) => {
                let answer = self.static_answer(&new, version, leader_before);
                self.store_group(now, Pending::StaticRejoin { ticket, member: new, answer });
            }
            GroupState::Stable | GroupState::CompletingRebalance => self.prepare_rebalance(now),
            _ => self.complete_if_all_joined(now),
        }
    }

    /// The group is durable again: the newcomer gets its answer unless a rebalance came first.
    pub(super) fn static_rejoined(
        &mut self,
        now: Moment,
        ticket: super::Ticket,
        id: &str,
        answer: JoinGroupResponse,
    ) {
        let Some(member) = self.members.get_mut(id) else { return };
        if self.state == GroupState::PreparingRebalance || member.joining != Some(ticket) {
            return;
        }
        member.joining = None;
        self.reply(ticket, Reply::Join(answer));
        self.hear_from(now, id);
    }

    fn rename_member(&mut self, old: &str, new: &str) {
        self.refuse_parked(old, ErrorCode::FENCED_INSTANCE_ID);
        let mut member = self.members.remove(old).expect("an instance id names a member");
        new.clone_into(&mut member.id);
        member.is_new = false;
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), new.to_owned());
        }
        if self.pending_sync.remove(old) {
            self.pending_sync.insert(new.to_owned());
        }
        if self.is_leader(old) {
            self.leader = Some(new.to_owned());
        }
        self.members.insert(new.to_owned(), member);
    }

    fn stays_as_it_is(&self, id: &str, topics_before: &Option<BTreeSet<String>>) -> bool {
        self.protocol.is_some()
            && self.select_protocol() == self.protocol
            && self.topics_of(id) == *topics_before
    }

    /// What a consumer subscribes to; `None` where that means nothing.
    fn topics_of(&self, id: &str) -> Option<BTreeSet<String>> {
        let protocol = self.protocol.as_deref().filter(|_| self.is_consumer_group())?;
        subscription::topics(&self.members.get(id)?.metadata(protocol)).ok()
    }

    /// Before version 9 a returning leader hears its *old* id as the leader's, or it would
    /// compute an assignment that nobody asks for.
    fn static_answer(&self, id: &str, version: i16, leader_before: String) -> JoinGroupResponse {
        let leads = self.is_leader(id);
        if version >= SKIP_ASSIGNMENT_FROM {
            return JoinGroupResponse { skip_assignment: leads, ..self.joined(id, leads) };
        }
        JoinGroupResponse { leader: leader_before, ..self.joined(id, false) }
    }
}
