//! Server-sent events: a snapshot a second, as JSON or as the page's HTML.
//!
//! At most [`STREAMS_MAX`] at once; a reader that is slow gets fewer events, never a queue. Each
//! snapshot is encoded once, however many listen.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use serde::Deserialize;
use strait_io::time::{self, Interval};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{App, api, page};
use crate::status::Snapshot;
use crate::status::board::SNAPSHOT_PERIOD;

/// Below the connections there are, so that scrapes and probes always find room.
pub const STREAMS_MAX: usize = 64;

/// The streams there may be, and what was encoded last.
pub struct Streams {
    room: Arc<Semaphore>,
    json: Encoded,
    page: Encoded,
}

impl Default for Streams {
    fn default() -> Self {
        let room = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { room, json: Encoded::default(), page: Encoded::default() }
    }
}

/// A snapshot with its text, kept while it is the latest.
#[derive(Default)]
struct Encoded(Mutex<Option<(Arc<Snapshot>, Arc<str>)>>);

impl Encoded {
    fn text(&self, snapshot: &Arc<Snapshot>, encode: fn(&Snapshot) -> String) -> Arc<str> {
        let mut kept = self.0.lock().expect("no holder panics");
        if let Some((of, text)) = &*kept
            && Arc::ptr_eq(of, snapshot)
        {
            return Arc::clone(text);
        }
        let text: Arc<str> = encode(snapshot).into();
        *kept = Some((Arc::clone(snapshot), Arc::clone(&text)));
        text
    }
}

/// What the events hold.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    #[default]
    Json,
    Page,
}

/// `?as=page`.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default, rename = "as")]
    content: Content,
}

/// Streams until the client goes away.
pub async fn stream(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    match Arc::clone(&app.streams.room).try_acquire_owned() {
        Ok(room) => Sse::new(events(app, asked.content, room)).into_response(),
        Err(_) => {
            let words = "too many streams are open; ask /api/v1/status instead\n";
            (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
        }
    }
}

/// One stream: its place is free again when it is dropped.
struct Beat {
    app: App,
    content: Content,
    tick: Interval,
    _room: OwnedSemaphorePermit,
}

fn events(
    app: App,
    content: Content,
    room: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let beat = Beat { app, content, tick: time::interval(SNAPSHOT_PERIOD), _room: room };
    stream::unfold(beat, async |mut beat| {
        beat.tick.tick().await;
        let event = beat.event();
        Some((Ok(event), beat))
    })
}

impl Beat {
    fn event(&self) -> Event {
        let snapshot = (self.app.latest)();
        let streams = &self.app.streams;
        let (name, text) = match self.content {
            Content::Json => ("snapshot", streams.json.text(&snapshot, json)),
            Content::Page => ("page", streams.page.text(&snapshot, page::news)),
        };
        Event::default().event(name).id(snapshot.at_ms.to_string()).data(text)
    }
}

fn json(snapshot: &Snapshot) -> String {
    serde_json::to_string(&api::Status::of(snapshot)).expect("a snapshot is plain data")
}
