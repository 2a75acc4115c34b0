//! What a client needs to know about a cluster before it opens a socket.

use strait_io::time::Duration;
use strait_wire::frame::FRAME_BYTES_MAX;

use crate::security::Security;

/// One cluster, as its clients see it.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The region's name, for errors.
    pub name: String,
    /// Where to ask first, as `host:port`; one answer is enough.
    pub bootstrap: Vec<String>,
    /// What the brokers' logs call us.
    pub client_id: String,
    /// How connections are protected.
    pub security: Security,
    /// How long one address may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long a broker may be silent about a request before the connection is given up.
    pub request_timeout: Duration,
    /// The largest response accepted.
    pub frame_bytes_max: usize,
    /// Requests on one connection that wait for an answer, at most.
    pub max_in_flight: usize,
}

impl ClientConfig {
    /// A cluster by name and first addresses, everything else as Kafka's own clients have it.
    pub fn new(name: impl Into<String>, bootstrap: Vec<String>) -> Self {
        Self {
            name: name.into(),
            bootstrap,
            client_id: "strait".to_owned(),
            security: Security::Plaintext,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            frame_bytes_max: FRAME_BYTES_MAX,
            max_in_flight: 16,
        }
    }
}
