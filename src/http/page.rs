//! The page: a snapshot as HTML that says first, in words, whether everything arrives.
//!
//! `templates/page.html` is the frame, `templates/news.html` what changes; the script replaces
//! the latter as it arrives over `/api/v1/stream?as=page`. Askama escapes every value: names of
//! topics are other people's input.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};

use super::App;
use crate::status::figures::{bytes, clock, count, offset, plural, span};
use crate::status::{Headline, LaneSnapshot, PipelineSnapshot, Snapshot, Tone};

/// Lanes of a pipeline that are listed; those not well and those most behind come before others.
const LANES_MAX: usize = 200;
/// Left-out topics of a pipeline that are listed.
const TOPICS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    news: News<'a>,
}

#[derive(Template)]
#[template(path = "news.html")]
struct News<'a> {
    headline: Headline,
    snapshot: &'a Snapshot,
    pipelines: Vec<Pipeline<'a>>,
}

struct Pipeline<'a> {
    of: &'a PipelineSnapshot,
    badge: Badge,
    lanes: Vec<Lane<'a>>,
}

struct Lane<'a> {
    of: &'a LaneSnapshot,
    badge: Badge,
}

/// A state: a sign and a word, so that colour is never the only signal.
struct Badge {
    tone: Tone,
    sign: &'static str,
    word: String,
}

/// The whole page.
pub async fn page(State(app): State<App>) -> Html<String> {
    Html(whole(&(app.latest)()))
}

/// The page of a snapshot.
pub fn whole(snapshot: &Snapshot) -> String {
    Page { news: News::of(snapshot) }.render().expect("a string takes every write")
}

/// The changing part of it.
pub fn news(snapshot: &Snapshot) -> String {
    News::of(snapshot).render().expect("a string takes every write")
}

/// Its style.
pub async fn style() -> Response {
    let text = include_str!("../../templates/page.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response()
}

/// Its script.
pub async fn script() -> Response {
    let text = include_str!("../../templates/page.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], text).into_response()
}

/// Its icon.
pub async fn icon() -> Response {
    let text = include_str!("../../templates/icon.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], text).into_response()
}

impl<'a> News<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let pipelines = snapshot.pipelines.iter().map(Pipeline::of).collect();
        Self { headline: snapshot.headline(), snapshot, pipelines }
    }

    fn badge(&self) -> Badge {
        Badge::new(self.headline.tone, self.headline.tone.word())
    }

    fn age(&self) -> String {
        let (used, budget) = (self.snapshot.memory_used_bytes, self.snapshot.memory_budget_bytes);
        format!(
            "As of {} UTC. Up for {}. Holding {} of {} allowed in memory.",
            clock(self.snapshot.at_ms),
            span(self.snapshot.uptime_seconds),
            bytes(used as f64),
            bytes(budget as f64),
        )
    }
}

impl<'a> Pipeline<'a> {
    fn of(of: &'a PipelineSnapshot) -> Self {
        let (tone, _) = of.condition();
        let word = match (of.verdict(), of.is_late()) {
            ("ok", true) => "late",
            ("ok", false) => "mirroring",
            (verdict, _) => verdict,
        };
        Self { of, badge: Badge::new(tone, word), lanes: lanes(&of.lanes) }
    }

    fn records_per_second(&self) -> String {
        count(self.of.records_per_second.round() as i64)
    }

    fn bytes_in(&self) -> String {
        bytes(self.of.bytes_in_per_second) + "/s"
    }

    fn bytes_out(&self) -> String {
        bytes(self.of.bytes_out_per_second) + "/s"
    }

    fn ratio(&self) -> String {
        format!("{:.1}×", self.of.wan_ratio)
    }

    fn lag_records(&self) -> String {
        count(self.of.lag_records)
    }

    fn lag_time(&self) -> String {
        known(self.of.lag_seconds)
    }

    fn objective(&self) -> String {
        span(self.of.rpo_seconds)
    }

    fn summary(&self) -> String {
        let topics = plural(self.of.topics.len(), "topic");
        format!("{topics}, {}", plural(self.of.lanes.len(), "lane"))
    }

    fn lanes_hidden(&self) -> Option<String> {
        more(self.of.lanes.len(), self.lanes.len(), "lane")
    }

    fn excluded(&self) -> &[(String, String)] {
        first_of(&self.of.excluded)
    }

    fn excluded_hidden(&self) -> Option<String> {
        more(self.of.excluded.len(), self.excluded().len(), "topic")
    }

    fn excluded_count(&self) -> String {
        plural(self.of.excluded.len(), "topic")
    }

    fn unmirrored(&self) -> &[(String, String)] {
        first_of(&self.of.unmirrored)
    }

    fn unmirrored_hidden(&self) -> Option<String> {
        more(self.of.unmirrored.len(), self.unmirrored().len(), "topic")
    }
}

impl Badge {
    fn new(tone: Tone, word: &str) -> Self {
        let sign = match tone {
            Tone::Good => "✓",
            Tone::Waiting => "…",
            Tone::Attention => "!",
            Tone::Bad => "✕",
        };
        Self { tone, sign, word: word.to_owned() }
    }
}

impl<'a> Lane<'a> {
    fn of(of: &'a LaneSnapshot) -> Self {
        let tone = match of.state.as_str() {
            "mirroring" => Tone::Good,
            "stopped" => Tone::Bad,
            _ => Tone::Waiting,
        };
        Self { of, badge: Badge::new(tone, &of.state) }
    }

    /// Log start, high watermark, checkpoint, target end.
    fn offsets(&self) -> [String; 4] {
        let of = self.of;
        [of.log_start, of.high_watermark, of.checkpoint, of.target_end].map(offset)
    }

    fn lag_records(&self) -> String {
        self.of.lag_records.map_or_else(|| "–".to_owned(), count)
    }

    fn lag_time(&self) -> String {
        known(self.of.lag_seconds)
    }
}

/// All lanes in their order, or the worst of too many, in the same order.
fn lanes(lanes: &[LaneSnapshot]) -> Vec<Lane<'_>> {
    let mut shown: Vec<_> = lanes.iter().map(Lane::of).collect();
    if shown.len() > LANES_MAX {
        shown.sort_by_key(|lane| Reverse((lane.badge.tone, lane.of.lag_records)));
        shown.truncate(LANES_MAX);
        shown.sort_by_key(|lane| (&lane.of.topic, lane.of.partition));
    }
    shown
}

fn first_of(topics: &[(String, String)]) -> &[(String, String)] {
    &topics[..topics.len().min(TOPICS_MAX)]
}

fn more(all: usize, shown: usize, noun: &str) -> Option<String> {
    let hidden = all - shown;
    let noun = if hidden == 1 { noun.to_owned() } else { format!("{noun}s") };
    (hidden > 0).then(|| format!("and {} more {noun}", count(hidden as i64)))
}

fn known(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::sample;

    #[test]
    fn it_says_first_whether_everything_arrives() {
        let page = whole(&sample::calm());
        assert!(page.contains("Everything arrives: 2 pipelines, 5 lanes, 0 records behind."));
        assert!(page.contains("1,204,318"), "{page}");
        assert!(page.contains("excluded by"), "{page}");
    }

    #[test]
    fn trouble_has_its_lane_and_reason() {
        let page = whole(&sample::troubled());
        for words in ["sg-to-ad: 1 of 2 lanes stopped", "max.message.bytes", "POLICY_VIOLATION"] {
            assert!(page.contains(words), "{words} is not in\n{page}");
        }
    }

    #[test]
    fn hostile_names_are_only_text() {
        let page = whole(&sample::hostile());
        assert!(!page.contains("<script>alert"), "{page}");
        assert_eq!(page.matches("<script").count(), 1, "our own script only");
        assert!(page.contains("&#60;script&#62;alert"), "{page}");
        assert!(!news(&sample::hostile()).contains("<script"));
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_is_inline() {
        let page = whole(&sample::troubled());
        for forbidden in ["http://", "https://", "style=", "<style", "onclick", "src=\"//"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("http-equiv=\"refresh\""), "it refreshes without scripts");
    }

    #[test]
    fn many_lanes_are_cut_to_the_worst() {
        let mut snapshot = sample::calm();
        let lane = snapshot.pipelines[0].lanes[0].clone();
        let with = |partition| LaneSnapshot { partition, ..lane.clone() };
        snapshot.pipelines[0].lanes = (0..1000).map(with).collect();
        snapshot.pipelines[0].lanes[900].state = "stopped".to_owned();
        let shown = lanes(&snapshot.pipelines[0].lanes);
        assert_eq!(shown.len(), LANES_MAX);
        assert!(shown.iter().any(|lane| lane.of.partition == 900));
        assert!(whole(&snapshot).contains("and 800 more lanes"));
    }

    #[test]
    fn the_page_of_a_worker_that_starts_is_whole() {
        assert!(whole(&Snapshot::default()).contains("Starting: nothing is known yet."));
    }

    /// `STRAIT_PAGES=folder cargo test pages` writes the samples where a browser can show them.
    #[test]
    fn pages_are_there_to_be_looked_at() {
        let Some(folder) = std::env::var_os("STRAIT_PAGES") else { return };
        let pages = [
            ("calm.html", sample::calm()),
            ("busy.html", sample::busy()),
            ("troubled.html", sample::troubled()),
            ("hostile.html", sample::hostile()),
            ("starting.html", Snapshot::default()),
        ];
        for (name, snapshot) in pages {
            let path = std::path::Path::new(&folder).join(name);
            strait_io::fs::write_atomic(&path, whole(&snapshot).as_bytes()).expect("writable");
        }
    }
}
