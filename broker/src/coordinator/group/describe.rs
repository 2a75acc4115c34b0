//! What a group shows of itself: descriptions, list entries, committed offsets.

use strait_wire::messages::describe_groups::DescribedGroup;
use strait_wire::messages::list_groups::ListedGroup;

use super::{Group, GroupState};

/// The type of these groups in ListGroups; "consumer" would be KIP-848's.
pub const CLASSIC: &str = "classic";

impl Group {
    /// The description; `None` for a group that is gone or going.
    pub fn describe(&self) -> Option<DescribedGroup> {
        if self.state == GroupState::Dead {
            return None;
        }
        let protocol = self.protocol.as_deref().filter(|_| self.state == GroupState::Stable);
        Some(DescribedGroup {
            group_id: self.id.clone(),
            group_state: self.state.name().to_owned(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            protocol_data: protocol.unwrap_or_default().to_owned(),
            members: self.members.values().map(|member| member.described(protocol)).collect(),
            ..Default::default()
        })
    }

    /// The list entry; `None` for a group that is gone or going.
    pub fn listed(&self) -> Option<ListedGroup> {
        (self.state != GroupState::Dead).then(|| ListedGroup {
            group_id: self.id.clone(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            group_state: self.state.name().to_owned(),
            group_type: CLASSIC.to_owned(),
        })
    }
}
