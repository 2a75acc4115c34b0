//! IncrementalAlterConfigs, key 44: versions 0 to 1, flexible from 1.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of IncrementalAlterConfigs (key 44).
    struct IncrementalAlterConfigsRequest {
        resources: Vec<AlterConfigsResource> [0..],
        validate_only: bool [0..],
    }

    /// Part of [`IncrementalAlterConfigsRequest`].
    struct AlterConfigsResource {
        resource_type: i8 [0..],
        resource_name: String [0..],
        configs: Vec<AlterableConfig> [0..],
    }

    /// Part of [`IncrementalAlterConfigsRequest`].
    struct AlterableConfig {
        name: String [0..],
        config_operation: i8 [0..],
        value: Option<String> [0..],
    }

    /// The response of IncrementalAlterConfigs (key 44).
    struct IncrementalAlterConfigsResponse {
        throttle_time_ms: i32 [0..],
        responses: Vec<AlterConfigsResourceResponse> [0..],
    }

    /// Part of [`IncrementalAlterConfigsResponse`].
    struct AlterConfigsResourceResponse {
        error_code: ErrorCode [0..],
        error_message: Option<String> [0..],
        resource_type: i8 [0..],
        resource_name: String [0..],
    }
}
