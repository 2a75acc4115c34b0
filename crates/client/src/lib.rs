//! A native Kafka client without policy: connections, metadata, raw fetch and produce, admin
//! calls, group membership.
//!
//! Record batches stay bytes: a fetched batch is a slice of the frame it came in, a produced one
//! is written from where it lies. What to copy, when to give up and what to tell people belongs
//! to the callers; this crate names what went wrong and whether asking again can help.
//!
//! Reading order: [`mod@error`] (what can go wrong), [`mod@connection`] (one socket),
//! [`mod@cluster`] (brokers, leaders, coordinators), then the calls: [`mod@fetch`],
//! [`mod@produce`], [`mod@mirror_append`],
//! [`mod@admin`], [`mod@group`].

pub mod admin;
pub mod backoff;
pub mod cluster;
pub mod config;
mod connect;
pub mod connection;
mod coordinator;
pub mod error;
pub mod fetch;
pub mod group;
mod line;
mod links;
pub mod mirror_append;
pub mod produce;
mod retry;
pub mod security;
mod spare;
pub mod versions;
pub mod view;

pub use admin::Each;
pub use backoff::Backoff;
pub use cluster::{Cluster, To, Topics};
pub use config::ClientConfig;
pub use connection::{Answer, Connection};
pub use error::{Attempt, ClientError, Subject};
pub use group::{Beat, GroupMember, GroupSettings, Joined, JoinedMember};
pub use security::Security;
pub use strait_wire::Uuid;
pub use view::{BrokerView, ClusterView, PartitionView, TopicPartition, TopicView};
