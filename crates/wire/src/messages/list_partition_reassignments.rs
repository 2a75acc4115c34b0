//! ListPartitionReassignments, key 46: versions 0 to 0, flexible from 0.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of ListPartitionReassignments (key 46).
    struct ListPartitionReassignmentsRequest {
        timeout_ms: i32 [0..] = 60000,
        topics: Option<Vec<ListPartitionReassignmentsTopics>> [0..],
    }

    /// Part of [`ListPartitionReassignmentsRequest`].
    struct ListPartitionReassignmentsTopics {
        name: String [0..],
        partition_indexes: Vec<i32> [0..],
    }

    /// The response of ListPartitionReassignments (key 46).
    struct ListPartitionReassignmentsResponse {
        throttle_time_ms: i32 [0..],
        error_code: ErrorCode [0..],
        error_message: Option<String> [0..],
        topics: Vec<OngoingTopicReassignment> [0..],
    }

    /// Part of [`ListPartitionReassignmentsResponse`].
    struct OngoingTopicReassignment {
        name: String [0..],
        partitions: Vec<OngoingPartitionReassignment> [0..],
    }

    /// Part of [`ListPartitionReassignmentsResponse`].
    struct OngoingPartitionReassignment {
        partition_index: i32 [0..],
        replicas: Vec<i32> [0..],
        adding_replicas: Vec<i32> [0..],
        removing_replicas: Vec<i32> [0..],
    }
}
