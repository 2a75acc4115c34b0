//! Asking a running worker: which one, and what is said when there is none.

use std::io::Write;
use std::process::ExitCode;

use crate::http::client::{self, AskError};
use crate::status::Snapshot;

/// Exit code of a worker that does not answer (`EX_UNAVAILABLE`).
const EXIT_UNREACHABLE: u8 = 69;

/// Which worker, and how to print.
#[derive(Clone, Debug, clap::Args)]
pub struct RunningArgs {
    /// Where the worker's page is.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = host)]
    pub http: String,
    /// A table for people, or JSON for scripts.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For scripts.
    Json,
}

/// `host:port`, also when it was copied from a browser.
fn host(text: &str) -> Result<String, String> {
    let text = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(_) => Ok(text.to_owned()),
        None => Err("write host:port, as 127.0.0.1:8080".to_owned()),
    }
}

impl RunningArgs {
    /// The worker's latest snapshot.
    pub async fn snapshot(&self) -> Result<Snapshot, AskError> {
        let answer = client::get(&self.http, "/api/v1/status").await?;
        let not_a_worker = |what: String| AskError::NotAWorker { host: self.http.clone(), what };
        if answer.code != 200 {
            return Err(not_a_worker(format!("it said {} to /api/v1/status", answer.code)));
        }
        serde_json::from_str(&answer.body)
            .map_err(|error| not_a_worker(format!("its status cannot be read: {error}")))
    }
}

/// Says what went wrong and what to do next.
pub(super) fn refuse(command: &str, error: &AskError) -> ExitCode {
    let next = match error {
        AskError::Unreachable { .. } => {
            "start a worker (`strait mirror -c FILE` with `http:` in the file, or `strait dev`), \
             or give its address with --http"
        }
        AskError::NotAWorker { .. } => "give the worker's own address with --http",
    };
    eprintln!("strait {command}: {error}. Next: {next}.");
    ExitCode::from(EXIT_UNREACHABLE)
}

/// Prints to stdout; a reader that has gone away (`| head`) is no error.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_come_from_a_browser() {
        assert_eq!(host("http://127.0.0.1:8080/").as_deref(), Ok("127.0.0.1:8080"));
        assert_eq!(host("[::1]:8080").as_deref(), Ok("[::1]:8080"));
        assert!(host("localhost").is_err());
    }

    #[tokio::test]
    async fn nobody_there_is_said_so() {
        let free = strait_io::net::listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let at = free.local_addr().expect("it listens").to_string();
        drop(free);
        let args = RunningArgs { http: at.clone(), output: Output::Table };
        let error = args.snapshot().await.expect_err("nobody listens");
        assert!(error.to_string().starts_with(&format!("no worker answers at {at}: ")), "{error}");
        assert_eq!(refuse("status", &error), ExitCode::from(69));
    }
}
