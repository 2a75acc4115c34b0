//! The native broker: Kafka's wire protocol, Kafka's files, one data folder.
//!
//! Reading order: `server` (listens), `connection` (frames in, answers in order), `dispatch`
//! (the one table of APIs), `api/` (a file per API), `partition` (a leader's view of a log),
//! `log/` (segments on disk), `coordinator/` (consumer groups).

pub mod coordinator;
pub mod log;
pub mod request;
