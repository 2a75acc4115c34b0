//! Sockets: connecting, listening, and sending a file's bytes without touching them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::fs::sendfile;
use tokio::io::Interest;

pub use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
pub use tokio::net::{TcpListener, TcpStream};

use crate::fs::File;

/// At most this much in one `sendfile` call, so that one reader cannot hold a thread for long.
const SENDFILE_BYTES_MAX: usize = 1024 * 1024;

/// Connects within `timeout`; Nagle's delay is off, because every write is a whole frame.
pub async fn connect(address: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let stream =
        tokio::time::timeout(timeout, TcpStream::connect(address)).await.map_err(|_| {
            io::Error::new(io::ErrorKind::TimedOut, "no answer to the connection attempt")
        })??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// All addresses of `host:port`.
pub async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Listens on `address`.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Sends `length` bytes of `file` from `offset` on, by the kernel alone.
/// Ends early with `UnexpectedEof` if the file is shorter.
pub async fn send_file(
    stream: &TcpStream,
    file: &File,
    mut offset: u64,
    mut length: usize,
) -> io::Result<()> {
    while length > 0 {
        let count = length.min(SENDFILE_BYTES_MAX);
        let sent = stream
            .async_io(Interest::WRITABLE, || {
                let mut at = offset;
                Ok(sendfile(stream, file.inner(), Some(&mut at), count)?)
            })
            .await?;
        if sent == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends early"));
        }
        offset += sent as u64;
        length -= sent;
    }
    Ok(())
}
