//! ApiVersions: the dispatch table, printed. No tagged field is ever written here, because
//! librdkafka up to 2.1 misreads them.

use std::sync::Arc;

use strait_wire::frame;
use strait_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use strait_wire::{ApiKey, ErrorCode};

use crate::dispatch::{Answer, Api, Call, Context, Outcome, TABLE};
use crate::node::Node;

/// Lists what is served.
pub async fn handle(_: Arc<Node>, _: Context, _: ApiVersionsRequest) -> ApiVersionsResponse {
    let api_keys = TABLE.iter().map(entry).collect();
    ApiVersionsResponse { api_keys, ..Default::default() }
}

/// Answers a version we do not know in version 0, naming the ones we do, so that the client can
/// step down.
pub fn step_down(call: &Call) -> Outcome {
    let own = TABLE.iter().filter(|api| api.key == ApiKey::ApiVersions);
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: own.map(entry).collect(),
        ..Default::default()
    };
    let pieces = frame::encode_response(ApiKey::ApiVersions, 0, call.correlation_id, &response);
    Outcome::Answer(Answer { pieces, ranges: Vec::new() })
}

fn entry(api: &Api) -> ApiVersion {
    ApiVersion { api_key: api.key.code(), min_version: api.min, max_version: api.max }
}
