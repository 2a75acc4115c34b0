//! What stories are told with: strangers (kcat, Python, Java, a real Kafka) and patience.
//!
//! A stranger is found by its locator, which answers [`Peer::Absent`] loudly, or panics where
//! `STRAIT_PEERS_REQUIRED` is set (CI). Every process has a deadline and dies with its owner.

pub mod child;
pub mod eventually;
pub mod in_process_broker;
pub mod java_tools;
pub mod kcat;
pub mod librdkafka;
pub mod our_broker;
pub mod peer;
pub mod process;
pub mod python;
pub mod real_kafka;
pub mod region;
pub mod text;
pub mod worker;

pub use eventually::eventually;
pub use in_process_broker::InProcessBroker;
pub use java_tools::JavaTools;
pub use kcat::Kcat;
pub use our_broker::OurBroker;
pub use peer::Peer;
pub use python::Python;
pub use real_kafka::RealKafka;
pub use region::{Make, Region};
pub use worker::{Route, Worker};
