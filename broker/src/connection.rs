//! One connection: frames in, answers out in the order of their requests.
//!
//! Each request's handler is polled once as soon as it is read, so that appends happen in the
//! order of arrival; then it queues. Answers leave strictly in that order: a parked fetch holds
//! back what follows it on its own connection and nothing on others. At most
//! `in_flight_per_connection` requests are unanswered. A length is checked before anything is
//! allocated, and memory for a frame grows only as its bytes arrive. A panic in a handler ends
//! this connection alone.

mod answer;

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use strait_io::net::{OwnedReadHalf, OwnedWriteHalf, TcpStream};
use strait_io::time;
use strait_wire::WireError;
use strait_wire::frame::{FrameError, frame_length};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use crate::dispatch::{self, Call, Outcome};
use crate::node::{Node, Phase};
use crate::request::Caller;

/// Memory a connection holds while it waits for a frame.
const READ_BYTES_MIN: usize = 4 * 1024;
/// Memory taken at once for a frame that is on its way, until it outgrows that.
const READ_BYTES_MAX: usize = 256 * 1024;

/// Why a connection ended other than by the client's wish.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("its request header does not decode: {0}")]
    Header(#[from] WireError),
    #[error("{0}")]
    Refused(String),
    #[error("a handler panicked: {0}")]
    Panic(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("nothing was sent for too long")]
    Idle,
}

type Pending = BoxFuture<'static, Result<Outcome, Box<dyn Any + Send>>>;

enum Slot {
    Done(Outcome),
    Parked(Pending),
}

/// Serves a connection to its end.
pub(crate) async fn serve(node: Arc<Node>, stream: TcpStream, peer: SocketAddr) {
    let advertised = match (&node.config.advertised, stream.local_addr()) {
        (Some(advertised), _) => advertised.clone(),
        (None, Ok(local)) => (local.ip().to_canonical().to_string(), local.port()),
        (None, Err(_)) => return,
    };
    let (read, write) = stream.into_split();
    let (queue, slots) = mpsc::channel(node.config.limits.in_flight_per_connection);
    let host = format!("/{}", peer.ip().to_canonical());
    let frames = Frames { read, buffer: BytesMut::new(), node: node.clone() };
    let requests = Requests { frames, host, advertised, queue };
    let mut phase = node.phase.clone();
    let stopped = phase.wait_for(|phase| *phase == Phase::Stopped);
    let ended = tokio::select! {
        ended = exchange(requests, slots, write, node.clone()) => ended,
        _ = stopped => Ok(()),
    };
    if let Err(fault) = ended {
        report(&node, peer, &fault);
    }
}

fn report(node: &Node, peer: SocketAddr, fault: &Fault) {
    match fault {
        Fault::Io(error) => tracing::debug!(%peer, %error, "connection lost"),
        Fault::Idle => tracing::debug!(%peer, "idle connection closed"),
        Fault::Panic(what) => {
            node.metrics.handler_panics.add(1);
            tracing::error!(%peer, what, "a handler panicked; its connection is closed");
        }
        fault => {
            node.metrics.connections_faulty.add(1);
            tracing::warn!(%peer, "connection closed: {fault}");
        }
    }
}

/// Reads and answers at the same time, in one task. The client's end of stream abandons what is
/// parked; the broker's drain answers it.
async fn exchange(
    requests: Requests,
    slots: mpsc::Receiver<Slot>,
    write: OwnedWriteHalf,
    node: Arc<Node>,
) -> Result<(), Fault> {
    let answers = write_answers(slots, write, node);
    tokio::pin!(answers);
    tokio::select! {
        answered = &mut answers => return answered,
        read = requests.run() => if let End::Closed = read? { return Ok(()) },
    }
    answers.await
}

enum End {
    /// The client closed.
    Closed,
    /// The broker takes no more requests.
    Drained,
}

struct Requests {
    frames: Frames,
    host: String,
    advertised: (String, u16),
    queue: mpsc::Sender<Slot>,
}

impl Requests {
    async fn run(mut self) -> Result<End, Fault> {
        let node = self.frames.node.clone();
        loop {
            let Ok(place) = self.queue.clone().reserve_owned().await else {
                return Ok(End::Closed);
            };
            let frame = tokio::select! {
                biased;
                () = node.draining() => return Ok(End::Drained),
                frame = self.frames.next() => frame?,
            };
            let Some(frame) = frame else { return Ok(End::Closed) };
            place.send(self.start(frame)?);
        }
    }

    /// Starts the handler and lets it do what it can at once.
    fn start(&self, frame: Bytes) -> Result<Slot, Fault> {
        let node = self.frames.node.clone();
        node.metrics.requests.add(1);
        let (header, body) = dispatch::read_header(frame)?;
        let caller = Caller {
            client_id: header.client_id.clone().unwrap_or_default(),
            host: self.host.clone(),
            version: header.version,
        };
        let advertised = self.advertised.clone();
        let correlation_id = header.correlation_id;
        let call = Call { node, caller, advertised, correlation_id, body };
        begin(Box::pin(async move { dispatch::start(&header, call).await }))
    }
}

/// Polls the handler once; what it cannot do now it does when its answer is due.
fn begin(handler: BoxFuture<'static, Outcome>) -> Result<Slot, Fault> {
    let mut pending: Pending = AssertUnwindSafe(handler).catch_unwind().boxed();
    match (&mut pending).now_or_never() {
        Some(outcome) => Ok(Slot::Done(outcome.map_err(panic_fault)?)),
        None => Ok(Slot::Parked(pending)),
    }
}

async fn write_answers(
    mut slots: mpsc::Receiver<Slot>,
    mut write: OwnedWriteHalf,
    node: Arc<Node>,
) -> Result<(), Fault> {
    while let Some(slot) = slots.recv().await {
        let outcome = match slot {
            Slot::Done(outcome) => outcome,
            Slot::Parked(pending) => pending.await.map_err(panic_fault)?,
        };
        match outcome {
            Outcome::Silent => {}
            Outcome::Close(why) => return Err(Fault::Refused(why)),
            Outcome::Answer(answer) => {
                let bytes = answer::send(&mut write, answer).await?;
                node.metrics.bytes_out.add(bytes);
            }
        }
    }
    Ok(())
}

fn panic_fault(payload: Box<dyn Any + Send>) -> Fault {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    Fault::Panic(text.unwrap_or("no message").to_owned())
}

struct Frames {
    read: OwnedReadHalf,
    buffer: BytesMut,
    node: Arc<Node>,
}

impl Frames {
    /// The next frame without its length; `None` when the client has closed.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if !self.fill(4).await? {
            return Ok(None);
        }
        let prefix = *self.buffer.first_chunk().expect("filled to four bytes");
        let length = frame_length(prefix, self.node.config.limits.frame_bytes)?;
        if !self.fill(4 + length).await? {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Reads until the buffer holds `needed` bytes; `false` at the end of the stream.
    async fn fill(&mut self, needed: usize) -> Result<bool, Fault> {
        while self.buffer.len() < needed {
            let missing = needed - self.buffer.len();
            let step = missing.min(self.buffer.len().max(READ_BYTES_MAX));
            self.buffer.reserve(step.max(READ_BYTES_MIN));
            let read = self.read.read_buf(&mut self.buffer);
            let idle = self.node.config.limits.idle;
            let count = time::timeout(idle, read).await.map_err(|_| Fault::Idle)??;
            self.node.metrics.bytes_in.add(count as u64);
            if count == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn t15_a_panic_becomes_the_fault_of_one_connection() {
        let at_once = begin(Box::pin(async { panic!("at once") }));
        assert!(matches!(at_once, Err(Fault::Panic(what)) if what == "at once"));
        let later = begin(Box::pin(async {
            tokio::task::yield_now().await;
            panic!("later {}", 1)
        }));
        let Ok(Slot::Parked(pending)) = later else { panic!("it yields first") };
        let Err(payload) = pending.await else { panic!("it panics then") };
        assert!(matches!(panic_fault(payload), Fault::Panic(what) if what == "later 1"));
    }
}
