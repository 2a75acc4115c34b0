//! What stories are told with: strangers (kcat, Python, Java, a real Kafka) and patience.
//!
//! A stranger is found by its locator, which answers [`Peer::Absent`] loudly, or panics where
//! `STRAIT_PEERS_REQUIRED` is set (CI). Every process has a deadline and dies with its owner.

pub mod eventually;
pub mod java_tools;
pub mod kcat;
pub mod peer;
pub mod process;
pub mod python;
pub mod real_kafka;

pub use eventually::eventually;
pub use java_tools::JavaTools;
pub use kcat::Kcat;
pub use peer::Peer;
pub use python::Python;
pub use real_kafka::RealKafka;
