//! What a person may know about the worker: states, positions, rates, lag.
//!
//! Lanes write into their own [`LaneStatus`] (atomics, no lock on the batch path); once a second
//! the [`Board`] turns all of them into one immutable [`Snapshot`], which the page, the metrics
//! and the terminal read. Nobody outside ever locks a lane.

pub mod board;
pub mod figures;
pub mod headline;
pub mod lag;
pub mod lane;
#[cfg(test)]
pub mod sample;
pub mod snapshot;

pub use board::Board;
pub use headline::{Headline, Tone};
pub use lane::{LaneStatus, Stage};
pub use snapshot::{LaneSnapshot, PipelineSnapshot, Snapshot};
