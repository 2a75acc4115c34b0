//! Finding the broker that coordinates a group.

use strait_wire::messages::find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
use strait_wire::{ApiKey, ErrorCode};

use crate::cluster::Cluster;
use crate::error::{ClientError, Subject, is_coordinator_moved};

const GROUP: i8 = 0;

impl Cluster {
    /// Asks until a coordinator is named: a fresh cluster needs a second or two to have one.
    pub(crate) async fn find_coordinator(&self, group: &str) -> Result<i32, ClientError> {
        let request = FindCoordinatorRequest {
            key: group.to_owned(),
            key_type: GROUP,
            coordinator_keys: vec![group.to_owned()],
        };
        let mut patience = self.patience();
        loop {
            let response = self.repeat(&request, || self.anyone()).await?;
            let (code, message, broker) = answer(response);
            if !is_coordinator_moved(code) || !patience.pause().await {
                let subject = Subject::Group(group.to_owned());
                self.check(ApiKey::FindCoordinator, subject, code, message)?;
                return Ok(broker);
            }
        }
    }
}

/// The answer of either form: a list from version 4 on.
fn answer(mut response: FindCoordinatorResponse) -> (ErrorCode, Option<String>, i32) {
    match response.coordinators.pop() {
        Some(found) => (found.error_code, found.error_message, found.node_id),
        None => (response.error_code, response.error_message, response.node_id),
    }
}
