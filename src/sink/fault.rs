//! Why a target partition does not take a lane's batches.

use strait_client::ClientError;
use strait_wire::ErrorCode;

/// A fault of one sink lane; after it the lane opens a new one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SinkFault {
    /// No connection, or it broke; what was in flight may or may not be written.
    #[error(transparent)]
    Connection(#[from] ClientError),
    /// The writer's task is gone.
    #[error("the writer of the target's leader has ended")]
    WriterEnded,
    /// The leader is elsewhere, or cannot take writes for the moment.
    #[error("the target cannot take writes at the moment: {0}")]
    Passing(ErrorCode),
    /// Our broker stands elsewhere than this lane believed (compare-and-append).
    #[error(
        "the target stands at {position} and generation {generation}, not where this lane left it"
    )]
    Elsewhere {
        /// Where it stands.
        position: i64,
        /// Who owns it.
        generation: i16,
    },
    /// Another worker owns the lane now.
    #[error("another worker has taken over this lane (generation {generation})")]
    Fenced {
        /// The owner's generation; -1 if the target did not say.
        generation: i16,
    },
    /// The target no longer knows this producer's sequence.
    #[error("the target lost track of this producer's sequence: {0}")]
    OutOfSequence(ErrorCode),
    /// A batch above the target's limit.
    #[error(
        "a batch of {bytes} bytes is above the target topic's max.message.bytes: raise it there"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The topic or partition is gone at the target.
    #[error("the target topic is no longer there ({0})")]
    TopicGone(ErrorCode),
    /// The target refuses for good.
    #[error("the target refuses the batch: {code}{}", words(.message))]
    Refused {
        /// Its code.
        code: ErrorCode,
        /// Its words.
        message: Option<String>,
    },
}

fn words(message: &Option<String>) -> String {
    message.as_ref().map_or_else(String::new, |m| format!(": {m}"))
}

impl SinkFault {
    /// The fault a code stands for on a produce.
    pub fn of_produce(code: ErrorCode, message: Option<String>, bytes: usize) -> Self {
        match code {
            ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => {
                Self::TooLarge { bytes }
            }
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
            | ErrorCode::DUPLICATE_SEQUENCE_NUMBER
            | ErrorCode::UNKNOWN_PRODUCER_ID => Self::OutOfSequence(code),
            ErrorCode::INVALID_PRODUCER_EPOCH | ErrorCode::PRODUCER_FENCED => {
                Self::Fenced { generation: -1 }
            }
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
                Self::TopicGone(code)
            }
            code if code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE => {
                Self::Passing(code)
            }
            code => Self::Refused { code, message },
        }
    }

    /// The fault a code stands for on a compare-and-append.
    pub fn of_append(
        code: ErrorCode,
        message: Option<String>,
        (position, generation): (i64, i16),
        bytes: usize,
    ) -> Self {
        match code {
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER => Self::Elsewhere { position, generation },
            ErrorCode::INVALID_PRODUCER_EPOCH => Self::Fenced { generation },
            code => Self::of_produce(code, message, bytes),
        }
    }
}
