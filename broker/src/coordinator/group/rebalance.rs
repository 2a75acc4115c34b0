//! Rebalances: from the first member that wants one to the next generation.

use std::collections::BTreeMap;

use strait_wire::ErrorCode;

use super::writes::Pending;
use super::{Group, GroupState, Reply};
use crate::coordinator::timers::Moment;

/// No rebalance is given less, whatever its members say: a wait that is armed again and again
/// must not become a busy loop.
const REBALANCE_MS_MIN: u64 = 100;

/// What ends the wait for joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinTimer {
    /// A new group gives others time to come; each newcomer extends it while `left_ms` lasts.
    Initial { deadline: u64, delay_ms: u64, left_ms: u64 },
    /// Members that have not joined by then are out.
    Rebalance { deadline: u64 },
}

impl JoinTimer {
    pub(super) fn deadline(&self) -> u64 {
        match self {
            JoinTimer::Initial { deadline, .. } | JoinTimer::Rebalance { deadline } => *deadline,
        }
    }
}

impl Group {
    /// Starts a rebalance where one can start; otherwise sees whether the running one is done.
    pub(super) fn rebalance_or_complete(&mut self, now: Moment) {
        match self.state {
            GroupState::Empty | GroupState::CompletingRebalance | GroupState::Stable => {
                self.prepare_rebalance(now);
            }
            GroupState::PreparingRebalance => self.complete_if_all_joined(now),
            GroupState::Dead => {}
        }
    }

    pub(super) fn prepare_rebalance(&mut self, now: Moment) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(now, ErrorCode::REBALANCE_IN_PROGRESS);
        }
        self.sync_deadline = None;
        let initial = self.state == GroupState::Empty;
        self.enter(GroupState::PreparingRebalance, now);
        if initial {
            self.wait_for_company(now);
        } else if self.all_joined() {
            self.complete_join(now);
        } else {
            self.arm_rebalance(now);
        }
    }

    /// The last missing member may have joined or left. In a new group the initial delay
    /// decides instead.
    pub(super) fn complete_if_all_joined(&mut self, now: Moment) {
        let ready = self.state == GroupState::PreparingRebalance
            && self.previous != GroupState::Empty
            && self.all_joined();
        if ready {
            self.complete_join(now);
        }
    }

    pub(super) fn expire_join(&mut self, now: Moment) {
        match self.join_timer {
            Some(timer) if timer.deadline() > now.ticks_ms => {}
            Some(JoinTimer::Initial { delay_ms, left_ms, .. })
                if self.newcomer_in_delay && left_ms > 0 =>
            {
                self.newcomer_in_delay = false;
                self.join_timer = Some(JoinTimer::Initial {
                    deadline: now.ticks_ms + delay_ms.min(left_ms),
                    delay_ms,
                    left_ms: left_ms.saturating_sub(delay_ms),
                });
            }
            Some(_) => self.complete_join(now),
            None => {}
        }
    }

    /// The protocol that most members prefer among those that all of them speak; of several the
    /// one that was voted for first, in the order of member ids.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let spoken_by_all = |name: &str| self.members.values().all(|member| member.speaks(name));
        let mut votes: Vec<(&str, usize)> = Vec::new();
        for member in self.members.values() {
            let mut names = member.protocols.iter().map(|(name, _)| name.as_str());
            let choice = names.find(|name| spoken_by_all(name))?;
            match votes.iter_mut().find(|(name, _)| *name == choice) {
                Some((_, count)) => *count += 1,
                None => votes.push((choice, 1)),
            }
        }
        let most = votes.iter().map(|(_, count)| *count).max()?;
        let winner = votes.iter().find(|(_, count)| *count == most);
        winner.map(|(name, _)| (*name).to_owned())
    }

    fn wait_for_company(&mut self, now: Moment) {
        let delay_ms = self.settings.initial_rebalance_delay.as_millis() as u64;
        if delay_ms == 0 {
            return self.complete_join(now);
        }
        let left_ms = self.rebalance_timeout_ms().saturating_sub(delay_ms);
        self.newcomer_in_delay = false;
        self.join_timer =
            Some(JoinTimer::Initial { deadline: now.ticks_ms + delay_ms, delay_ms, left_ms });
    }

    fn arm_rebalance(&mut self, now: Moment) {
        let deadline = now.ticks_ms + self.rebalance_timeout_ms();
        self.join_timer = Some(JoinTimer::Rebalance { deadline });
    }

    fn complete_join(&mut self, now: Moment) {
        self.join_timer = None;
        self.remove_absent();
        if self.members.is_empty() {
            self.become_empty(now);
        } else if self.elect_leader() {
            self.begin_generation(now);
        } else {
            // Only static members that are away: wait until one comes or its session ends.
            self.arm_rebalance(now);
        }
    }

    /// Dynamic members that did not join in time are out; static ones have their session.
    fn remove_absent(&mut self) {
        let absent = self.members.values();
        let absent = absent.filter(|m| m.joining.is_none() && m.instance_id.is_none());
        let absent: Vec<String> = absent.map(|member| member.id.clone()).collect();
        for id in absent {
            self.remove_member(&id, ErrorCode::UNKNOWN_MEMBER_ID);
        }
    }

    /// The leader must be somebody who waits for an answer.
    fn elect_leader(&mut self) -> bool {
        let joined = |id: &String| self.members.get(id).is_some_and(|m| m.joining.is_some());
        if !self.leader.as_ref().is_some_and(joined) {
            let Some(next) = self.members.keys().find(|id| joined(id)).cloned() else {
                return false;
            };
            self.leader = Some(next);
        }
        true
    }

    fn become_empty(&mut self, now: Moment) {
        self.generation += 1;
        self.protocol = None;
        self.leader = None;
        self.pending_sync.clear();
        self.subscribed = self.subscribed_topics();
        self.enter(GroupState::Empty, now);
        self.store_group(now, Pending::Emptied);
    }

    fn begin_generation(&mut self, now: Moment) {
        self.generation += 1;
        self.protocol = self.select_protocol();
        self.subscribed = self.subscribed_topics();
        self.pending_sync = self.members.keys().cloned().collect();
        self.enter(GroupState::CompletingRebalance, now);
        let ids: Vec<String> = self.members.keys().cloned().collect();
        for id in ids {
            self.answer_join(now, &id);
        }
        self.sync_deadline = Some(now.ticks_ms + self.rebalance_timeout_ms());
    }

    fn answer_join(&mut self, now: Moment, id: &str) {
        let answer = self.joined(id, self.is_leader(id));
        let member = self.members.get_mut(id).expect("the id was just listed");
        member.is_new = false;
        if let Some(ticket) = member.joining.take() {
            self.reply(ticket, Reply::Join(answer));
            self.hear_from(now, id);
        }
    }

    pub(super) fn drop_assignments(&mut self, now: Moment, code: ErrorCode) {
        for member in self.members.values_mut() {
            member.assignment.clear();
        }
        self.release_syncs(now, code);
    }

    fn all_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|m| m.joining.is_some())
    }

    fn rebalance_timeout_ms(&self) -> u64 {
        let timeouts = self.members.values().map(|member| member.rebalance_timeout_ms);
        let longest = u64::try_from(timeouts.max().unwrap_or(0)).unwrap_or(0);
        longest.max(REBALANCE_MS_MIN)
    }

    /// Fills in an assignment for everybody: members the leader forgot get an empty one.
    pub(super) fn assign(&mut self, mut assignments: BTreeMap<String, bytes::Bytes>) {
        for member in self.members.values_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
    }
}
