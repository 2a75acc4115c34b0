//! CreatePartitions, key 37: versions 0 to 3, flexible from 2.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of CreatePartitions (key 37).
    struct CreatePartitionsRequest {
        topics: Vec<CreatePartitionsTopic> [0..],
        timeout_ms: i32 [0..],
        validate_only: bool [0..],
    }

    /// Part of [`CreatePartitionsRequest`].
    struct CreatePartitionsTopic {
        name: String [0..],
        count: i32 [0..],
        assignments: Option<Vec<CreatePartitionsAssignment>> [0..],
    }

    /// Part of [`CreatePartitionsRequest`].
    struct CreatePartitionsAssignment {
        broker_ids: Vec<i32> [0..],
    }

    /// The response of CreatePartitions (key 37).
    struct CreatePartitionsResponse {
        throttle_time_ms: i32 [0..],
        results: Vec<CreatePartitionsTopicResult> [0..],
    }

    /// Part of [`CreatePartitionsResponse`].
    struct CreatePartitionsTopicResult {
        name: String [0..],
        error_code: ErrorCode [0..],
        error_message: Option<String> [0..],
    }
}
