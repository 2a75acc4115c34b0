//! The command line: one file per command; `kafka/` holds those that Kafka's users know.

pub mod kafka;
