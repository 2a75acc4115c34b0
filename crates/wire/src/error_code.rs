//! Kafka's error codes: number, name, and whether asking again can help
//! (`clients/.../protocol/Errors.java`).

use std::fmt;

use crate::message::{Shape, Wire};
use crate::reader::{Reader, WireError};
use crate::writer::Writer;

/// An error code as it travels; a number we do not know stays what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ErrorCode(pub i16);

macro_rules! retriable {
    (retriable) => {
        true
    };
    (permanent) => {
        false
    };
}

macro_rules! codes {
    ($( $name:ident = $code:literal, $kind:ident; )*) => {
        #[allow(missing_docs)]
        impl ErrorCode {
            $( pub const $name: ErrorCode = ErrorCode($code); )*
        }

        impl ErrorCode {
            /// The protocol's name of the code.
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $( $code => Some(stringify!($name)), )* _ => None }
            }

            /// Whether the same request may succeed later, perhaps at another broker.
            pub fn is_retriable(self) -> bool {
                match self.0 { $( $code => retriable!($kind), )* _ => false }
            }
        }
    };
}

impl ErrorCode {
    /// Whether the code reports success.
    pub fn is_ok(self) -> bool {
        self == ErrorCode::NONE
    }

    /// `Ok` for success, the code otherwise.
    pub fn ok(self) -> Result<(), ErrorCode> {
        if self.is_ok() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ErrorCode {}

impl Wire for ErrorCode {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        i16::read(from, shape).map(ErrorCode)
    }
    fn write(&self, to: &mut Writer, shape: Shape) {
        self.0.write(to, shape);
    }
}

codes! {
    UNKNOWN_SERVER_ERROR = -1, permanent;
    NONE = 0, permanent;
    OFFSET_OUT_OF_RANGE = 1, permanent;
    CORRUPT_MESSAGE = 2, retriable;
    UNKNOWN_TOPIC_OR_PARTITION = 3, retriable;
    INVALID_FETCH_SIZE = 4, permanent;
    LEADER_NOT_AVAILABLE = 5, retriable;
    NOT_LEADER_OR_FOLLOWER = 6, retriable;
    REQUEST_TIMED_OUT = 7, retriable;
    BROKER_NOT_AVAILABLE = 8, permanent;
    REPLICA_NOT_AVAILABLE = 9, retriable;
    MESSAGE_TOO_LARGE = 10, permanent;
    OFFSET_METADATA_TOO_LARGE = 12, permanent;
    NETWORK_EXCEPTION = 13, retriable;
    COORDINATOR_LOAD_IN_PROGRESS = 14, retriable;
    COORDINATOR_NOT_AVAILABLE = 15, retriable;
    NOT_COORDINATOR = 16, retriable;
    INVALID_TOPIC_EXCEPTION = 17, permanent;
    RECORD_LIST_TOO_LARGE = 18, permanent;
    NOT_ENOUGH_REPLICAS = 19, retriable;
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20, retriable;
    INVALID_REQUIRED_ACKS = 21, permanent;
    ILLEGAL_GENERATION = 22, permanent;
    INCONSISTENT_GROUP_PROTOCOL = 23, permanent;
    INVALID_GROUP_ID = 24, permanent;
    UNKNOWN_MEMBER_ID = 25, permanent;
    INVALID_SESSION_TIMEOUT = 26, permanent;
    REBALANCE_IN_PROGRESS = 27, permanent;
    INVALID_COMMIT_OFFSET_SIZE = 28, permanent;
    TOPIC_AUTHORIZATION_FAILED = 29, permanent;
    GROUP_AUTHORIZATION_FAILED = 30, permanent;
    CLUSTER_AUTHORIZATION_FAILED = 31, permanent;
    INVALID_TIMESTAMP = 32, permanent;
    UNSUPPORTED_SASL_MECHANISM = 33, permanent;
    ILLEGAL_SASL_STATE = 34, permanent;
    UNSUPPORTED_VERSION = 35, permanent;
    TOPIC_ALREADY_EXISTS = 36, permanent;
    INVALID_PARTITIONS = 37, permanent;
    INVALID_REPLICATION_FACTOR = 38, permanent;
    INVALID_REPLICA_ASSIGNMENT = 39, permanent;
    INVALID_CONFIG = 40, permanent;
    NOT_CONTROLLER = 41, retriable;
    INVALID_REQUEST = 42, permanent;
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43, permanent;
    POLICY_VIOLATION = 44, permanent;
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45, permanent;
    DUPLICATE_SEQUENCE_NUMBER = 46, permanent;
    INVALID_PRODUCER_EPOCH = 47, permanent;
    INVALID_TXN_STATE = 48, permanent;
    INVALID_PRODUCER_ID_MAPPING = 49, permanent;
    INVALID_TRANSACTION_TIMEOUT = 50, permanent;
    CONCURRENT_TRANSACTIONS = 51, retriable;
    TRANSACTION_COORDINATOR_FENCED = 52, permanent;
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53, permanent;
    SECURITY_DISABLED = 54, permanent;
    OPERATION_NOT_ATTEMPTED = 55, permanent;
    KAFKA_STORAGE_ERROR = 56, retriable;
    LOG_DIR_NOT_FOUND = 57, permanent;
    SASL_AUTHENTICATION_FAILED = 58, permanent;
    UNKNOWN_PRODUCER_ID = 59, permanent;
    REASSIGNMENT_IN_PROGRESS = 60, permanent;
    NOT_A_CONSUMER = 64, permanent;
    NON_EMPTY_GROUP = 68, permanent;
    GROUP_ID_NOT_FOUND = 69, permanent;
    FETCH_SESSION_ID_NOT_FOUND = 70, retriable;
    INVALID_FETCH_SESSION_EPOCH = 71, retriable;
    LISTENER_NOT_FOUND = 72, retriable;
    TOPIC_DELETION_DISABLED = 73, permanent;
    FENCED_LEADER_EPOCH = 74, retriable;
    UNKNOWN_LEADER_EPOCH = 75, retriable;
    UNSUPPORTED_COMPRESSION_TYPE = 76, permanent;
    STALE_BROKER_EPOCH = 77, permanent;
    OFFSET_NOT_AVAILABLE = 78, retriable;
    MEMBER_ID_REQUIRED = 79, permanent;
    PREFERRED_LEADER_NOT_AVAILABLE = 80, retriable;
    GROUP_MAX_SIZE_REACHED = 81, permanent;
    FENCED_INSTANCE_ID = 82, permanent;
    GROUP_SUBSCRIBED_TO_TOPIC = 86, permanent;
    INVALID_RECORD = 87, permanent;
    UNSTABLE_OFFSET_COMMIT = 88, retriable;
    THROTTLING_QUOTA_EXCEEDED = 89, retriable;
    PRODUCER_FENCED = 90, permanent;
    UNKNOWN_TOPIC_ID = 100, retriable;
    INCONSISTENT_TOPIC_ID = 103, retriable;
    INCONSISTENT_CLUSTER_ID = 104, permanent;
    FETCH_SESSION_TOPIC_ID_ERROR = 106, retriable;
}
