//! The latest snapshot as JSON, whole or by pipeline.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::App;
use crate::status::{PipelineSnapshot, Snapshot};

/// A snapshot with what it means.
#[derive(Serialize)]
pub struct Status<'a> {
    verdict: &'static str,
    headline: String,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
}

impl<'a> Status<'a> {
    /// Adds the words.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let headline = snapshot.headline().text();
        Self { verdict: snapshot.verdict(), headline, snapshot }
    }
}

#[derive(Serialize)]
struct Pipeline<'a> {
    verdict: &'static str,
    headline: String,
    #[serde(flatten)]
    pipeline: &'a PipelineSnapshot,
}

/// Everything.
pub async fn status(State(app): State<App>) -> Response {
    Json(Status::of(&(app.latest)())).into_response()
}

/// One pipeline.
pub async fn pipeline(State(app): State<App>, Path(name): Path<String>) -> Response {
    let snapshot = (app.latest)();
    let Some(pipeline) = snapshot.pipelines.iter().find(|p| p.name == name) else {
        let names: Vec<_> = snapshot.pipelines.iter().map(|p| p.name.as_str()).collect();
        return not_found(&format!("no pipeline `{name}`; there are: {}", names.join(", ")));
    };
    let (verdict, headline) = (pipeline.verdict(), pipeline.condition().1);
    Json(Pipeline { verdict, headline, pipeline }).into_response()
}

/// Every other path.
pub async fn nothing_here() -> Response {
    not_found("nothing here; see /, /metrics, /healthz, /readyz, /api/v1/status")
}

fn not_found(words: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": words }))).into_response()
}
