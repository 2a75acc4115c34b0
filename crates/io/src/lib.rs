//! The seam: time, sockets, files, randomness, and what the process itself costs.
//!
//! Everything else in the workspace reaches the outside world through this crate (clippy's
//! `disallowed-methods` and the tidy test see to it), so that brokers, workers and clients can
//! one day run in one deterministic process. In production each item is the real thing with no
//! indirection at run time.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod fs;
pub mod net;
pub mod process;
pub mod rng;
pub mod time;
