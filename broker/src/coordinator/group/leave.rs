//! LeaveGroup: members go, or an operator removes static ones by instance id.

use strait_wire::ErrorCode;
use strait_wire::messages::leave_group::{MemberIdentity, MemberResponse};

use super::{Group, GroupState};
use crate::coordinator::timers::Moment;

impl Group {
    /// Takes the members out, one answer each; one rebalance for all.
    pub fn leave(
        &mut self,
        now: Moment,
        members: &[MemberIdentity],
    ) -> Result<Vec<MemberResponse>, ErrorCode> {
        if self.state == GroupState::Dead {
            return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
        }
        let answers: Vec<_> = members.iter().map(|member| self.leave_one(member)).collect();
        if answers.iter().any(|answer| answer.error_code.is_ok()) {
            self.after_departure(now);
        }
        Ok(answers)
    }

    fn leave_one(&mut self, who: &MemberIdentity) -> MemberResponse {
        let error_code = match self.find_leaver(who) {
            Ok(id) => {
                self.pending_members.remove(&id);
                self.remove_member(&id, ErrorCode::UNKNOWN_MEMBER_ID);
                ErrorCode::NONE
            }
            Err(code) => code,
        };
        left(who, error_code)
    }

    fn find_leaver(&self, who: &MemberIdentity) -> Result<String, ErrorCode> {
        let instance = who.group_instance_id.as_deref();
        if who.member_id.is_empty() {
            let member = instance.and_then(|instance| self.static_members.get(instance));
            return member.cloned().ok_or(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if !self.pending_members.contains_key(&who.member_id) {
            self.check_member(&who.member_id, instance)?;
        }
        Ok(who.member_id.clone())
    }
}

/// The answer for one member.
pub(in crate::coordinator) fn left(who: &MemberIdentity, error_code: ErrorCode) -> MemberResponse {
    MemberResponse {
        member_id: who.member_id.clone(),
        group_instance_id: who.group_instance_id.clone(),
        error_code,
    }
}
