//! Heartbeats, and what happens when they stop.

use strait_wire::ErrorCode;
use strait_wire::messages::heartbeat::HeartbeatRequest;

use super::{Group, GroupState};
use crate::coordinator::timers::Moment;

impl Group {
    /// A member is alive; the answer tells it whether to join again.
    pub fn heartbeat(&mut self, now: Moment, request: &HeartbeatRequest) -> ErrorCode {
        if self.state == GroupState::Dead {
            return ErrorCode::COORDINATOR_NOT_AVAILABLE;
        }
        let instance = request.group_instance_id.as_deref();
        if let Err(code) = self.check_member(&request.member_id, instance) {
            return code;
        }
        if request.generation_id != self.generation {
            return ErrorCode::ILLEGAL_GENERATION;
        }
        self.hear_from(now, &request.member_id);
        match self.state {
            GroupState::PreparingRebalance => ErrorCode::REBALANCE_IN_PROGRESS,
            _ => ErrorCode::NONE,
        }
    }

    /// Members whose session ended are out. One that waits for *our* answer is not silent; its
    /// session starts when it is answered.
    pub(super) fn expire_members(&mut self, now: Moment) {
        let pending_before = self.pending_members.len();
        self.pending_members.retain(|_, deadline| *deadline > now.ticks_ms);
        let mut silent = Vec::new();
        for member in self.members.values_mut() {
            if member.deadline.is_some_and(|deadline| deadline <= now.ticks_ms) {
                member.deadline = None;
                if !member.is_waiting() {
                    silent.push(member.id.clone());
                }
            }
        }
        for id in &silent {
            self.remove_member(id, ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if !silent.is_empty() {
            self.after_departure(now);
        } else if self.pending_members.len() < pending_before {
            self.complete_if_all_joined(now);
        }
    }

    /// Somebody is gone: share out its work, or stop waiting for it.
    pub(super) fn after_departure(&mut self, now: Moment) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => self.prepare_rebalance(now),
            GroupState::PreparingRebalance => self.complete_if_all_joined(now),
            GroupState::Empty | GroupState::Dead => {}
        }
    }
}
