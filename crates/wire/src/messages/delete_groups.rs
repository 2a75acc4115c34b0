//! DeleteGroups, key 42: versions 0 to 2, flexible from 2.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of DeleteGroups (key 42).
    struct DeleteGroupsRequest {
        groups_names: Vec<String> [0..],
    }

    /// The response of DeleteGroups (key 42).
    struct DeleteGroupsResponse {
        throttle_time_ms: i32 [0..],
        results: Vec<DeletableGroupResult> [0..],
    }

    /// Part of [`DeleteGroupsResponse`].
    struct DeletableGroupResult {
        group_id: String [0..],
        error_code: ErrorCode [0..],
    }
}
