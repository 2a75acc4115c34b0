//! OffsetFetch, key 9: versions 1 to 9, flexible from 6.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of OffsetFetch (key 9).
    struct OffsetFetchRequest {
        group_id: String [0..=7],
        topics: Option<Vec<OffsetFetchRequestTopic>> [0..=7] null [2..],
        groups: Vec<OffsetFetchRequestGroup> [8..],
        require_stable: bool [7..],
    }

    /// Part of [`OffsetFetchRequest`].
    struct OffsetFetchRequestTopic {
        name: String [0..=7],
        partition_indexes: Vec<i32> [0..=7],
    }

    /// Part of [`OffsetFetchRequest`].
    struct OffsetFetchRequestGroup {
        group_id: String [8..],
        member_id: Option<String> [9..],
        member_epoch: i32 [9..] = -1,
        topics: Option<Vec<OffsetFetchRequestTopics>> [8..],
    }

    /// Part of [`OffsetFetchRequest`].
    struct OffsetFetchRequestTopics {
        name: String [8..=9],
        partition_indexes: Vec<i32> [8..],
    }

    /// The response of OffsetFetch (key 9).
    struct OffsetFetchResponse {
        throttle_time_ms: i32 [3..],
        topics: Vec<OffsetFetchResponseTopic> [0..=7],
        error_code: ErrorCode [2..=7],
        groups: Vec<OffsetFetchResponseGroup> [8..],
    }

    /// Part of [`OffsetFetchResponse`].
    struct OffsetFetchResponseTopic {
        name: String [0..=7],
        partitions: Vec<OffsetFetchResponsePartition> [0..=7],
    }

    /// Part of [`OffsetFetchResponse`].
    struct OffsetFetchResponseGroup {
        group_id: String [8..],
        topics: Vec<OffsetFetchResponseTopics> [8..],
        error_code: ErrorCode [8..],
    }

    /// Part of [`OffsetFetchResponse`].
    struct OffsetFetchResponsePartition {
        partition_index: i32 [0..=7],
        committed_offset: i64 [0..=7],
        committed_leader_epoch: i32 [5..=7] = -1,
        metadata: Option<String> [0..=7],
        error_code: ErrorCode [0..=7],
    }

    /// Part of [`OffsetFetchResponse`].
    struct OffsetFetchResponseTopics {
        name: String [8..=9],
        partitions: Vec<OffsetFetchResponsePartitions> [8..],
    }

    /// Part of [`OffsetFetchResponse`].
    struct OffsetFetchResponsePartitions {
        partition_index: i32 [8..],
        committed_offset: i64 [8..],
        committed_leader_epoch: i32 [8..] = -1,
        metadata: Option<String> [8..],
        error_code: ErrorCode [8..],
    }
}
