//! One consumer group as a pure state machine: requests, deadlines and finished writes come in
//! with the time they came at; [`Command`]s go out.
//!
//! ```text
//! Empty → PreparingRebalance → CompletingRebalance → Stable
//!           ↑  joins park        ↑  syncs park         │      Dead: being deleted
//!           └────────────────────┴─────────────────────┘
//! ```
//! - `generation` grows by one whenever a rebalance completes, and never otherwise.
//! - In `Stable` and `CompletingRebalance` there are members, a leader among them, and a protocol
//!   that every member speaks.
//! - A static member's instance id belongs to exactly one member.
//! - What a write changes becomes visible when [`Group::stored`] reports it durable, not before.
//!
//! `join` and `static_member` take members in, `rebalance` makes generations, `sync` hands out
//! assignments, `heartbeat` and `leave` see members off, `commit` and `forget` keep offsets,
//! `writes` is what happens once the log has something, `restore` is the way back from the log.

mod commit;
mod describe;
mod forget;
mod heartbeat;
mod join;
mod leave;
mod rebalance;
mod restore;
mod static_member;
mod sync;
mod writes;

#[cfg(test)]
mod stories;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::join_group::JoinGroupResponse;
use strait_wire::messages::offset_commit::OffsetCommitResponse;
use strait_wire::messages::offset_delete::OffsetDeleteResponse;
use strait_wire::messages::sync_group::SyncGroupResponse;

use super::member::Member;
use super::offsets::Offsets;
use super::settings::GroupSettings;
use super::subscription::{self, CONSUMER};
use super::timers::Moment;

pub use commit::CommitCall;
pub(super) use commit::commit_answer;
pub use forget::ForgetCall;
pub use join::{JoinCall, join_refused};
pub(super) use leave::left;
pub use sync::sync_refused;
pub use writes::{Write, WriteId};

use rebalance::JoinTimer;
use writes::Pending;

/// Where a group stands; names as Kafka prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// No members; perhaps offsets.
    Empty,
    /// Waiting for members to join.
    PreparingRebalance,
    /// Waiting for the leader's assignment.
    CompletingRebalance,
    /// Every member has its assignment or can fetch it.
    Stable,
    /// Being deleted, or gone.
    Dead,
}

impl GroupState {
    /// The state's name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }
}

/// Names a request whose answer may come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The answer to a parked request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To a join.
    Join(JoinGroupResponse),
    /// To a sync.
    Sync(SyncGroupResponse),
    /// To a commit.
    Commit(OffsetCommitResponse),
    /// To the deletion of the group.
    Delete(ErrorCode),
    /// To the deletion of offsets.
    Forget(OffsetDeleteResponse),
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Answer a request.
    Reply(Ticket, Reply),
    /// Make records durable, in the order of the commands, then call [`Group::stored`].
    Store(Write),
}

/// A consumer group.
#[derive(Debug)]
pub struct Group {
    id: String,
    settings: Arc<GroupSettings>,
    state: GroupState,
    previous: GroupState,
    state_since_ms: Option<i64>,
    generation: i32,
    protocol_type: Option<String>,
    protocol: Option<String>,
    leader: Option<String>,
    members: BTreeMap<String, Member>,
    static_members: BTreeMap<String, String>,
    pending_members: BTreeMap<String, u64>,
    pending_sync: BTreeSet<String>,
    subscribed: Option<BTreeSet<String>>,
    join_timer: Option<JoinTimer>,
    sync_deadline: Option<u64>,
    newcomer_in_delay: bool,
    offsets: Offsets,
    pending_writes: BTreeMap<WriteId, Pending>,
    next_write: u64,
    in_log: bool,
    commands: Vec<Command>,
}

impl Group {
    /// A group nobody has joined yet.
    pub fn new(id: String, settings: Arc<GroupSettings>) -> Self {
        Self {
            id,
            settings,
            state: GroupState::Empty,
            previous: GroupState::Dead,
            state_since_ms: None,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_members: BTreeMap::new(),
            pending_sync: BTreeSet::new(),
            subscribed: None,
            join_timer: None,
            sync_deadline: None,
            newcomer_in_delay: false,
            offsets: Offsets::default(),
            pending_writes: BTreeMap::new(),
            next_write: 0,
            in_log: false,
            commands: Vec::new(),
        }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it stands.
    pub fn state(&self) -> GroupState {
        self.state
    }

    /// What is committed.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// What the driver is to do since it last asked.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// The tick of the next call of [`Group::wake`].
    pub fn next_deadline(&self) -> Option<u64> {
        let members = self.members.values().filter_map(|member| member.deadline);
        let pending = self.pending_members.values().copied();
        let join = self.join_timer.as_ref().map(JoinTimer::deadline);
        members.chain(pending).chain(join).chain(self.sync_deadline).min()
    }

    /// Acts on every deadline that has passed.
    pub fn wake(&mut self, now: Moment) {
        self.expire_members(now);
        self.expire_sync(now);
        self.expire_join(now);
    }

    /// Ends a group that holds nothing and is not in the log; whether it did.
    pub fn retire(&mut self) -> bool {
        let holds_nothing = self.state == GroupState::Empty
            && self.pending_members.is_empty()
            && self.pending_writes.is_empty()
            && self.offsets.is_empty()
            && !self.in_log;
        if holds_nothing {
            self.state = GroupState::Dead;
        }
        self.is_gone()
    }

    /// Whether it is dead and nothing of it is left to write.
    pub fn is_gone(&self) -> bool {
        self.state == GroupState::Dead && self.pending_writes.is_empty()
    }

    /// Answers every parked join and sync with `code`: the broker is going down.
    pub fn release_parked(&mut self, code: ErrorCode) {
        let ids: Vec<String> = self.members.keys().cloned().collect();
        for id in ids {
            self.refuse_parked(&id, code);
        }
    }

    fn reply(&mut self, to: Ticket, reply: Reply) {
        self.commands.push(Command::Reply(to, reply));
    }

    fn enter(&mut self, state: GroupState, now: Moment) {
        self.previous = self.state;
        self.state = state;
        self.state_since_ms = Some(now.wall_ms);
    }

    fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    fn is_consumer_group(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// Checks that a request speaks for a current member.
    fn check_member(&self, member: &str, instance: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(ErrorCode::UNKNOWN_MEMBER_ID),
                Some(current) if current != member => return Err(ErrorCode::FENCED_INSTANCE_ID),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(ErrorCode::UNKNOWN_MEMBER_ID) }
    }

    /// Gives a member its session timeout from now on.
    fn hear_from(&mut self, now: Moment, member: &str) {
        if let Some(member) = self.members.get_mut(member) {
            member.deadline = Some(now.after(member.session_timeout_ms));
        }
    }

    /// Takes a member out; its parked requests learn `code` first.
    fn remove_member(&mut self, id: &str, code: ErrorCode) {
        self.refuse_parked(id, code);
        self.pending_sync.remove(id);
        let Some(member) = self.members.remove(id) else { return };
        if let Some(instance) = member.instance_id {
            self.static_members.remove(&instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    fn refuse_parked(&mut self, id: &str, code: ErrorCode) {
        let Some(member) = self.members.get_mut(id) else { return };
        let (joining, syncing) = (member.joining.take(), member.syncing.take());
        if let Some(ticket) = joining {
            self.reply(ticket, Reply::Join(join_refused(id, code)));
        }
        if let Some(ticket) = syncing {
            self.reply(ticket, Reply::Sync(sync_refused(code)));
        }
    }

    /// The topics its members subscribe to; `None` if they cannot be known.
    fn subscribed_topics(&self) -> Option<BTreeSet<String>> {
        if !self.is_consumer_group() {
            return None;
        }
        let Some(protocol) = self.protocol.as_deref() else {
            return self.members.is_empty().then(BTreeSet::new);
        };
        let mut all = BTreeSet::new();
        for member in self.members.values() {
            all.extend(subscription::topics(&member.metadata(protocol)).ok()?);
        }
        Some(all)
    }

    fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed {
            Some(topics) => topics.contains(topic),
            None => self.is_consumer_group() && !self.members.is_empty(),
        }
    }
}
