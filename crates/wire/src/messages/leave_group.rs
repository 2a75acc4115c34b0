//! LeaveGroup, key 13: versions 0 to 5, flexible from 4.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of LeaveGroup (key 13).
    struct LeaveGroupRequest {
        group_id: String [0..],
        member_id: String [0..=2],
        members: Vec<MemberIdentity> [3..],
    }

    /// Part of [`LeaveGroupRequest`].
    struct MemberIdentity {
        member_id: String [3..],
        group_instance_id: Option<String> [3..],
        reason: Option<String> [5..],
    }

    /// The response of LeaveGroup (key 13).
    struct LeaveGroupResponse {
        throttle_time_ms: i32 [1..],
        error_code: ErrorCode [0..],
        members: Vec<MemberResponse> [3..],
    }

    /// Part of [`LeaveGroupResponse`].
    struct MemberResponse {
        member_id: String [3..],
        group_instance_id: Option<String> [3..],
        error_code: ErrorCode [3..],
    }
}
