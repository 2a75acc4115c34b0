//! The shared connections of a cluster: one per broker, and one to whoever answered first.
//!
//! A slot is locked while its connection is being made, so that many callers make one
//! connection; other slots are not held up by a slow broker.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::sync::Mutex as AsyncMutex;

use crate::connection::Connection;
use crate::error::ClientError;

type Slot = Arc<AsyncMutex<Option<Connection>>>;

/// Whose connection a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    /// Any broker will do.
    Anyone,
    /// The broker with this id.
    Broker(i32),
}

#[derive(Default)]
pub(crate) struct Links {
    slots: Mutex<HashMap<Peer, Slot>>,
}

impl Links {
    /// The peer's connection, made by `connect` if there is none that lives.
    pub async fn get<F>(&self, peer: Peer, connect: F) -> Result<Connection, ClientError>
    where
        F: Future<Output = Result<Connection, ClientError>>,
    {
        let slot = self.slot(peer);
        let mut held = slot.lock().await;
        if let Some(connection) = held.as_ref().filter(|c| !c.is_closed()) {
            return Ok(connection.clone());
        }
        let connection = connect.await?;
        *held = Some(connection.clone());
        Ok(connection)
    }

    fn slot(&self, peer: Peer) -> Slot {
        let mut slots = self.slots.lock().expect("no holder of this lock can panic");
        slots.entry(peer).or_default().clone()
    }
}
