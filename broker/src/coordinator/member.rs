//! A member of a group: who it is, what it asked for, and which of its requests are parked.

use bytes::Bytes;
use strait_wire::messages::describe_groups::DescribedGroupMember;
use strait_wire::messages::join_group::JoinGroupResponseMember;

use super::group::Ticket;
use super::storage::StoredMember;

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    /// Its id, made by the coordinator.
    pub id: String,
    /// The id its owner gave it, if it is static (KIP-345).
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it connected from.
    pub client_host: String,
    /// How long a rebalance waits for it.
    pub rebalance_timeout_ms: i32,
    /// How long it may be silent.
    pub session_timeout_ms: i32,
    /// The protocols it speaks, the best first, each with its metadata.
    pub protocols: Vec<(String, Bytes)>,
    /// What the leader assigned to it.
    pub assignment: Bytes,
    /// Its parked join.
    pub joining: Option<Ticket>,
    /// Its parked sync.
    pub syncing: Option<Ticket>,
    /// Whether its first join was not answered yet.
    pub is_new: bool,
    /// The tick at which it counts as gone.
    pub deadline: Option<u64>,
}

impl Member {
    /// Whether it speaks `protocol`.
    pub fn speaks(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }

    /// Its metadata for `protocol`; empty if it does not speak it.
    pub fn metadata(&self, protocol: &str) -> Bytes {
        let found = self.protocols.iter().find(|(name, _)| name == protocol);
        found.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    /// Bytes of metadata over all protocols.
    pub fn metadata_bytes(&self) -> usize {
        self.protocols.iter().map(|(name, metadata)| name.len() + metadata.len()).sum()
    }

    /// Whether its silence is our doing: it waits for an answer (a new member never knows its
    /// id, so for it waiting counts as silence).
    pub fn is_waiting(&self) -> bool {
        !self.is_new && (self.joining.is_some() || self.syncing.is_some())
    }

    /// How the leader sees it.
    pub fn for_leader(&self, protocol: &str) -> JoinGroupResponseMember {
        JoinGroupResponseMember {
            member_id: self.id.clone(),
            group_instance_id: self.instance_id.clone(),
            metadata: self.metadata(protocol),
        }
    }

    /// How a description shows it; metadata and assignment only of a stable group.
    pub fn described(&self, protocol: Option<&str>) -> DescribedGroupMember {
        DescribedGroupMember {
            member_id: self.id.clone(),
            group_instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            member_metadata: protocol.map(|name| self.metadata(name)).unwrap_or_default(),
            member_assignment: protocol.map(|_| self.assignment.clone()).unwrap_or_default(),
        }
    }

    /// How the log keeps it, with `assignment` for what it is assigned.
    pub fn stored(&self, protocol: &str, assignment: Bytes) -> StoredMember {
        StoredMember {
            id: self.id.clone(),
            instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            session_timeout_ms: self.session_timeout_ms,
            subscription: self.metadata(protocol),
            assignment,
        }
    }

    /// A member as the log kept it; it knows one protocol, the group's.
    pub fn restored(stored: StoredMember, protocol: &str) -> Self {
        Self {
            id: stored.id,
            instance_id: stored.instance_id,
            client_id: stored.client_id,
            client_host: stored.client_host,
            rebalance_timeout_ms: stored.rebalance_timeout_ms,
            session_timeout_ms: stored.session_timeout_ms,
            protocols: vec![(protocol.to_owned(), Bytes::copy_from_slice(&stored.subscription))],
            assignment: Bytes::copy_from_slice(&stored.assignment),
            ..Self::default()
        }
    }
}
