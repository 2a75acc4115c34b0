//! ApiVersions, key 18: versions 0 to 4, flexible from 3.

use crate::error_code::ErrorCode;
use crate::message::message;

message! {
    /// The request of ApiVersions (key 18).
    struct ApiVersionsRequest {
        client_software_name: String [3..],
        client_software_version: String [3..],
    }

    /// The response of ApiVersions (key 18).
    struct ApiVersionsResponse {
        error_code: ErrorCode [0..],
        api_keys: Vec<ApiVersion> [0..],
        throttle_time_ms: i32 [1..],
    } tags {
        0 => supported_features: Vec<SupportedFeatureKey> [3..],
        1 => finalized_features_epoch: i64 [3..] = -1,
        2 => finalized_features: Vec<FinalizedFeatureKey> [3..],
        3 => zk_migration_ready: bool [3..],
    }

    /// Part of [`ApiVersionsResponse`].
    struct ApiVersion {
        api_key: i16 [0..],
        min_version: i16 [0..],
        max_version: i16 [0..],
    }

    /// Part of [`ApiVersionsResponse`].
    struct SupportedFeatureKey {
        name: String [3..],
        min_version: i16 [3..],
        max_version: i16 [3..],
    }

    /// Part of [`ApiVersionsResponse`].
    struct FinalizedFeatureKey {
        name: String [3..],
        max_version_level: i16 [3..],
        min_version_level: i16 [3..],
    }
}
