//! Every endpoint over a real socket: what it answers, what it refuses.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::status::sample;
use strait_io::time::{self, Duration};

/// A server on a free port that always has this snapshot.
async fn server(snapshot: Snapshot) -> String {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
    let host = listener.local_addr().expect("it listens").to_string();
    let snapshot = Arc::new(snapshot);
    tokio::spawn(serve_snapshots(listener, move || Arc::clone(&snapshot)));
    host
}

async fn answer(snapshot: Snapshot, path: &str) -> client::Answer {
    client::get(&server(snapshot).await, path).await.expect("it answers")
}

/// Sends bytes as they are; what comes back until `until` is in it.
async fn raw(host: &str, request: &str, until: &str) -> String {
    let address = host.parse().expect("an address");
    let mut stream = net::connect(address, Duration::from_secs(1)).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it takes requests");
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    let reading = async {
        while !text.contains(until) {
            let n = stream.read(&mut buffer).await.expect("it answers");
            if n == 0 {
                break;
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    };
    time::timeout(Duration::from_secs(5), reading).await.expect("it answers in time");
    text
}

#[tokio::test]
async fn every_path_answers_with_its_type_and_the_headers() {
    let host = server(sample::busy()).await;
    let paths = [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
        ("/metrics", "text/plain"),
        ("/healthz", "text/plain"),
        ("/readyz", "text/plain"),
        ("/api/v1/status", "application/json"),
        ("/api/v1/pipelines/us-to-ad", "application/json"),
    ];
    for (path, kind) in paths {
        let answer = client::get(&host, path).await.expect("it answers");
        assert_eq!(answer.code, 200, "{path}: {}", answer.body);
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{path}: {}", answer.head);
        for header in ["default-src 'none'", "nosniff", "no-store", "frame-ancestors 'none'"] {
            assert!(answer.head.contains(header), "{path} has no {header}: {}", answer.head);
        }
    }
}

#[tokio::test]
async fn status_is_the_snapshot_with_its_words() {
    let answer = answer(sample::busy(), "/api/v1/status").await;
    let read: Snapshot = serde_json::from_str(&answer.body).expect("it is a snapshot");
    assert_eq!(read, sample::busy());
    assert!(answer.body.starts_with("{\"verdict\":\"ok\",\"headline\":\"Everything arrives: "));
}

#[tokio::test]
async fn readiness_follows_the_worst_pipeline() {
    assert_eq!(answer(sample::calm(), "/readyz").await.code, 200);
    let not_ready = answer(sample::troubled(), "/readyz").await;
    assert_eq!(not_ready.code, 503);
    assert!(not_ready.body.starts_with("sg-to-ad: 1 of 2 lanes stopped — "), "{}", not_ready.body);
    assert_eq!(answer(sample::troubled(), "/healthz").await.code, 200);
}

#[tokio::test]
async fn an_unknown_pipeline_names_those_there_are() {
    let unknown = answer(sample::calm(), "/api/v1/pipelines/x").await;
    assert_eq!(unknown.code, 404);
    assert!(unknown.body.contains("no pipeline `x`; there are: us-to-ad, sg-to-ad"));
    assert_eq!(answer(sample::calm(), "/etc/passwd").await.code, 404);
}

#[tokio::test]
async fn a_stream_brings_a_snapshot_at_once() {
    let host = server(sample::calm()).await;
    let request = format!("GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let text = raw(&host, &request, "\"pipelines\"").await;
    assert!(text.contains("text/event-stream") && text.contains("event: snapshot"), "{text}");
    let request = format!("GET /api/v1/stream?as=page HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let text = raw(&host, &request, "Everything arrives").await;
    assert!(text.contains("event: page"), "{text}");
}

#[tokio::test]
async fn streams_are_bounded_and_give_their_place_back() {
    let host = server(sample::calm()).await;
    let request = format!("GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let mut open = Vec::new();
    for _ in 0..stream::STREAMS_MAX {
        let address = host.parse().expect("an address");
        let mut stream = net::connect(address, Duration::from_secs(1)).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it takes requests");
        stream.read_u8().await.expect("it streams");
        open.push(stream);
    }
    assert_eq!(client::get(&host, "/api/v1/stream").await.expect("it answers").code, 503);
    assert_eq!(client::get(&host, "/healthz").await.expect("it answers").code, 200);
    drop(open);
    let again = async {
        while raw(&host, &request, "\r\n").await.starts_with("HTTP/1.1 503") {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(Duration::from_secs(5), again).await.expect("places come free");
}

#[tokio::test]
async fn what_is_not_a_small_read_by_our_name_is_refused() {
    let host = server(sample::calm()).await;
    let long = "x".repeat(3000);
    let refused = [
        ("GET / HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n".to_owned(), "421"),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "405"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\n"), "413"),
        (format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"), "414"),
        (format!("GET /api/v1/stream?as=x HTTP/1.1\r\nHost: {host}\r\n\r\n"), "400"),
    ];
    for (request, code) in refused {
        let text = raw(&host, &request, "\r\n\r\n").await;
        assert!(text.starts_with(&format!("HTTP/1.1 {code}")), "{request}\n{text}");
    }
}
