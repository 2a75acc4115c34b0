//! HTTP on loopback: what the worker is doing, for people and machines.
//!
//! | Path | Gives |
//! |---|---|
//! | `/` | the page; complete without scripts, live with its own small one |
//! | `/page.css`, `/page.js`, `/icon.svg` | all the page is made of |
//! | `/metrics` | Prometheus' text format, `docs/METRICS.md` |
//! | `/healthz` | 200 while the process lives |
//! | `/readyz` | 200 when every pipeline has lanes, none stopped or in trouble; else 503, why |
//! | `/api/v1/status` | the latest snapshot as JSON, with its verdict and headline |
//! | `/api/v1/pipelines/{name}` | one pipeline of it |
//! | `/api/v1/stream` | server-sent events: a snapshot a second; `?as=page` as the page's HTML |
//!
//! Everything is read-only. Handlers read snapshots and never touch a lane. Connections, request
//! sizes, silence and streams are bounded (`listener`, `guard`, `stream`).

mod api;
pub mod client;
mod guard;
mod health;
mod listener;
mod metrics;
mod page;
mod stream;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use strait_io::net::{self, TcpListener};

use crate::status::{Board, Snapshot};
use listener::BoundedListener;
use stream::Streams;

/// What handlers share.
#[derive(Clone)]
struct App {
    latest: Arc<dyn Fn() -> Arc<Snapshot> + Send + Sync>,
    streams: Arc<Streams>,
    /// Where it listens; decides which `Host` headers are ours.
    address: IpAddr,
}

/// Listens; a port in use is known before anything else starts.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    net::listen(address).await
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, board: Arc<Board>) {
    serve_snapshots(listener, move || board.latest()).await;
}

async fn serve_snapshots(
    listener: TcpListener,
    latest: impl Fn() -> Arc<Snapshot> + Send + Sync + 'static,
) {
    let address = listener.local_addr().map_or(IpAddr::from([127, 0, 0, 1]), |at| at.ip());
    let app = App { latest: Arc::new(latest), streams: Arc::default(), address };
    if let Err(error) = axum::serve(BoundedListener::new(listener), routes(app)).await {
        tracing::error!("the page has ended: {error}");
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/icon.svg", get(page::icon))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::lives))
        .route("/readyz", get(health::ready))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/pipelines/{name}", get(api::pipeline))
        .route("/api/v1/stream", get(stream::stream))
        .fallback(api::nothing_here)
        .layer(axum::middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
