//! Producer ids.

use strait_wire::messages::init_producer_id::InitProducerIdRequest;
use strait_wire::{ApiKey, ErrorCode};

use crate::cluster::{Cluster, To};
use crate::error::{ClientError, Subject};

/// An idempotent producer's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerId {
    /// The id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
}

impl Cluster {
    /// A fresh producer id, for idempotent produce without transactions.
    pub async fn init_producer_id(&self) -> Result<ProducerId, ClientError> {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..Default::default()
        };
        let mut patience = self.patience();
        loop {
            let response = self.call(To::Any, request.clone()).await?;
            let code = response.error_code;
            if code == ErrorCode::NONE {
                return Ok(ProducerId { id: response.producer_id, epoch: response.producer_epoch });
            }
            if !code.is_retriable() || !patience.pause().await {
                return Err(self.error(ApiKey::InitProducerId, Subject::Request, code, None));
            }
        }
    }
}
