//! HTTP on loopback: what the worker is doing, for people and machines.
//!
//! | Path | Gives |
//! |---|---|
//! | `/api/v1/status` | the latest snapshot as JSON |
//! | `/healthz` | 200 while the process lives |
//!
//! Handlers read snapshots and never touch a lane.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use strait_io::net::{self, TcpListener};

use crate::status::{Board, Snapshot};

/// Listens; a port in use is known before anything else starts.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    net::listen(address).await
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, board: Arc<Board>) {
    let routes = Router::new()
        .route("/api/v1/status", get(status))
        .route("/healthz", get(async || "ok\n"))
        .with_state(board);
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!("the page has ended: {error}");
    }
}

async fn status(State(board): State<Arc<Board>>) -> Json<Snapshot> {
    Json(Snapshot::clone(&board.latest()))
}
