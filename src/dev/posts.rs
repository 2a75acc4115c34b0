//! What lands in the source regions: generated posts, or the lines of a file.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strait_io::{fs, rng};

/// Why a feed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It cannot be read.
    #[error("the feed {path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It holds no record.
    #[error("the feed {0} is empty: it wants one record a line")]
    Empty(PathBuf),
}

/// Where posts come from; clones share a file's lines.
#[derive(Debug, Clone)]
pub enum Posts {
    /// Made up.
    Generated,
    /// A file's lines, over and over.
    Lines(Arc<Vec<String>>),
}

impl Posts {
    /// Generated posts, or those of the file.
    pub fn open(feed: Option<&Path>) -> Result<Self, FeedError> {
        let Some(path) = feed else { return Ok(Self::Generated) };
        let text = fs::read_to_string(path)
            .map_err(|source| FeedError::Unreadable { path: path.to_owned(), source })?;
        let lines: Vec<String> =
            text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if lines.is_empty() {
            return Err(FeedError::Empty(path.to_owned()));
        }
        Ok(Self::Lines(Arc::new(lines)))
    }

    /// The `number`th post of a region: its key (the blog) and its text.
    pub fn post(&self, region: &str, number: u64, now_ms: i64) -> (String, String) {
        match self {
            Self::Lines(lines) => {
                let line = &lines[(number % lines.len() as u64) as usize];
                (format!("{region}-{number}"), line.clone())
            }
            Self::Generated => {
                let blog = pick(&BLOGS);
                (blog.to_owned(), generated(region, blog, number, now_ms))
            }
        }
    }
}

fn generated(region: &str, blog: &str, number: u64, now_ms: i64) -> String {
    let words = 12 + rng::below(60);
    let mut text = String::with_capacity(words as usize * 7);
    for word in 0..words {
        let space = if word == 0 { "" } else { " " };
        write!(text, "{space}{}", pick(&WORDS)).expect("a string takes every write");
    }
    serde_json::json!({
        "id": format!("{region}-{now_ms}-{number}"),
        "region": region,
        "blog": blog,
        "type": pick(&KINDS),
        "timestamp": now_ms,
        "body": text,
        "tags": [pick(&TAGS), pick(&TAGS)],
        "note_count": rng::below(5_000),
        "url": format!("https://{blog}.example/post/{number}"),
    })
    .to_string()
}

/// One of the list, the first ones far more often, as authors and words are.
fn pick<'a>(from: &[&'a str]) -> &'a str {
    let last = from.len() as u64;
    let (a, b) = (rng::below(last), rng::below(last));
    from[(a * b / last) as usize]
}

const KINDS: [&str; 5] = ["text", "photo", "quote", "link", "video"];
const TAGS: [&str; 12] = [
    "news",
    "weather",
    "traffic",
    "harbour",
    "market",
    "football",
    "music",
    "elections",
    "flood",
    "startup",
    "photography",
    "recipes",
];
const BLOGS: [&str; 16] = [
    "harbour-watch",
    "city-desk",
    "straits-daily",
    "night-market",
    "river-notes",
    "two-oceans",
    "late-edition",
    "tideline",
    "bridge-cam",
    "quiet-lanes",
    "signal-post",
    "north-quay",
    "paper-boats",
    "monsoon-log",
    "ferry-times",
    "lighthouse-keeper",
];
const WORDS: [&str; 72] = [
    "the", "a", "of", "and", "to", "in", "on", "for", "with", "is", "was", "at", "from", "by",
    "this", "that", "it", "as", "be", "are", "ship", "port", "road", "rain", "today", "morning",
    "people", "street", "market", "harbour", "bridge", "closed", "open", "again", "after",
    "before", "seen", "says", "new", "old", "photo", "more", "than", "hundred", "boats", "water",
    "level", "rising", "crowd", "quiet", "festival", "queue", "train", "delay", "flight", "landed",
    "storm", "warning", "lifted", "power", "back", "district", "east", "west", "north", "south",
    "police", "report", "update", "live", "follow", "thread",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_post_is_json_that_names_its_region() {
        let (key, text) = Posts::Generated.post("us", 7, 1_000);
        let post: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((post["region"].as_str(), post["blog"].as_str()), (Some("us"), Some(&*key)));
    }

    #[test]
    fn an_empty_feed_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(matches!(Posts::open(Some(file.path())), Err(FeedError::Empty(_))));
    }
}
