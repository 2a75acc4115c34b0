//! The nouns every part of Strait shares: names, places in a log, sizes. No I/O, no policy.
//!
//! - A `RegionName` or `PipelineName` is 1 to 64 of `A-Z a-z 0-9 _ -`: it is legal in a topic
//!   name, a metric label and a file name as it stands.
//! - `SourceOffset` and `TargetOffset` never mix: `SourceOffset + i64` and
//!   `SourceOffset - SourceOffset` compile, `SourceOffset - TargetOffset` does not.
//! - A `ByteSize` is a count of bytes; it prints and parses as `64MiB`.

mod byte_size;
mod listed;
mod mode;
mod name;
mod offset;

use std::fmt;
use std::sync::Arc;

pub use byte_size::ByteSize;
pub use listed::listed;
pub use mode::Mode;
pub use name::{InvalidName, NAME_CHARS_MAX, PipelineName, RegionName};
pub use offset::{SourceOffset, TargetOffset};

/// The id a cluster gives itself; it stays when names and addresses change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(Arc<str>);

impl ClusterId {
    /// Takes the id as the cluster told it.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A partition of a topic, in some cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
}

impl TopicPartition {
    /// Names partition `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}
