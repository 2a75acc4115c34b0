//! Why a lane does not move: typed, with what a person does next.

use strait_client::ClientError;

use crate::batch::PrepareError;
use crate::ledger::{LedgerError, LedgerTopicError};
use crate::model::SourceOffset;
use crate::sink::SinkFault;
use crate::source::SourceFault;

/// A fault of one lane. Other lanes go on.
#[derive(Debug, thiserror::Error)]
pub enum LaneFault {
    /// Reading.
    #[error(transparent)]
    Source(#[from] SourceFault),
    /// Writing.
    #[error(transparent)]
    Sink(#[from] SinkFault),
    /// A batch that cannot be made ready.
    #[error("source offset {at}: {fault}")]
    Batch {
        /// Where the batch begins.
        at: SourceOffset,
        /// What is wrong with it.
        fault: PrepareError,
    },
    /// The ledger cannot be written.
    #[error(transparent)]
    LedgerTopic(#[from] LedgerTopicError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Finding leaders, ends and producer ids.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The target holds something else than the ledger says it should.
    #[error("the target and the ledger disagree: {0}")]
    Disagreement(String),
    /// The source is not what the ledger knows.
    #[error("{0}")]
    AnotherSource(String),
}

impl LaneFault {
    /// Whether it can pass by itself.
    pub fn passes(&self) -> bool {
        match self {
            LaneFault::Source(fault) => {
                use SourceFault::{Connection, LeaderMoved, ReaderEnded};
                matches!(fault, LeaderMoved(_) | ReaderEnded | Connection(_))
            }
            LaneFault::Sink(fault) => !matches!(
                fault,
                SinkFault::Fenced { .. } | SinkFault::TooLarge { .. } | SinkFault::Refused { .. }
            ),
            LaneFault::LedgerTopic(fault) => fault.passes(),
            LaneFault::Client(fault) => fault.is_retriable(),
            LaneFault::Batch { .. }
            | LaneFault::Ledger(_)
            | LaneFault::Disagreement(_)
            | LaneFault::AnotherSource(_) => false,
        }
    }

    /// Whether another worker owns the lane, so that this one must not write to its ledger.
    pub fn is_fenced(&self) -> bool {
        matches!(self, LaneFault::Sink(SinkFault::Fenced { .. }))
    }

    /// What a person does about a fault that stays.
    pub fn next_step(&self) -> &'static str {
        match self {
            LaneFault::Source(SourceFault::OutOfRange { position, log_end, .. })
                if position > log_end =>
            {
                "the source lost records that were copied already (an unclean leader election, or \
                 it was restored from an older copy); compare both sides before going on"
            }
            LaneFault::Source(SourceFault::OutOfRange { .. }) => {
                "the records in between are gone at the source (retention ran ahead of this lane); \
                 nothing was skipped. To go on behind the gap, give the pipeline a new name with \
                 `start: earliest`, or restore the records"
            }
            LaneFault::Source(SourceFault::Diverged { .. }) => {
                "the source lost records that were copied already (unclean leader election); \
                 compare both sides before going on"
            }
            LaneFault::Source(SourceFault::TopicGone(_)) => {
                "the copy is kept; if the topic is back under the same name, it is another topic: \
                 give the pipeline a new name or the copy a new topic"
            }
            LaneFault::Source(SourceFault::Malformed { .. }) | LaneFault::Batch { .. } => {
                "the batch was not copied; let the source's leader move to another replica and \
                 restart the worker, or have it re-produced"
            }
            LaneFault::Source(SourceFault::Refused(_)) => "check the source's ACLs for this topic",
            LaneFault::Sink(SinkFault::Fenced { .. }) => {
                "see which worker runs the same pipeline; this one writes no more on this lane"
            }
            LaneFault::Sink(SinkFault::TooLarge { .. }) => {
                "raise max.message.bytes of the target topic, then restart the worker"
            }
            LaneFault::Sink(SinkFault::Refused { .. }) => {
                "see the target's own words, mend it there, then restart the worker"
            }
            LaneFault::AnotherSource(_) => "give the pipeline a new name to mirror it from scratch",
            LaneFault::Disagreement(_) | LaneFault::Ledger(_) => {
                "do not write to the target topic or to __strait_ledger by other means; restore \
                 them, or give the pipeline a new name and its copy a new topic"
            }
            _ => "it is tried again",
        }
    }
}
