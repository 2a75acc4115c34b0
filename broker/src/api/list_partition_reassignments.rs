//! ListPartitionReassignments: a single node never has any; `kafka-topics --describe` asks.

use std::sync::Arc;

use strait_wire::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};

use crate::dispatch::Context;
use crate::node::Node;

/// None.
pub async fn handle(
    _: Arc<Node>,
    _: Context,
    _: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse::default()
}
