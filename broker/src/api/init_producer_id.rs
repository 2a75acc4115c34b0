//! InitProducerId: a new id for an idempotent producer. Transactions are not served, and a
//! transactional producer hears so at its first step.

use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::dispatch::Context;
use crate::node::Node;

/// Hands out an id.
pub async fn handle(
    node: Arc<Node>,
    _: Context,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    if let Some(id) = request.transactional_id {
        tracing::warn!(id, "a transactional producer was refused: transactions are not served");
        return refuse(ErrorCode::UNSUPPORTED_VERSION);
    }
    match node.producer_ids.next() {
        Ok(producer_id) => InitProducerIdResponse { producer_id, ..Default::default() },
        Err(error) => {
            tracing::error!(%error, "no producer id could be written down");
            refuse(ErrorCode::KAFKA_STORAGE_ERROR)
        }
    }
}

fn refuse(error_code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse { error_code, producer_epoch: -1, ..Default::default() }
}
