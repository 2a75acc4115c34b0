//! DescribeCluster: this node, alone.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};

use crate::api::metadata::CLUSTER_OPERATIONS;
use crate::dispatch::Context;
use crate::node::Node;

const BROKERS: i8 = 1;
/// Controllers have no listener of their own here.
const MISMATCHED_ENDPOINT_TYPE: ErrorCode = ErrorCode(114);

/// Describes the cluster.
pub async fn handle(
    node: Arc<Node>,
    context: Context,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    if request.endpoint_type != BROKERS {
        return DescribeClusterResponse {
            error_code: MISMATCHED_ENDPOINT_TYPE,
            error_message: Some("this listener is a broker's".to_owned()),
            ..Default::default()
        };
    }
    let (host, port) = context.advertised;
    let asked = request.include_cluster_authorized_operations;
    DescribeClusterResponse {
        cluster_id: node.identity.cluster_id.clone(),
        controller_id: node.config.node_id,
        brokers: vec![DescribeClusterBroker {
            broker_id: node.config.node_id,
            host,
            port: i32::from(port),
            rack: Some(node.config.name.clone()),
            ..Default::default()
        }],
        cluster_authorized_operations: if asked { CLUSTER_OPERATIONS } else { i32::MIN },
        ..Default::default()
    }
}
