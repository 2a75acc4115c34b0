//! Why a partition can no longer be read from where we are.

use strait_client::ClientError;
use strait_wire::ErrorCode;
use strait_wire::batch::BatchError;

use crate::model::SourceOffset;

/// A fault of one followed partition, or of the connection to its leader.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceFault {
    /// The leader is elsewhere, or our picture of its epoch is old.
    #[error("the leader has moved ({0})")]
    LeaderMoved(ErrorCode),
    /// The wanted offset is not in the log; -1 where a bound is not known yet.
    #[error("{}", outside(*.position, *.log_start, *.log_end))]
    OutOfRange {
        /// The offset wanted.
        position: SourceOffset,
        /// Where the log begins.
        log_start: SourceOffset,
        /// Where it ends.
        log_end: SourceOffset,
    },
    /// The log no longer holds what we read: it was cut below our position and written anew.
    #[error(
        "the source's log was cut at offset {end_offset} (leader epoch {epoch}), below offset \
         {position} which was read already"
    )]
    Diverged {
        /// The offset wanted.
        position: SourceOffset,
        /// The last epoch both logs share.
        epoch: i32,
        /// Where that epoch ends at the source.
        end_offset: i64,
    },
    /// The topic is gone, or another one has its name.
    #[error("the topic is no longer there ({0})")]
    TopicGone(ErrorCode),
    /// Bytes that are no batch.
    #[error("offset {position}: {fault}")]
    Malformed {
        /// The offset wanted.
        position: SourceOffset,
        /// What is wrong with the bytes.
        fault: BatchError,
    },
    /// The source refuses.
    #[error("the source refuses to serve the partition: {0}")]
    Refused(ErrorCode),
    /// The reader's task is gone.
    #[error("the reader of the source's leader has ended")]
    ReaderEnded,
    /// No connection, or it broke.
    #[error(transparent)]
    Connection(#[from] ClientError),
}

impl SourceFault {
    /// The fault an error code stands for.
    pub fn from_code(code: ErrorCode, position: SourceOffset) -> Self {
        let unknown = SourceOffset(-1);
        match code {
            ErrorCode::OFFSET_OUT_OF_RANGE => {
                Self::OutOfRange { position, log_start: unknown, log_end: unknown }
            }
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::UNKNOWN_TOPIC_ID
            | ErrorCode::INCONSISTENT_TOPIC_ID => Self::TopicGone(code),
            code if code.is_retriable() => Self::LeaderMoved(code),
            code => Self::Refused(code),
        }
    }
}

fn outside(position: SourceOffset, log_start: SourceOffset, log_end: SourceOffset) -> String {
    if position < log_start {
        let last = log_start.0 - 1;
        return format!(
            "a gap: offsets {position} to {last} are gone at the source, whose log begins at \
             {log_start}"
        );
    }
    format!("the source's log ends at offset {log_end}, below offset {position} which was copied")
}
