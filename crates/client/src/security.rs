//! How a connection is protected: the step between the open socket and the first request.

use strait_io::net::{OwnedReadHalf, OwnedWriteHalf, TcpStream};

/// The protection of a cluster's connections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Security {
    /// Neither encryption nor login.
    #[default]
    Plaintext,
}

impl Security {
    /// Turns an open socket into the two halves that requests and responses travel on.
    pub(crate) fn halves(&self, stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
        match self {
            Security::Plaintext => stream.into_split(),
        }
    }
}
