//! MirrorAppend, private key 20000: compare-and-append of whole batches by a mirror lane.
//!
//! Served by our own broker only, which lists it in ApiVersions; other clients ignore it. An
//! append names what the lane believes (`expected`) and who it is (`generation`); the broker
//! appends only if both still hold, and answers with what it knows either way, so a retry, a
//! duplicate and a zombie are all harmless. `records` may be empty: a question, or a claim of a
//! higher generation.

use crate::error_code::ErrorCode;
use crate::message::message;
use crate::records::Records;

message! {
    /// The request of MirrorAppend (key 20000).
    struct MirrorAppendRequest {
        timeout_ms: i32 [0..],
        topics: Vec<MirrorAppendTopic> [0..],
    }

    /// Part of [`MirrorAppendRequest`].
    struct MirrorAppendTopic {
        topic: String [0..],
        partitions: Vec<MirrorAppendPartition> [0..],
    }

    /// Part of [`MirrorAppendRequest`]: one lane's batches for one partition.
    ///
    /// `producer_id` -1 is `preserve`: the batches keep their offsets, and `expected` is the
    /// log end offset. Any other is `merge`: it is the lane's producer id, `expected` is the
    /// source offset after the lane's last batch here (-1: none yet), and each batch's base
    /// sequence is its source base offset modulo 2^31.
    struct MirrorAppendPartition {
        partition: i32 [0..],
        producer_id: i64 [0..] = -1,
        generation: i16 [0..],
        expected: i64 [0..] = -1,
        records: Records [0..],
    }

    /// The response of MirrorAppend (key 20000).
    struct MirrorAppendResponse {
        throttle_time_ms: i32 [0..],
        topics: Vec<MirrorAppendTopicResult> [0..],
    }

    /// Part of [`MirrorAppendResponse`].
    struct MirrorAppendTopicResult {
        topic: String [0..],
        partitions: Vec<MirrorAppendPartitionResult> [0..],
    }

    /// Part of [`MirrorAppendResponse`].
    ///
    /// `position` is where the lane stands after this request, in the terms of `expected`
    /// (merge: modulo 2^31, -1 if the lane never wrote here). `base_offset` is the target offset
    /// of the first record appended, -1 if none was.
    struct MirrorAppendPartitionResult {
        partition: i32 [0..],
        error_code: ErrorCode [0..],
        error_message: Option<String> [0..],
        generation: i16 [0..] = -1,
        position: i64 [0..] = -1,
        base_offset: i64 [0..] = -1,
        log_end_offset: i64 [0..] = -1,
    }
}
