//! InitProducerId, key 22: versions 0 to 5, flexible from 2.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of InitProducerId (key 22).
    struct InitProducerIdRequest {
        transactional_id: Option<String> [0..],
        transaction_timeout_ms: i32 [0..],
        producer_id: i64 [3..] = -1,
        producer_epoch: i16 [3..] = -1,
    }

    /// The response of InitProducerId (key 22).
    struct InitProducerIdResponse {
        throttle_time_ms: i32 [0..],
        error_code: ErrorCode [0..],
        producer_id: i64 [0..] = -1,
        producer_epoch: i16 [0..],
    }
}
