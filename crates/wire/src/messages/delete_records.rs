//! DeleteRecords, key 21: versions 0 to 2, flexible from 2.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of DeleteRecords (key 21).
    struct DeleteRecordsRequest {
        topics: Vec<DeleteRecordsTopic> [0..],
        timeout_ms: i32 [0..],
    }

    /// Part of [`DeleteRecordsRequest`].
    struct DeleteRecordsTopic {
        name: String [0..],
        partitions: Vec<DeleteRecordsPartition> [0..],
    }

    /// Part of [`DeleteRecordsRequest`].
    struct DeleteRecordsPartition {
        partition_index: i32 [0..],
        offset: i64 [0..],
    }

    /// The response of DeleteRecords (key 21).
    struct DeleteRecordsResponse {
        throttle_time_ms: i32 [0..],
        topics: Vec<DeleteRecordsTopicResult> [0..],
    }

    /// Part of [`DeleteRecordsResponse`].
    struct DeleteRecordsTopicResult {
        name: String [0..],
        partitions: Vec<DeleteRecordsPartitionResult> [0..],
    }

    /// Part of [`DeleteRecordsResponse`].
    struct DeleteRecordsPartitionResult {
        partition_index: i32 [0..],
        low_watermark: i64 [0..],
        error_code: ErrorCode [0..],
    }
}
