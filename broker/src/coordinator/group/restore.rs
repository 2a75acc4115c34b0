//! The way back from the log: records in their order, then the clock starts.

use super::{Group, GroupState};
use crate::coordinator::member::Member;
use crate::coordinator::offsets::Committed;
use crate::coordinator::storage::StoredGroup;
use crate::coordinator::timers::Moment;

impl Group {
    /// An offset record; `None` is a tombstone.
    pub fn restore_offset(&mut self, topic: &str, partition: i32, committed: Option<Committed>) {
        match committed {
            Some(committed) => self.offsets.insert(topic, partition, committed),
            None => self.offsets.remove(topic, partition),
        }
    }

    /// A group record; `None` is a tombstone. Offsets are records of their own.
    pub fn restore_metadata(&mut self, stored: Option<StoredGroup>) {
        let offsets = std::mem::take(&mut self.offsets);
        *self = Self::new(std::mem::take(&mut self.id), self.settings.clone());
        self.offsets = offsets;
        if let Some(stored) = stored {
            self.restore_members(stored);
        }
    }

    /// The log is read: members get a whole session timeout to be heard of again.
    pub fn restored(&mut self, now: Moment) {
        self.subscribed = self.subscribed_topics();
        for member in self.members.values_mut() {
            member.deadline = Some(now.after(member.session_timeout_ms));
        }
    }

    fn restore_members(&mut self, stored: StoredGroup) {
        self.in_log = true;
        self.generation = stored.generation;
        self.protocol_type = Some(stored.protocol_type).filter(|name| !name.is_empty());
        self.protocol = stored.protocol;
        self.leader = stored.leader;
        self.state_since_ms = stored.state_since_ms;
        let protocol = self.protocol.clone().unwrap_or_default();
        for member in stored.members {
            let member = Member::restored(member, &protocol);
            if let Some(instance) = &member.instance_id {
                self.static_members.insert(instance.clone(), member.id.clone());
            }
            self.members.insert(member.id.clone(), member);
        }
        if !self.members.is_empty() {
            self.state = GroupState::Stable;
        }
    }
}
