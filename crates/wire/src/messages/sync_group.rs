//! SyncGroup, key 14: versions 0 to 5, flexible from 4.

use crate::error_code::ErrorCode;
use crate::message::message;
use bytes::Bytes;

message! {
    /// The request of SyncGroup (key 14).
    struct SyncGroupRequest {
        group_id: String [0..],
        generation_id: i32 [0..],
        member_id: String [0..],
        group_instance_id: Option<String> [3..],
        protocol_type: Option<String> [5..],
        protocol_name: Option<String> [5..],
        assignments: Vec<SyncGroupRequestAssignment> [0..],
    }

    /// Part of [`SyncGroupRequest`].
    struct SyncGroupRequestAssignment {
        member_id: String [0..],
        assignment: Bytes [0..],
    }

    /// The response of SyncGroup (key 14).
    struct SyncGroupResponse {
        throttle_time_ms: i32 [1..],
        error_code: ErrorCode [0..],
        protocol_type: Option<String> [5..],
        protocol_name: Option<String> [5..],
        assignment: Bytes [0..],
    }
}
