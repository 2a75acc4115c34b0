//! The mirror between real brokers, told as its users would: `strait mirror` in a process of its
//! own, records written and read back by librdkafka. A region is Apache Kafka or our broker.

mod arrival;
mod bad_input;
mod crash;
mod dev;
mod discovery;
mod ending;
mod ledger;
mod segments;
mod sources;
mod whole;
