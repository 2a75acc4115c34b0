//! FindCoordinator: always this node.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::find_coordinator::{
    Coordinator, FindCoordinatorRequest, FindCoordinatorResponse,
};

use crate::dispatch::Context;
use crate::node::Node;

/// Groups and transactions; share groups are not served.
const KEY_TYPES: std::ops::RangeInclusive<i8> = 0..=1;
/// The first version that asks for several keys at once.
const BATCH_VERSION_MIN: i16 = 4;

/// Names this node for every key.
pub async fn handle(
    node: Arc<Node>,
    context: Context,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let (host, port) = context.advertised;
    let find = |key: String| match KEY_TYPES.contains(&request.key_type) {
        true => Coordinator {
            key,
            node_id: node.config.node_id,
            host: host.clone(),
            port: i32::from(port),
            ..Default::default()
        },
        false => Coordinator {
            key,
            node_id: -1,
            port: -1,
            error_code: ErrorCode::INVALID_REQUEST,
            error_message: Some(format!("no coordinator of type {}", request.key_type)),
            ..Default::default()
        },
    };
    if context.caller.version >= BATCH_VERSION_MIN {
        let coordinators = request.coordinator_keys.into_iter().map(find).collect();
        return FindCoordinatorResponse { coordinators, ..Default::default() };
    }
    let found = find(request.key);
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..Default::default()
    }
}
