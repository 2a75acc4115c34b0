//! OffsetDelete, key 47: versions 0 to 0, flexible from never.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of OffsetDelete (key 47).
    struct OffsetDeleteRequest {
        group_id: String [0..],
        topics: Vec<OffsetDeleteRequestTopic> [0..],
    }

    /// Part of [`OffsetDeleteRequest`].
    struct OffsetDeleteRequestTopic {
        name: String [0..],
        partitions: Vec<OffsetDeleteRequestPartition> [0..],
    }

    /// Part of [`OffsetDeleteRequest`].
    struct OffsetDeleteRequestPartition {
        partition_index: i32 [0..],
    }

    /// The response of OffsetDelete (key 47).
    struct OffsetDeleteResponse {
        error_code: ErrorCode [0..],
        throttle_time_ms: i32 [0..],
        topics: Vec<OffsetDeleteResponseTopic> [0..],
    }

    /// Part of [`OffsetDeleteResponse`].
    struct OffsetDeleteResponseTopic {
        name: String [0..],
        partitions: Vec<OffsetDeleteResponsePartition> [0..],
    }

    /// Part of [`OffsetDeleteResponse`].
    struct OffsetDeleteResponsePartition {
        partition_index: i32 [0..],
        error_code: ErrorCode [0..],
    }
}
