//! `strait dev`: the story of three regions, without a configuration.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use strait_io::time::{self, Duration, Instant};

use super::signal;
use crate::config::parse_duration;
use crate::dev::{Dev, DevError, DevOptions, FirstPosts, TOPIC, report};

/// How often the first posts are looked for.
const LOOK: Duration = Duration::from_millis(20);
/// How often the table is drawn, and how often a plain line is written.
const DRAW: Duration = Duration::from_secs(1);
const LINE_EVERY: u64 = 5;

/// The flags of `strait dev`.
#[derive(Clone, Debug, clap::Args)]
pub struct DevArgs {
    /// Where region us listens.
    #[arg(long, default_value = "127.0.0.1:19092")]
    pub us: SocketAddr,
    /// Where region sg listens.
    #[arg(long, default_value = "127.0.0.1:29092")]
    pub sg: SocketAddr,
    /// Where region ad listens.
    #[arg(long, default_value = "127.0.0.1:39092")]
    pub ad: SocketAddr,
    /// Where the page and /metrics are.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    /// Where the regions keep their data; it is there again at the next start.
    #[arg(long, value_name = "DIR", default_value = "strait-data")]
    pub data: PathBuf,
    /// Posts a second in each of us and sg; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub rate: u32,
    /// Take posts from a file, one record a line, instead of making them up.
    #[arg(long, value_name = "FILE")]
    pub feed: Option<PathBuf>,
    /// Stop after this long, once every post has arrived.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub run_for: Option<Duration>,
}

/// Runs the demonstration until told to stop.
pub async fn run(args: &DevArgs) -> ExitCode {
    match demonstrate(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strait dev: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demonstrate(args: &DevArgs) -> Result<(), DevError> {
    let began = time::now();
    let dev = Dev::start(options(args)).await?;
    println!("{}", welcome(&dev));
    tokio::select! {
        () = watch(&dev, began) => {}
        () = signal::terminate() => {}
        () = end(began, args.run_for) => {}
    }
    println!("\nStopping: posts end, the mirror catches up, the regions close.");
    let data = args.data.display().to_string();
    dev.finish().await?;
    println!("Everything has arrived. The data is in {data}; start again to go on.");
    Ok(())
}

fn options(args: &DevArgs) -> DevOptions {
    DevOptions {
        listen: [args.us, args.sg, args.ad],
        http: args.http,
        data: args.data.clone(),
        rate: args.rate,
        feed: args.feed.clone(),
    }
}

async fn end(began: Instant, run_for: Option<Duration>) {
    match run_for {
        Some(run_for) => time::sleep_until(began + run_for).await,
        None => std::future::pending().await,
    }
}

fn welcome(dev: &Dev) -> String {
    let [us, sg, ad] = dev.regions().addresses();
    let (http, rate) = (dev.options().http, dev.options().rate);
    format!(
        "Three regions are up: us {us}, sg {sg}, ad {ad}.
Posts land in us and sg ({rate} a second each, topic {TOPIC}); two pipelines gather them in ad.

Page:     http://{http}/
Metrics:  http://{http}/metrics

Try next, in another terminal:
  strait kafka-console-consumer --bootstrap-server {ad} --topic {TOPIC} --from-beginning
  strait kafka-topics --bootstrap-server {us} --alter --topic {TOPIC} --partitions 20
  strait status --http {http}
(strait is target/release/strait, or `cargo run --release --`. Ctrl-C stops.)
"
    )
}

async fn watch(dev: &Dev, began: Instant) {
    let live = std::io::stdout().is_terminal();
    let (mut first, mut look) = (FirstPosts::watch(began), time::interval(LOOK));
    let (mut drawn, mut at, mut seconds) = (0, began, 0u64);
    loop {
        look.tick().await;
        for (region, after) in first.look(dev.board()) {
            println!("The first posts from {region} are in ad, {after:.2?} after the start.");
            drawn = 0;
        }
        if at.elapsed() >= DRAW {
            at = time::now();
            seconds += 1;
            drawn = show(dev, live, seconds, drawn);
        }
    }
}

fn show(dev: &Dev, live: bool, seconds: u64, drawn: usize) -> usize {
    let snapshot = dev.board().latest();
    if !live {
        if seconds.is_multiple_of(LINE_EVERY) {
            println!("{}", report::line(&snapshot));
        }
        return 0;
    }
    if drawn > 0 {
        print!("\x1b[{drawn}A\x1b[J");
    }
    print!("{}", report::table(&snapshot));
    // A terminal that went away is noticed by the next signal, not here.
    let _ = std::io::stdout().flush();
    report::table_lines(&snapshot)
}
