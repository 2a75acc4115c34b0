//! The requests of one connection that wait for an answer, oldest first.
//!
//! Brokers answer in the order they were asked, so the next frame belongs to the oldest request,
//! and its correlation id must say so. A line fails as a whole: once closed, everybody who waits
//! and everybody who comes later gets the reason.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use strait_io::time::{Duration, Instant, now};
use strait_wire::{ApiKey, Piece, frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::error::{ClientError, Place};

/// A request on its way.
pub(crate) struct Outgoing {
    pub api: ApiKey,
    pub correlation_id: i32,
    pub timeout: Duration,
    pub frame: Vec<Piece>,
    pub permit: OwnedSemaphorePermit,
}

struct Waiter {
    api: ApiKey,
    correlation_id: i32,
    timeout: Duration,
    since: Instant,
    written: bool,
    answer: oneshot::Sender<Result<Bytes, ClientError>>,
    _permit: OwnedSemaphorePermit,
}

struct State {
    waiting: VecDeque<Waiter>,
    outbox: Option<mpsc::UnboundedSender<Vec<Piece>>>,
    written_at: Instant,
    read_at: Instant,
    closed: Option<ClientError>,
}

/// The waiting line of one connection.
pub(crate) struct Line {
    place: Place,
    state: Mutex<State>,
}

impl Line {
    /// An empty line; what is sent comes out of the second value, in order.
    pub fn new(place: Place) -> (Self, mpsc::UnboundedReceiver<Vec<Piece>>) {
        let (outbox, frames) = mpsc::unbounded_channel();
        let state = State {
            waiting: VecDeque::new(),
            outbox: Some(outbox),
            written_at: now(),
            read_at: now(),
            closed: None,
        };
        (Self { place, state: Mutex::new(state) }, frames)
    }

    /// Appends a request; its answer arrives at the receiver.
    pub fn push(
        &self,
        request: Outgoing,
    ) -> Result<oneshot::Receiver<Result<Bytes, ClientError>>, ClientError> {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(reason.clone());
        }
        let (answer, receiver) = oneshot::channel();
        let Outgoing { api, correlation_id, timeout, frame, permit } = request;
        let written = state.outbox.as_ref().is_some_and(|outbox| outbox.send(frame).is_ok());
        if !written {
            return Err(self.place.closed("it is being closed"));
        }
        state.waiting.push_back(Waiter {
            api,
            correlation_id,
            timeout,
            since: now(),
            written: false,
            answer,
            _permit: permit,
        });
        Ok(receiver)
    }

    /// Hands a frame to the oldest request, or says why it cannot be its answer.
    pub fn deliver(&self, frame: Bytes) -> Result<(), ClientError> {
        let id = frame::correlation_id(&frame)
            .map_err(|_| self.place.protocol("a response too short for its header", None))?;
        let waiter = self.lock().waiting.pop_front();
        let Some(waiter) = waiter else {
            return Err(self.place.protocol("a response nobody asked for", None));
        };
        if waiter.correlation_id != id {
            let expected = waiter.correlation_id;
            let error = self.place.protocol(
                format_args!("response {id} where {expected} ({:?}) was due", waiter.api),
                None,
            );
            let _ = waiter.answer.send(Err(error.clone()));
            return Err(error);
        }
        let _ = waiter.answer.send(Ok(frame));
        Ok(())
    }

    /// Notes that bytes arrived.
    pub fn note_read(&self) {
        self.lock().read_at = now();
    }

    /// Notes that bytes left.
    pub fn note_write(&self) {
        self.lock().written_at = now();
    }

    /// Notes that the oldest unwritten request has left completely.
    pub fn note_sent(&self) {
        if let Some(waiter) = self.lock().waiting.iter_mut().find(|waiter| !waiter.written) {
            waiter.written = true;
            waiter.since = now();
        }
    }

    /// When the oldest request will have waited in silence for as long as it may.
    pub fn expiry(&self) -> Option<Instant> {
        let state = self.lock();
        let oldest = state.waiting.front()?;
        let moved =
            if oldest.written { state.read_at } else { state.read_at.max(state.written_at) };
        Some(oldest.since.max(moved) + oldest.timeout)
    }

    /// The error of the oldest request, if it has waited too long.
    pub fn expired(&self) -> Option<ClientError> {
        let due = self.expiry().is_some_and(|at| at <= now());
        let state = self.lock();
        let oldest = state.waiting.front().filter(|_| due)?;
        Some(self.place.timeout(oldest.api, oldest.timeout))
    }

    /// Ends the line: everybody gets the reason.
    pub fn close(&self, reason: ClientError) {
        let waiting = {
            let mut state = self.lock();
            state.outbox = None;
            state.closed.get_or_insert_with(|| reason.clone());
            std::mem::take(&mut state.waiting)
        };
        for waiter in waiting {
            let _ = waiter.answer.send(Err(reason.clone()));
        }
    }

    /// Stops taking requests; the connection ends when its outbox is empty.
    pub fn finish(&self) {
        self.lock().outbox = None;
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        let state = self.lock();
        state.closed.is_some() || state.outbox.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock can panic")
    }
}
