//! When a call is repeated, and how long that goes on.
//!
//! Only errors of the transport are repeated here; what an error code asks for is known to those
//! who know the request. A request whose effect might happen twice is sent once.

use std::future::Future;

use strait_io::rng;
use strait_io::time::{self, Instant};
use strait_wire::{ApiKey, Request};

use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::error::ClientError;

impl Cluster {
    /// Sends a request until it is answered, its deadline passes, or repeating it might do
    /// something twice.
    pub(crate) async fn repeat<R: Request, F>(
        &self,
        request: &R,
        route: impl Fn() -> F,
    ) -> Result<R::Response, ClientError>
    where
        F: Future<Output = Result<Connection, ClientError>>,
    {
        let mut patience = self.patience();
        loop {
            let (error, harmless) = match route().await {
                Err(error) => (error, true),
                Ok(connection) => match connection.call(request).await {
                    Ok(response) => return Ok(response),
                    Err(error) => (error, is_repeatable(R::KEY)),
                },
            };
            let again = harmless && is_passing(&error);
            if !again || !patience.pause().await {
                return Err(error);
            }
        }
    }

    /// Pauses for repeated attempts, until one request timeout from now.
    pub(crate) fn patience(&self) -> Patience {
        let deadline = time::now() + self.config().request_timeout;
        Patience { deadline, backoff: Backoff::default() }
    }
}

/// The pauses between attempts, and their end.
pub(crate) struct Patience {
    deadline: Instant,
    backoff: Backoff,
}

impl Patience {
    /// Waits before another attempt; `false` when the time is up.
    pub async fn pause(&mut self) -> bool {
        let pause = self.backoff.next(rng::below(1024));
        let ends = time::now() + pause;
        if ends > self.deadline {
            return false;
        }
        time::sleep_until(ends).await;
        true
    }
}

/// Whether a request may be sent again when nobody knows if it was carried out.
fn is_repeatable(api: ApiKey) -> bool {
    !matches!(
        api,
        ApiKey::Produce
            | ApiKey::MirrorAppend
            | ApiKey::JoinGroup
            | ApiKey::SyncGroup
            | ApiKey::LeaveGroup
            | ApiKey::CreateTopics
            | ApiKey::CreatePartitions
            | ApiKey::DeleteTopics
            | ApiKey::DeleteGroups
            | ApiKey::IncrementalAlterConfigs
    )
}

/// Whether an error of the transport may pass by itself. That no broker of the cluster can be
/// reached is for the caller to wait out, who can say so.
fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::NoneReachable { .. } | ClientError::Kafka { .. } => false,
        other => other.is_retriable(),
    }
}
