//! What the measurements share: the records, the meters, the judge, and where they ran.
//!
//! A figure counts only if the judge (a client that is not ours) finds the same records at both
//! ends. CPU is that of one process, user and system, from `/proc`; nothing is timed in tests.

pub mod child;
pub mod judge;
pub mod machine;
pub mod meter;
pub mod posts;
pub mod summary;
pub mod writer;

pub use child::Child;
pub use meter::Meter;
pub use posts::Posts;
pub use summary::Summary;

/// A raw gigabyte: 10^9 bytes of uncompressed keys and values.
pub const GB: f64 = 1e9;
