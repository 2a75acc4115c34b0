//! Questions about a cluster and changes to it, as methods of [`Cluster`](crate::Cluster).
//!
//! A call about many things answers for each of them: one that fails does not hide the others.
//! Errors that pass by themselves (a leader or coordinator that moves) are waited out until the
//! request timeout; then they are returned like any other.

mod committed;
mod configs;
mod groups;
mod leaders;
mod offsets;
mod producers;
mod topics;

pub use committed::{CommittedOffset, OffsetCommit};
pub use configs::{ConfigChange, ConfigEntry, ConfigSource, Resource};
pub use groups::{DescribedGroup, DescribedMember, ListedGroup};
pub use offsets::{EpochAsk, EpochEnd, ListedOffset, OffsetSpec};
pub use producers::ProducerId;
pub use topics::{CreatedTopic, NewTopic};

use crate::error::ClientError;

/// One answer per thing asked about, by its name.
pub type Each<K, T> = Vec<(K, Result<T, ClientError>)>;
