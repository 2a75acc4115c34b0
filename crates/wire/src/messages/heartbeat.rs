//! Heartbeat, key 12: versions 0 to 4, flexible from 4.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of Heartbeat (key 12).
    struct HeartbeatRequest {
        group_id: String [0..],
        generation_id: i32 [0..],
        member_id: String [0..],
        group_instance_id: Option<String> [3..],
    }

    /// The response of Heartbeat (key 12).
    struct HeartbeatResponse {
        throttle_time_ms: i32 [1..],
        error_code: ErrorCode [0..],
    }
}
