//! `strait dev`: three regions in one process, posts landing in two of them, two pipelines that
//! gather them in the third. Everything is the real thing on loopback: brokers, files, sockets,
//! the mirror worker.
//!
//! Reading order: `regions` (three brokers), `posts` (what is written), `generator` (who writes
//! it), `report` (what a person sees).

pub mod generator;
pub mod posts;
pub mod regions;
pub mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use strait_broker::StartError;
use strait_client::ClientError;
use strait_io::time::{self, Duration, Instant};

use crate::config::{self, Problems, Settings};
use crate::drain::{self, Drain, DrainSignal};
use crate::http;
use crate::status::Board;
use crate::worker::Worker;
use generator::Generator;
use posts::{FeedError, Posts};
use regions::Regions;

/// The topic posts land in.
pub const TOPIC: &str = "osint-tumblr";
/// Its partitions at the start.
pub const PARTITIONS: i32 = 10;
/// The replication factor asked for; a region of one broker keeps one copy.
pub const REPLICATION: i16 = 3;

/// What `strait dev` was asked for.
#[derive(Debug, Clone)]
pub struct DevOptions {
    /// Where us, sg and ad listen.
    pub listen: [SocketAddr; 3],
    /// Where the page is.
    pub http: SocketAddr,
    /// Where the regions keep their data.
    pub data: PathBuf,
    /// Posts a second in each source region; 0 for none.
    pub rate: u32,
    /// A file with one record a line, instead of generated posts.
    pub feed: Option<PathBuf>,
}

/// Why the demonstration does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// A region's broker.
    #[error(transparent)]
    Broker(#[from] StartError),
    /// The page.
    #[error(
        "the page cannot listen on {address}: {source}. Next: choose another address with --http"
    )]
    Http {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The regions do not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// Our own configuration.
    #[error("the demonstration's own configuration has problems:\n{0}")]
    Config(#[from] Problems),
    /// The target is behind at the end of the run.
    #[error("{lag} records had not reached ad {after:?} after the last post")]
    Behind {
        /// Records missing.
        lag: i64,
        /// How long it was waited.
        after: Duration,
    },
}

/// A demonstration that runs.
pub struct Dev {
    regions: Regions,
    board: Arc<Board>,
    mirroring: tokio::task::JoinHandle<()>,
    mirror_drain: DrainSignal,
    posting: Vec<tokio::task::JoinHandle<()>>,
    post_drain: DrainSignal,
    options: DevOptions,
}

/// How long the mirror may take to catch up at the end of a run with `--for`.
const CATCH_UP: Duration = Duration::from_secs(10);

impl Dev {
    /// Starts regions, topic, mirror, page and posts, in this order.
    pub async fn start(options: DevOptions) -> Result<Self, DevError> {
        let posts = Posts::open(options.feed.as_deref())?;
        let regions = Regions::start(&options).await?;
        regions.create_topic().await?;
        let settings = settings(&regions, &options)?;
        let worker = Worker::new(&settings);
        let board = worker.board();
        let listener = http::listen(options.http)
            .await
            .map_err(|source| DevError::Http { address: options.http, source })?;
        tokio::spawn(http::serve(listener, Arc::clone(&board)));
        let (mirror_drain, drain) = drain::channel();
        let mirroring = tokio::spawn(worker.run(drain));
        let (post_drain, drain) = drain::channel();
        let posting = start_posting(&regions, posts, options.rate, &drain);
        Ok(Self { regions, board, mirroring, mirror_drain, posting, post_drain, options })
    }

    /// The worker's board.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// The regions.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// What it was asked for.
    pub fn options(&self) -> &DevOptions {
        &self.options
    }

    /// Stops the posts, lets the mirror catch up, and drains everything.
    pub async fn finish(self) -> Result<(), DevError> {
        self.post_drain.start();
        for posting in self.posting {
            // A generator that panicked has said so on stderr; the mirror is drained all the same.
            let _ = posting.await;
        }
        let caught_up = catch_up(&self.board, &self.regions).await;
        self.mirror_drain.start();
        let _ = time::timeout(CATCH_UP, self.mirroring).await;
        self.regions.drain().await;
        caught_up
    }
}

fn start_posting(
    regions: &Regions,
    posts: Posts,
    rate: u32,
    drain: &Drain,
) -> Vec<tokio::task::JoinHandle<()>> {
    if rate == 0 {
        return Vec::new();
    }
    let sources = regions.sources().into_iter();
    sources
        .map(|(name, cluster)| {
            let generator = Generator::new(name, cluster, posts.clone(), rate);
            tokio::spawn(generator.run(drain.clone()))
        })
        .collect()
}

/// Waits until every post in us and sg is at ad and in the ledger.
async fn catch_up(board: &Board, regions: &Regions) -> Result<(), DevError> {
    let began = time::now();
    loop {
        let lag = missing(board, regions).await?;
        if lag == 0 {
            return Ok(());
        }
        if began.elapsed() > CATCH_UP {
            return Err(DevError::Behind { lag, after: CATCH_UP });
        }
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// Source records that no checkpoint covers yet, by asking the source itself.
async fn missing(board: &Board, regions: &Regions) -> Result<i64, DevError> {
    let snapshot = board.refresh();
    let mut lag = 0;
    for (region, cluster) in regions.sources() {
        let ends = regions::ends(&cluster).await?;
        let pipelines = snapshot.pipelines.iter().filter(|p| p.from == region.as_str());
        let lanes = pipelines.flat_map(|p| &p.lanes).filter(|lane| lane.topic == TOPIC);
        let done: i64 = lanes.map(|lane| lane.checkpoint.max(0)).sum();
        lag += ends - done;
    }
    Ok(lag.max(0))
}

/// The configuration of the demonstration, as a person would write it.
pub fn configuration(regions: &Regions, options: &DevOptions) -> String {
    let [us, sg, ad] = regions.addresses();
    format!(
        "version: 1
regions:
  us: {{ bootstrap: [\"{us}\"] }}
  sg: {{ bootstrap: [\"{sg}\"] }}
  ad: {{ bootstrap: [\"{ad}\"] }}
pipelines:
  - {{ name: us-to-ad, from: us, to: ad, topics: {{ include: [\"osint-.*\"] }}, compression: zstd }}
  - {{ name: sg-to-ad, from: sg, to: ad, topics: {{ include: [\"osint-.*\"] }}, compression: zstd }}
worker: {{ checkpoint_interval: 250ms }}
http: {{ listen: \"{}\" }}
",
        options.http
    )
}

fn settings(regions: &Regions, options: &DevOptions) -> Result<Settings, DevError> {
    Ok(config::parse("strait dev", &configuration(regions, options))?)
}

/// When each region's first post was acknowledged at ad, as far as it has been.
pub struct FirstPosts {
    began: Instant,
    seen: Vec<(String, Duration)>,
}

impl FirstPosts {
    /// Starts the watch.
    pub fn watch(began: Instant) -> Self {
        Self { began, seen: Vec::new() }
    }

    /// Looks; the regions whose first post has arrived since the last look.
    pub fn look(&mut self, board: &Board) -> Vec<(String, Duration)> {
        let arrived = board.counts().into_iter().filter(|(_, records)| *records > 0);
        let seen = |name: &String| self.seen.iter().any(|(known, _)| known == name);
        let new: Vec<_> = arrived
            .filter(|(name, _)| !seen(name))
            .map(|(name, _)| (name, self.began.elapsed()))
            .collect();
        self.seen.extend(new.clone());
        new
    }
}
