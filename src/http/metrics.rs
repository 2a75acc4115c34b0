//! `/metrics`, for Prometheus.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus::TEXT_FORMAT;

use super::App;

/// The latest snapshot as metrics.
pub async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, TEXT_FORMAT)], crate::metrics::render(&(app.latest)())).into_response()
}
