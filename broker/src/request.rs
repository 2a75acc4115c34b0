//! Who asks: what a handler may know about the connection a request came from.

/// The sender of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What the client calls itself; empty if it did not say.
    pub client_id: String,
    /// Its address as Kafka prints it in group descriptions: `/127.0.0.1`.
    pub host: String,
    /// The version of the request's API.
    pub version: i16,
}
