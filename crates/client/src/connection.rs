//! One connection to one broker: requests out in order, answers back in the same order.
//!
//! `requests that wait <= max_in_flight`. A frame is written from where its batches lie and read
//! into one buffer that its record batches are slices of; its length is checked before anything
//! is allocated, and the buffer grows only as bytes arrive. One task owns the socket. Whoever
//! drops the future of an answer does not disturb the others; a broker that is silent for a
//! request's timeout, or answers out of order, loses the connection for all of them.

use std::collections::VecDeque;
use std::future::Future;
use std::io::IoSlice;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use strait_io::net::{OwnedReadHalf, OwnedWriteHalf};
use strait_io::time::{self, Duration};
use strait_wire::frame::{self, FrameError};
use strait_wire::{ApiKey, Piece, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::config::ClientConfig;
use crate::error::{ClientError, Place};
use crate::line::{Line, Outgoing};
use crate::spare::Spares;
use crate::versions::Versions;

/// Small frames are read together; larger ones go straight into their own buffer.
const READ_BUFFER_BYTES: usize = 8 * 1024;

/// A handle to a connection; clones share it, and it ends with the last of them.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    place: Place,
    client_id: String,
    request_timeout: Duration,
    versions: OnceLock<Versions>,
    correlation_id: AtomicI32,
    permits: Arc<Semaphore>,
    line: Arc<Line>,
}

/// The answer to a request that was sent; await it whenever it suits.
#[must_use = "an answer that nobody awaits is thrown away"]
pub struct Answer<R> {
    connection: Connection,
    frame: oneshot::Receiver<Result<Bytes, ClientError>>,
    version: i16,
    request: PhantomData<fn() -> R>,
}

impl Connection {
    /// Starts the task that owns the socket.
    pub(crate) fn start(
        halves: (OwnedReadHalf, OwnedWriteHalf),
        place: Place,
        config: &ClientConfig,
    ) -> Self {
        let (line, frames) = Line::new(place.clone());
        let line = Arc::new(line);
        let io = Io { line: line.clone(), place: place.clone(), bytes_max: config.frame_bytes_max };
        tokio::spawn(io.run(halves, frames, config.request_timeout));
        Self(Arc::new(Inner {
            place,
            client_id: config.client_id.clone(),
            request_timeout: config.request_timeout,
            versions: OnceLock::new(),
            correlation_id: AtomicI32::new(0),
            permits: Arc::new(Semaphore::new(config.max_in_flight.max(1))),
            line,
        }))
    }

    /// Sends a request in the newest version both sides speak. Returns once it is queued for
    /// writing, after every request sent before it; waits while too many are in flight.
    pub async fn send<R: Request>(&self, request: &R) -> Result<Answer<R>, ClientError> {
        self.send_up_to(request, i16::MAX, Duration::ZERO).await
    }

    /// As `send`, in a version not above `cap`, for a request the broker may rightly hold for
    /// `hold` before it answers.
    pub async fn send_up_to<R: Request>(
        &self,
        request: &R,
        cap: i16,
        hold: Duration,
    ) -> Result<Answer<R>, ClientError> {
        let version = self.version_up_to(R::KEY, cap);
        let version = version.ok_or_else(|| self.0.place.not_served(R::KEY))?;
        let frame = self.post(request, version, hold).await?;
        Ok(Answer { connection: self.clone(), frame, version, request: PhantomData })
    }

    /// Sends a request and waits for its answer.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, ClientError> {
        self.send(request).await?.await
    }

    /// The newest version of an API both sides speak.
    pub fn version_of(&self, key: ApiKey) -> Option<i16> {
        self.version_up_to(key, i16::MAX)
    }

    /// The newest version both sides speak that is not above `cap`.
    pub fn version_up_to(&self, key: ApiKey, cap: i16) -> Option<i16> {
        self.0.versions.get()?.best_up_to(key, cap)
    }

    /// Whether the broker serves an API in a version we speak.
    pub fn supports(&self, key: ApiKey) -> bool {
        self.version_of(key).is_some()
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.0.line.is_closed()
    }

    /// The region this connection leads to.
    pub fn region(&self) -> &Arc<str> {
        &self.0.place.region
    }

    /// The broker's `host:port`.
    pub fn address(&self) -> &Arc<str> {
        &self.0.place.address
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    pub(crate) fn set_versions(&self, versions: Versions) {
        let first = self.0.versions.set(versions).is_ok();
        assert!(first, "versions are negotiated once per connection");
    }

    /// Sends a request in `version`, asked for or not, and gives back the answer's frame.
    pub(crate) async fn post<R: Request>(
        &self,
        request: &R,
        version: i16,
        hold: Duration,
    ) -> Result<oneshot::Receiver<Result<Bytes, ClientError>>, ClientError> {
        let permit = self.0.permits.clone().acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let correlation_id = self.0.correlation_id.fetch_add(1, Ordering::Relaxed);
        let frame = frame::encode_request(request, version, correlation_id, &self.0.client_id);
        let timeout = self.0.request_timeout + hold;
        self.0.line.push(Outgoing { api: R::KEY, correlation_id, timeout, frame, permit })
    }

    /// The frame of an answer, or why there is none.
    pub(crate) fn settle(
        &self,
        outcome: Result<Result<Bytes, ClientError>, oneshot::error::RecvError>,
    ) -> Result<Bytes, ClientError> {
        outcome.unwrap_or_else(|_| Err(self.0.place.closed("its task has ended")))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.line.finish();
    }
}

impl<R: Request> Answer<R> {
    /// The version the request was sent in.
    pub fn version(&self) -> i16 {
        self.version
    }
}

impl<R: Request> Future for Answer<R> {
    type Output = Result<R::Response, ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.frame).poll(context));
        let frame = self.connection.settle(outcome)?;
        let response = frame::decode_response::<R>(frame, self.version);
        Poll::Ready(response.map_err(|e| self.connection.place().unreadable(R::KEY, &e)))
    }
}

/// The task that owns the socket.
struct Io {
    line: Arc<Line>,
    place: Place,
    bytes_max: usize,
}

impl Io {
    async fn run(
        self,
        (reading, writing): (OwnedReadHalf, OwnedWriteHalf),
        frames: mpsc::UnboundedReceiver<Vec<Piece>>,
        idle: Duration,
    ) {
        let reason = tokio::select! {
            reason = self.read_frames(reading) => reason,
            reason = self.write_frames(writing, frames) => reason,
            reason = self.watch(idle) => reason,
        };
        self.line.close(reason);
    }

    async fn read_frames(&self, reading: OwnedReadHalf) -> ClientError {
        let mut reading = BufReader::with_capacity(READ_BUFFER_BYTES, reading);
        let spares = Spares::default();
        loop {
            let frame = match self.read_frame(&mut reading, &spares).await {
                Ok(frame) => frame,
                Err(reason) => return reason,
            };
            if let Err(reason) = self.line.deliver(frame) {
                return reason;
            }
        }
    }

    async fn read_frame(
        &self,
        reading: &mut BufReader<OwnedReadHalf>,
        spares: &Spares,
    ) -> Result<Bytes, ClientError> {
        let mut prefix = [0; 4];
        reading.read_exact(&mut prefix).await.map_err(|e| self.lost(&e))?;
        self.line.note_read();
        let length = frame::frame_length(prefix, self.bytes_max).map_err(|e| self.refused(&e))?;
        let mut frame = spares.take(length);
        let mut body = reading.take(length as u64);
        while frame.len() < length {
            if frame.capacity() == frame.len() {
                spares.grow(&mut frame, length);
            }
            if body.read_buf(&mut frame).await.map_err(|e| self.lost(&e))? == 0 {
                return Err(self.lost(&std::io::ErrorKind::UnexpectedEof.into()));
            }
            self.line.note_read();
        }
        Ok(spares.lease(frame))
    }

    async fn write_frames(
        &self,
        mut writing: OwnedWriteHalf,
        mut frames: mpsc::UnboundedReceiver<Vec<Piece>>,
    ) -> ClientError {
        while let Some(frame) = frames.recv().await {
            let mut pieces = Pieces::new(frame);
            while pieces.has_remaining() {
                if let Err(error) = writing.write_buf(&mut pieces).await {
                    return self.lost(&error);
                }
                self.line.note_write();
            }
            self.line.note_sent();
        }
        self.place.closed("nobody uses it any more")
    }

    async fn watch(&self, idle: Duration) -> ClientError {
        loop {
            let wake = self.line.expiry().unwrap_or_else(|| time::now() + idle);
            time::sleep_until(wake).await;
            if let Some(reason) = self.line.expired() {
                return reason;
            }
        }
    }

    fn lost(&self, error: &std::io::Error) -> ClientError {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => self.place.closed("the broker closed it"),
            _ => self.place.closed(error),
        }
    }

    fn refused(&self, error: &FrameError) -> ClientError {
        match error {
            FrameError::LooksLikeTls => self.place.protocol(
                "the port speaks TLS, and this connection does not",
                Some("use the plain port, or configure TLS for this region"),
            ),
            FrameError::LooksLikeHttp => self.place.protocol(
                "an HTTP server answered",
                Some("check host and port: this is no Kafka broker"),
            ),
            FrameError::Length { .. } => self.place.protocol(error, None),
        }
    }
}

/// A frame's pieces as one buffer for vectored writes.
struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn new(frame: Vec<Piece>) -> Self {
        let bytes = frame.into_iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Deferred { .. } => unreachable!("requests hold their bytes"),
        });
        Self(bytes.filter(|bytes| !bytes.is_empty()).collect())
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |bytes| bytes)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.0);
        filled.map(|(slice, bytes)| *slice = IoSlice::new(bytes)).count()
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let first = self.0.front_mut().expect("no more is advanced than remains");
            let step = count.min(first.len());
            first.advance(step);
            count -= step;
            if first.is_empty() {
                self.0.pop_front();
            }
        }
    }
}
