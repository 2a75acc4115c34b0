//! One lane's batches at a writer: waiting, in flight, and the terms they are written on. Pure
//! but for the channel its results go to.

use std::collections::VecDeque;
use std::sync::Arc;

use strait_client::mirror_append::{AppendAsk, AppendedPartition};
use strait_client::produce::{ProduceBatch, ProducedPartition};
use strait_wire::Records;
use tokio::sync::mpsc;

use super::{APPEND_AHEAD_MAX, PRODUCE_AHEAD_MAX, Place, SinkFault};
use crate::batch::Outbound;
use crate::ledger::run::Copied;
use crate::memory::Reserved;
use crate::model::TargetOffset;

/// Bytes of one lane in one append.
const APPEND_BYTES_MAX: usize = 1024 * 1024;

/// On which terms a lane writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Idempotent produce into any Kafka: a batch a request.
    Produce,
    /// Compare-and-append into our broker.
    Append {
        /// The lane's producer id (merge), or `None` (preserve).
        producer_id: Option<i64>,
        /// Who owns the lane.
        generation: i16,
        /// Where the target stands, in the terms of MirrorAppend's `expected`.
        expected: i64,
    },
}

/// A lane at its writer.
#[derive(Debug)]
pub struct LaneQueue {
    pub ticket: u64,
    pub place: Place,
    terms: Terms,
    waiting: VecDeque<(Outbound, Arc<Reserved>)>,
    waiting_bytes: usize,
    in_flight: usize,
    written: mpsc::UnboundedSender<Result<Copied, SinkFault>>,
}

/// Batches of one lane on their way in one request.
#[derive(Debug)]
pub struct Sent {
    pub ticket: u64,
    batches: Vec<(Outbound, Arc<Reserved>)>,
}

impl LaneQueue {
    pub fn new(
        ticket: u64,
        place: Place,
        terms: Terms,
        written: mpsc::UnboundedSender<Result<Copied, SinkFault>>,
    ) -> Self {
        let waiting = VecDeque::new();
        Self { ticket, place, terms, waiting, waiting_bytes: 0, in_flight: 0, written }
    }

    /// Adds a batch behind the others.
    pub fn push(&mut self, batch: Outbound, reserved: Arc<Reserved>) {
        self.waiting_bytes += batch.size();
        self.waiting.push_back((batch, reserved));
    }

    /// Whether another request may carry batches of this lane.
    pub fn is_ready(&self) -> bool {
        let ahead_max = match self.terms {
            Terms::Produce => PRODUCE_AHEAD_MAX,
            Terms::Append { .. } => APPEND_AHEAD_MAX,
        };
        !self.waiting.is_empty() && self.in_flight < ahead_max
    }

    /// Bytes of what it would send next.
    pub fn next_bytes(&self) -> usize {
        let first = self.waiting.front().map_or(0, |(batch, _)| batch.size());
        match self.terms {
            Terms::Produce => first,
            Terms::Append { .. } => self.waiting_bytes.min(APPEND_BYTES_MAX).max(first),
        }
    }

    /// Whether more batches wait than the next request takes.
    pub fn has_backlog(&self) -> bool {
        self.waiting.len() > 1
    }

    /// Whether the lane writes by compare-and-append.
    pub fn appends(&self) -> bool {
        matches!(self.terms, Terms::Append { .. })
    }

    /// Whether nobody listens any more.
    pub fn is_abandoned(&self) -> bool {
        self.written.is_closed()
    }

    /// The next batch as a produce.
    pub fn produce(&mut self) -> (Sent, ProduceBatch) {
        let next = self.waiting.pop_front().expect("a ready lane has a batch waiting");
        self.waiting_bytes -= next.0.size();
        let batch = ProduceBatch {
            topic: self.place.topic.clone(),
            topic_id: self.place.topic_id,
            partition: self.place.partition,
            records: next.0.records_field(),
        };
        self.in_flight += 1;
        (Sent { ticket: self.ticket, batches: vec![next] }, batch)
    }

    /// The next batches as a compare-and-append, which moves what the following one expects.
    pub fn append(&mut self) -> (Sent, AppendAsk) {
        let Terms::Append { producer_id, generation, expected } = &mut self.terms else {
            unreachable!("only appending lanes are asked for appends")
        };
        let (mut batches, mut parts, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some((next, _)) = self.waiting.front() {
            if bytes > 0 && bytes + next.size() > APPEND_BYTES_MAX {
                break;
            }
            bytes += next.size();
            parts.extend([next.head.clone(), next.block.clone()]);
            batches.extend(self.waiting.pop_front());
        }
        let ask = AppendAsk {
            topic: self.place.topic.clone(),
            partition: self.place.partition,
            producer_id: *producer_id,
            generation: *generation,
            expected: *expected,
            records: Records::Parts(parts),
        };
        self.waiting_bytes -= bytes;
        let (last, _) = batches.last().expect("a ready lane has a batch waiting");
        *expected = last.source_base.0 + last.target_span;
        self.in_flight += 1;
        (Sent { ticket: self.ticket, batches }, ask)
    }

    /// Reports a produce's result; `false` when the lane is dead.
    pub fn produced(&mut self, sent: Sent, result: ProducedPartition) -> bool {
        self.in_flight -= 1;
        let bytes = sent.bytes();
        if !result.error.is_ok() || result.base_offset < 0 {
            let fault = SinkFault::of_produce(result.error, result.error_message, bytes);
            return self.fail(fault);
        }
        self.report(sent, TargetOffset(result.base_offset))
    }

    /// Reports an append's result; `false` when the lane is dead.
    pub fn appended(&mut self, sent: Sent, result: AppendedPartition) -> bool {
        self.in_flight -= 1;
        let bytes = sent.bytes();
        match result.base_offset {
            Some(base) if result.error.is_ok() => self.report(sent, TargetOffset(base)),
            _ => {
                let stands = (result.position, result.generation);
                let (code, message) = (result.error, result.error_message);
                self.fail(SinkFault::of_append(code, message, stands, bytes))
            }
        }
    }

    /// Tells the lane why it is dead; always `false`.
    pub fn fail(&self, fault: SinkFault) -> bool {
        // A lane that has gone away needs no fault.
        let _ = self.written.send(Err(fault));
        false
    }

    fn report(&self, sent: Sent, base: TargetOffset) -> bool {
        let keeps_offsets = matches!(self.terms, Terms::Append { producer_id: None, .. });
        let mut at = base;
        for (batch, _reserved) in sent.batches {
            if keeps_offsets {
                at = TargetOffset(batch.source_base.0);
            }
            if self.written.send(Ok(batch.copied_to(at))).is_err() {
                return false;
            }
            at += batch.target_span;
        }
        true
    }
}

impl Sent {
    fn bytes(&self) -> usize {
        self.batches.iter().map(|(batch, _)| batch.size()).max().unwrap_or_default()
    }
}
