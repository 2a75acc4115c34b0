//! One GET to a worker, for the commands. HTTP/1.0: the answer ends with the connection.

use std::io;

use strait_io::net;
use strait_io::time::{self, Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long a worker may take to accept, and then to answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);

/// The largest answer that is read: a snapshot of about a hundred thousand lanes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there, or not in time.
    #[error("no worker answers at {host}: {source}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// Somebody is there and it is not a worker.
    #[error("what answers at {host} is no worker: {what}")]
    NotAWorker {
        /// Who was asked.
        host: String,
        /// What it did.
        what: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Asks `host` (`name:port`) for `path`.
pub async fn get(host: &str, path: &str) -> Result<Answer, AskError> {
    let bytes = exchange(host, path)
        .await
        .map_err(|source| AskError::Unreachable { host: host.to_owned(), source })?;
    parse(&bytes)
        .ok_or_else(|| AskError::NotAWorker { host: host.to_owned(), what: first_line(&bytes) })
}

async fn exchange(host: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = connect(host).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
    let mut bytes = Vec::new();
    let answer = async {
        stream.write_all(request.as_bytes()).await?;
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await
    };
    time::timeout(ANSWER, answer).await.map_err(|_| late())??;
    Ok(bytes)
}

async fn connect(host: &str) -> io::Result<net::TcpStream> {
    let (name, port) = host.rsplit_once(':').ok_or_else(|| wrong("write it as host:port"))?;
    let port = port.parse().map_err(|_| wrong("the port is not a number"))?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let mut last = wrong("the name has no address");
    for address in net::resolve(name, port).await? {
        match net::connect(address, CONNECT).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it accepts connections and does not answer")
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some(Answer { code, head: head.to_owned(), body: body.to_owned() })
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    match text.lines().next() {
        None => "it closed the connection".to_owned(),
        Some(line) => format!("it said {line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_code_and_body() {
        let answer = parse(b"HTTP/1.0 503 Service Unavailable\r\na: b\r\n\r\nnot yet\n");
        let answer = answer.expect("it is an answer");
        assert_eq!((answer.code, answer.body.as_str()), (503, "not yet\n"));
    }

    #[test]
    fn a_stranger_is_quoted() {
        assert_eq!(parse(b"SSH-2.0-OpenSSH_9.2\r\n"), None);
        assert_eq!(first_line(b"SSH-2.0-OpenSSH_9.2\r\n"), "it said \"SSH-2.0-OpenSSH_9.2\"");
        assert_eq!(first_line(b""), "it closed the connection");
    }
}
