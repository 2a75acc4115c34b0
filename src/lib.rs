//! Strait copies Kafka topics between regions: exactly, cheaply, and visibly.
//!
//! | Module | What it is |
//! |---|---|
//! | [`model`] | the nouns everybody shares: names, source and target offsets, sizes |
//! | [`config`] | a file becomes settings, or every problem found |
//! | [`topology`] | regions and pipelines as a graph: loops, double copies, merges |
//! | [`topics`] | which topics, what they are called, are they at the target |
//! | [`worker`] | all pipelines of one file |
//! | [`pipeline`] | one route and its lanes; `lane.rs` is the loop |
//! | [`source`], [`sink`] | reading and writing partitions of many lanes at once |
//! | [`batch`] | headers, codecs: what happens to a batch, pure |
//! | [`ledger`] | what stands where, with proof |
//! | [`status`] | what a person may know |
//! | [`metrics`] | every metric, in one table |
//! | [`http`] | the page, the metrics, the API |
//! | [`dev`] | three regions in one process |
//! | [`cli`] | one file per command |

pub mod batch;
pub mod cli;
pub mod config;
pub mod dev;
pub mod drain;
pub mod http;
pub mod ledger;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod pipeline;
pub mod sink;
pub mod source;
pub mod status;
pub mod telemetry;
pub mod topics;
pub mod topology;
pub mod worker;
