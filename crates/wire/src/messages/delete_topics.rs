//! DeleteTopics, key 20: versions 1 to 6, flexible from 4.

use crate::error_code::ErrorCode;
use crate::message::message;
use uuid::Uuid;

message! {
    /// The request of DeleteTopics (key 20).
    struct DeleteTopicsRequest {
        topics: Vec<DeleteTopicState> [6..],
        topic_names: Vec<String> [0..=5],
        timeout_ms: i32 [0..],
    }

    /// Part of [`DeleteTopicsRequest`].
    struct DeleteTopicState {
        name: Option<String> [6..],
        topic_id: Uuid [6..],
    }

    /// The response of DeleteTopics (key 20).
    struct DeleteTopicsResponse {
        throttle_time_ms: i32 [1..],
        responses: Vec<DeletableTopicResult> [0..],
    }

    /// Part of [`DeleteTopicsResponse`].
    struct DeletableTopicResult {
        name: Option<String> [0..] null [6..],
        topic_id: Uuid [6..],
        error_code: ErrorCode [0..],
        error_message: Option<String> [5..],
    }
}
