//! A scripted broker: reads requests, and says what the script tells it to.
#![allow(dead_code, reason = "each test file uses its part of the fake")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use strait_client::{ClientConfig, Cluster};
use strait_io::net;
use strait_io::time::Duration;
use strait_wire::frame::{RequestHeader, encode_response};
use strait_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use strait_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use strait_wire::{ApiKey, Piece, Reader, Request, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request as the fake read it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub api: ApiKey,
    pub version: i16,
    pub correlation_id: i32,
    pub body: Bytes,
    /// How many requests this connection has seen before.
    pub nth: usize,
}

/// What the fake does about a request.
pub enum Say {
    /// Write these bytes.
    Bytes(Vec<u8>),
    /// Write nothing.
    Nothing,
    /// Close the connection.
    Close,
}

impl Asked {
    /// The request, decoded.
    pub fn request<R: Request>(&self) -> R {
        assert_eq!(self.api, R::KEY);
        let shape = self.api.shape(self.version);
        R::read(&mut Reader::new(self.body.clone()), shape).expect("our own request is readable")
    }

    /// A response to this request.
    pub fn answer<T: Wire>(&self, body: &T) -> Say {
        Say::Bytes(self.bytes(body))
    }

    /// The bytes of a response to this request.
    pub fn bytes<T: Wire>(&self, body: &T) -> Vec<u8> {
        joined(encode_response(self.api, self.version, self.correlation_id, body))
    }
}

/// The pieces as one buffer.
pub fn joined(pieces: Vec<Piece>) -> Vec<u8> {
    let bytes = pieces.into_iter().flat_map(|piece| match piece {
        Piece::Bytes(bytes) => bytes.to_vec(),
        Piece::Deferred { .. } => unreachable!("the fake holds its bytes"),
    });
    bytes.collect()
}

/// Every API in our own versions, but none above `cap` for `key`.
pub fn versions_up_to(key: ApiKey, cap: i16) -> ApiVersionsResponse {
    let api_keys = ApiKey::ALL.iter().map(|api| ApiVersion {
        api_key: api.code(),
        min_version: *api.versions().start(),
        max_version: if *api == key { cap } else { *api.versions().end() },
    });
    ApiVersionsResponse { api_keys: api_keys.collect(), ..Default::default() }
}

/// The usual answer to the first request.
pub fn versions() -> ApiVersionsResponse {
    versions_up_to(ApiKey::ApiVersions, 4)
}

/// Metadata with brokers at these addresses (ids from 1 on) and one partition led by `leader`.
pub fn metadata(brokers: &[&str], leader: i32, leader_epoch: i32) -> MetadataResponse {
    let brokers = brokers.iter().zip(1..).map(|(address, node_id)| {
        let (host, port) = address.rsplit_once(':').expect("a fake's address has a port");
        let port = port.parse().expect("a fake's port is a number");
        MetadataResponseBroker { node_id, host: host.to_owned(), port, ..Default::default() }
    });
    let partition =
        MetadataResponsePartition { leader_id: leader, leader_epoch, ..Default::default() };
    MetadataResponse {
        brokers: brokers.collect(),
        cluster_id: Some("fake".to_owned()),
        controller_id: 1,
        topics: vec![MetadataResponseTopic {
            name: Some("posts".to_owned()),
            partitions: vec![partition],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A listening fake.
pub struct Fake {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Listens, and answers every request by the script.
    pub async fn start(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        let any = "127.0.0.1:0".parse().expect("a literal");
        let listener = net::listen(any).await.expect("a port is free");
        let address = listener.local_addr().expect("it listens").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, log) = (Arc::new(script), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), log.clone()));
            }
        });
        Self { address, asked }
    }

    /// What was asked so far, on all connections.
    pub fn asked(&self, api: ApiKey) -> Vec<Asked> {
        let asked = self.asked.lock().expect("the fake does not panic");
        asked.iter().filter(|request| request.api == api).cloned().collect()
    }

    /// A client of this fake with short timeouts.
    pub fn cluster(&self) -> Cluster {
        Cluster::new(config(&[&self.address]))
    }
}

/// A configuration with short timeouts.
pub fn config(bootstrap: &[&str]) -> ClientConfig {
    let bootstrap = bootstrap.iter().map(|a| (*a).to_owned()).collect();
    ClientConfig {
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(1),
        frame_bytes_max: 8 * 1024 * 1024,
        max_in_flight: 4,
        ..ClientConfig::new("us", bootstrap)
    }
}

async fn serve(
    mut stream: net::TcpStream,
    script: Arc<impl Fn(&Asked) -> Say>,
    log: Arc<Mutex<Vec<Asked>>>,
) {
    for nth in 0.. {
        let Some(asked) = read(&mut stream, nth).await else { return };
        log.lock().expect("the fake does not panic").push(asked.clone());
        match script(&asked) {
            Say::Bytes(bytes) => {
                for part in bytes.chunks(64 * 1024) {
                    if stream.write_all(part).await.is_err() {
                        return;
                    }
                }
            }
            Say::Nothing => {}
            Say::Close => return,
        }
    }
}

async fn read(stream: &mut net::TcpStream, nth: usize) -> Option<Asked> {
    let length = stream.read_u32().await.ok()?;
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await.ok()?;
    let mut from = Reader::new(frame.into());
    let flexible =
        |key, version| ApiKey::from_code(key).is_some_and(|api| version >= api.flexible_from());
    let header = RequestHeader::read(&mut from, flexible).expect("our own header is readable");
    Some(Asked {
        api: ApiKey::from_code(header.api_key).expect("our own api"),
        version: header.version,
        correlation_id: header.correlation_id,
        body: from.rest(),
        nth,
    })
}
