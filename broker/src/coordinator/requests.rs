//! The requests that change a group: an async method per API.

use std::sync::Arc;

use futures::future::join_all;
use strait_io::rng;
use strait_io::time::Duration;
use strait_wire::messages::delete_groups::{
    DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse,
};
use strait_wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use strait_wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use strait_wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use strait_wire::messages::offset_commit::{OffsetCommitRequest, OffsetCommitResponse};
use strait_wire::messages::offset_delete::{OffsetDeleteRequest, OffsetDeleteResponse};
use strait_wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use strait_wire::{ErrorCode, Uuid};

use super::group::{
    CommitCall, ForgetCall, JoinCall, Reply, commit_answer, join_refused, left, sync_refused,
};
use super::settings::TEXT_BYTES_MAX;
use super::{GroupCoordinator, Missing};
use crate::request::Caller;

/// From this version on a failed join names no protocol; before, an empty one.
const NULL_PROTOCOL_FROM: i16 = 7;
/// From this version on members leave as a list.
const LEAVE_LIST_FROM: i16 = 3;

impl GroupCoordinator {
    /// JoinGroup; waits for the rebalance it causes.
    pub async fn join_group(
        self: &Arc<Self>,
        caller: &Caller,
        request: JoinGroupRequest,
    ) -> JoinGroupResponse {
        let member = request.member_id.clone();
        let joined = self.try_join(caller, request).await;
        let mut answer = joined.unwrap_or_else(|code| join_refused(&member, code));
        if caller.version >= NULL_PROTOCOL_FROM && !answer.error_code.is_ok() {
            answer.protocol_name = None;
        }
        answer
    }

    /// SyncGroup; a follower waits for its leader.
    pub async fn sync_group(
        self: &Arc<Self>,
        caller: &Caller,
        request: SyncGroupRequest,
    ) -> SyncGroupResponse {
        let synced = self.try_sync(caller, request).await;
        synced.unwrap_or_else(sync_refused)
    }

    /// Heartbeat.
    pub async fn heartbeat(
        self: &Arc<Self>,
        _: &Caller,
        request: HeartbeatRequest,
    ) -> HeartbeatResponse {
        let missing = Missing::Refuse(ErrorCode::UNKNOWN_MEMBER_ID);
        let code = named(&request.group_id).and_then(|()| {
            self.on_group(&request.group_id, missing, |slot, now| {
                slot.group.heartbeat(now, &request)
            })
        });
        let error_code = code.unwrap_or_else(|code| code);
        HeartbeatResponse { error_code, ..Default::default() }
    }

    /// LeaveGroup.
    pub async fn leave_group(
        self: &Arc<Self>,
        caller: &Caller,
        request: LeaveGroupRequest,
    ) -> LeaveGroupResponse {
        let one = MemberIdentity { member_id: request.member_id, ..Default::default() };
        let list = caller.version >= LEAVE_LIST_FROM;
        let members = if list { request.members } else { vec![one] };
        let mut answer = self.leave(&request.group_id, &members);
        if !list && let Some(member) = answer.members.pop() {
            answer.error_code = member.error_code;
        }
        answer
    }

    /// OffsetCommit; answers when the offsets are durable.
    pub async fn offset_commit(
        self: &Arc<Self>,
        _: &Caller,
        request: OffsetCommitRequest,
    ) -> OffsetCommitResponse {
        let id = request.group_id.clone();
        let failed = |code| commit_answer(&request, |_, _| code);
        if let Err(code) = short(&id) {
            return failed(code);
        }
        let missing = match request.generation_id_or_member_epoch {
            ..0 => Missing::Create,
            _ => Missing::Refuse(ErrorCode::ILLEGAL_GENERATION),
        };
        let exists = |topic: &str, partition| self.store.topic_exists(topic, partition);
        let asked = request.clone();
        let committed = self.ask(
            &id,
            missing,
            |group, now, ticket| {
                group.commit(now, CommitCall { ticket, request: asked, exists: &exists });
            },
            |reply| if let Reply::Commit(answer) = reply { Some(answer) } else { None },
        );
        committed.await.unwrap_or_else(failed)
    }

    /// DeleteGroups; answers when the groups are gone from the log.
    pub async fn delete_groups(
        self: &Arc<Self>,
        _: &Caller,
        request: DeleteGroupsRequest,
    ) -> DeleteGroupsResponse {
        let deletions = request.groups_names.into_iter().map(|group_id| async {
            let error_code = self.delete_group(&group_id).await.unwrap_or_else(|code| code);
            DeletableGroupResult { group_id, error_code }
        });
        DeleteGroupsResponse { results: join_all(deletions).await, ..Default::default() }
    }

    /// OffsetDelete; answers when the offsets are gone from the log.
    pub async fn offset_delete(
        self: &Arc<Self>,
        _: &Caller,
        request: OffsetDeleteRequest,
    ) -> OffsetDeleteResponse {
        let failed = |error_code| OffsetDeleteResponse { error_code, ..Default::default() };
        if let Err(code) = named(&request.group_id) {
            return failed(code);
        }
        let id = request.group_id.clone();
        let exists = |topic: &str, partition| self.store.topic_exists(topic, partition);
        let forgotten = self.ask(
            &id,
            Missing::Refuse(ErrorCode::GROUP_ID_NOT_FOUND),
            |group, now, ticket| group.forget(now, ForgetCall { ticket, request, exists: &exists }),
            |reply| if let Reply::Forget(answer) = reply { Some(answer) } else { None },
        );
        forgotten.await.unwrap_or_else(failed)
    }

    async fn try_join(
        self: &Arc<Self>,
        caller: &Caller,
        request: JoinGroupRequest,
    ) -> Result<JoinGroupResponse, ErrorCode> {
        named(&request.group_id)?;
        self.check_session(request.session_timeout_ms)?;
        let id = request.group_id.clone();
        let missing = match request.member_id.is_empty() {
            true => Missing::Create,
            false => Missing::Refuse(ErrorCode::UNKNOWN_MEMBER_ID),
        };
        let (caller, fresh) = (caller.clone(), fresh_uuid());
        let joined = self.ask(
            &id,
            missing,
            |group, now, ticket| group.join(now, JoinCall { ticket, caller, fresh, request }),
            |reply| if let Reply::Join(answer) = reply { Some(answer) } else { None },
        );
        joined.await
    }

    async fn try_sync(
        self: &Arc<Self>,
        caller: &Caller,
        request: SyncGroupRequest,
    ) -> Result<SyncGroupResponse, ErrorCode> {
        named(&request.group_id)?;
        let id = request.group_id.clone();
        let synced = self.ask(
            &id,
            Missing::Refuse(ErrorCode::UNKNOWN_MEMBER_ID),
            |group, now, ticket| group.sync(now, ticket, caller.version, request),
            |reply| if let Reply::Sync(answer) = reply { Some(answer) } else { None },
        );
        synced.await
    }

    fn leave(self: &Arc<Self>, id: &str, members: &[MemberIdentity]) -> LeaveGroupResponse {
        let missing = Missing::Refuse(ErrorCode::UNKNOWN_MEMBER_ID);
        let answers = named(id).and_then(|()| {
            self.on_group(id, missing, |slot, now| slot.group.leave(now, members))?
        });
        match answers {
            Ok(members) => LeaveGroupResponse { members, ..Default::default() },
            // No such group: nobody named is a member of it.
            Err(code @ ErrorCode::UNKNOWN_MEMBER_ID) => LeaveGroupResponse {
                members: members.iter().map(|who| left(who, code)).collect(),
                ..Default::default()
            },
            Err(error_code) => LeaveGroupResponse { error_code, ..Default::default() },
        }
    }

    async fn delete_group(self: &Arc<Self>, id: &str) -> Result<ErrorCode, ErrorCode> {
        let deleted = self.ask(
            id,
            Missing::Refuse(ErrorCode::GROUP_ID_NOT_FOUND),
            |group, now, ticket| group.delete(now, ticket),
            |reply| if let Reply::Delete(code) = reply { Some(code) } else { None },
        );
        deleted.await
    }

    fn check_session(&self, session_timeout_ms: i32) -> Result<(), ErrorCode> {
        let bounds = self.settings.session_timeout_min..=self.settings.session_timeout_max;
        match u64::try_from(session_timeout_ms) {
            Ok(millis) if bounds.contains(&Duration::from_millis(millis)) => Ok(()),
            _ => Err(ErrorCode::INVALID_SESSION_TIMEOUT),
        }
    }
}

/// Members need a group with a name; commits may go to the nameless one, as ever.
fn named(group: &str) -> Result<(), ErrorCode> {
    if group.is_empty() { Err(ErrorCode::INVALID_GROUP_ID) } else { short(group) }
}

fn short(group: &str) -> Result<(), ErrorCode> {
    if group.len() > TEXT_BYTES_MAX { Err(ErrorCode::INVALID_GROUP_ID) } else { Ok(()) }
}

/// A random (version 4) UUID as text.
fn fresh_uuid() -> String {
    let mut bytes = rng::id();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes).to_string()
}
