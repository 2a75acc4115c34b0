//! What can go wrong between us and a cluster, with its coordinates.
//!
//! A variant is something a caller acts on differently; `is_retriable` says whether the same
//! call may succeed later.

use std::fmt;
use std::sync::Arc;

use strait_io::time::Duration;
use strait_wire::{ApiKey, ErrorCode, WireError};

/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// No connection could be made to one broker.
    #[error("region `{region}`: cannot reach {address}: {reason}{}", Hint(*.hint))]
    Unreachable {
        /// Whose broker.
        region: Arc<str>,
        /// `host:port`.
        address: Arc<str>,
        /// What happened.
        reason: String,
        /// What to look at next.
        hint: Option<&'static str>,
    },
    /// No broker of the cluster could be reached; each address is listed with its reason.
    #[error("region `{region}`: no broker can be reached: {}", Tried(.tried))]
    NoneReachable {
        /// Whose brokers.
        region: Arc<str>,
        /// Every address tried.
        tried: Vec<Attempt>,
    },
    /// The broker was silent for too long; its connection was closed.
    #[error("region `{region}`: {address} did not answer {api:?} within {after:?}")]
    Timeout {
        /// Whose broker.
        region: Arc<str>,
        /// `host:port`.
        address: Arc<str>,
        /// The request that waited longest.
        api: ApiKey,
        /// How long it waited.
        after: Duration,
    },
    /// The connection ended while the answer was outstanding, or before the request was sent.
    #[error("region `{region}`: the connection to {address} ended: {reason}")]
    Closed {
        /// Whose broker.
        region: Arc<str>,
        /// `host:port`.
        address: Arc<str>,
        /// What happened.
        reason: String,
    },
    /// Bytes that are no answer to what was asked.
    #[error("region `{region}`: {address} does not speak as expected: {reason}{}", Hint(*.hint))]
    Protocol {
        /// Whose broker.
        region: Arc<str>,
        /// `host:port`.
        address: Arc<str>,
        /// What arrived.
        reason: String,
        /// What to look at next.
        hint: Option<&'static str>,
    },
    /// The broker answered with an error code.
    #[error("region `{region}`: {api:?}{}: {code}{}", .subject, Words(.message))]
    Kafka {
        /// The code.
        code: ErrorCode,
        /// Whose broker.
        region: Arc<str>,
        /// What was asked.
        api: ApiKey,
        /// What it was asked about.
        subject: Subject,
        /// The broker's own words.
        message: Option<String>,
    },
    /// The broker does not serve this API in any version we speak.
    #[error("region `{region}`: {address} does not serve {api:?} in a version known here")]
    NotServed {
        /// Whose broker.
        region: Arc<str>,
        /// `host:port`.
        address: Arc<str>,
        /// The API.
        api: ApiKey,
    },
    /// The metadata names no broker with this id.
    #[error("region `{region}`: no broker has id {broker} at the moment")]
    UnknownBroker {
        /// Whose broker.
        region: Arc<str>,
        /// The id.
        broker: i32,
    },
}

/// What an error code is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Subject {
    /// The request as a whole.
    #[default]
    Request,
    /// A topic.
    Topic(String),
    /// A partition of a topic.
    Partition(String, i32),
    /// A consumer group, or another member of the group protocol.
    Group(String),
    /// A broker.
    Broker(i32),
}

/// An address that could not be reached, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// `host:port`.
    pub address: Arc<str>,
    /// What happened.
    pub reason: String,
    /// What to look at next.
    pub hint: Option<&'static str>,
}

impl ClientError {
    /// Whether the same call may succeed later, perhaps at another broker.
    pub fn is_retriable(&self) -> bool {
        match self {
            ClientError::Unreachable { .. }
            | ClientError::NoneReachable { .. }
            | ClientError::Timeout { .. }
            | ClientError::Closed { .. }
            | ClientError::UnknownBroker { .. } => true,
            ClientError::Protocol { .. } | ClientError::NotServed { .. } => false,
            ClientError::Kafka { code, .. } => code.is_retriable(),
        }
    }

    /// The broker's error code, if it answered with one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            ClientError::Kafka { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether no broker could be talked to at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, ClientError::Unreachable { .. } | ClientError::NoneReachable { .. })
    }
}

/// Whether a code says that our picture of leaders and topics is out of date.
pub fn is_stale_metadata(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NOT_LEADER_OR_FOLLOWER
            | ErrorCode::LEADER_NOT_AVAILABLE
            | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::FENCED_LEADER_EPOCH
            | ErrorCode::UNKNOWN_LEADER_EPOCH
            | ErrorCode::UNKNOWN_TOPIC_ID
            | ErrorCode::INCONSISTENT_TOPIC_ID
            | ErrorCode::REPLICA_NOT_AVAILABLE
            | ErrorCode::KAFKA_STORAGE_ERROR
    )
}

/// Whether a code says that the group's coordinator is elsewhere, or not there yet.
pub fn is_coordinator_moved(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NOT_COORDINATOR
            | ErrorCode::COORDINATOR_NOT_AVAILABLE
            | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
    )
}

/// Where a connection leads: the coordinates of its errors.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub region: Arc<str>,
    pub address: Arc<str>,
}

impl Place {
    pub fn unreachable(
        &self,
        reason: impl fmt::Display,
        hint: Option<&'static str>,
    ) -> ClientError {
        let Place { region, address } = self.clone();
        ClientError::Unreachable { region, address, reason: reason.to_string(), hint }
    }

    pub fn timeout(&self, api: ApiKey, after: Duration) -> ClientError {
        let Place { region, address } = self.clone();
        ClientError::Timeout { region, address, api, after }
    }

    pub fn closed(&self, reason: impl fmt::Display) -> ClientError {
        let Place { region, address } = self.clone();
        ClientError::Closed { region, address, reason: reason.to_string() }
    }

    pub fn protocol(&self, reason: impl fmt::Display, hint: Option<&'static str>) -> ClientError {
        let Place { region, address } = self.clone();
        ClientError::Protocol { region, address, reason: reason.to_string(), hint }
    }

    pub fn unreadable(&self, api: ApiKey, error: &WireError) -> ClientError {
        self.protocol(format_args!("its answer to {api:?} cannot be read: {error}"), None)
    }

    pub fn not_served(&self, api: ApiKey) -> ClientError {
        let Place { region, address } = self.clone();
        ClientError::NotServed { region, address, api }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.address, self.reason, Hint(self.hint))
    }
}

struct Hint(Option<&'static str>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

struct Words<'a>(&'a Option<String>);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |words| write!(f, ": {words}"))
    }
}

struct Tried<'a>(&'a [Attempt]);

impl fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, attempt) in self.0.iter().enumerate() {
            write!(f, "{}{attempt}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Request => Ok(()),
            Subject::Topic(topic) => write!(f, " of topic `{topic}`"),
            Subject::Partition(topic, partition) => write!(f, " of {topic}-{partition}"),
            Subject::Group(group) => write!(f, " of group `{group}`"),
            Subject::Broker(broker) => write!(f, " of broker {broker}"),
        }
    }
}
