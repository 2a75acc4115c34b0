//! The native broker: Kafka's wire protocol, Kafka's files, one data folder.
//!
//! Reading order: `server` (starts, listens, drains), `connection` (frames in, answers in
//! order), `dispatch` (the one table of APIs), `api/` (a file per API), `partition/` (a leader's
//! view of a log), `topics/` (names, ids, configs), `flush` (group commit), `log/` (segments on
//! disk), `coordinator/` (consumer groups).

mod api;
pub mod config;
mod connection;
pub mod coordinator;
mod dispatch;
mod flush;
mod group_store;
mod identity;
pub mod log;
pub mod metrics;
mod node;
mod partition;
mod producer_ids;
pub mod request;
mod retention;
mod server;
mod topics;

pub use config::{BrokerConfig, FlushPolicy, Limits};
pub use server::{Broker, StartError};
