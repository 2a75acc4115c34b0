//! Strait.
pub mod cli;
pub mod config;
pub mod model;
pub mod topics;
pub mod topology;
