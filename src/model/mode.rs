//! How a lane is delivered, once the target is known.

use serde::{Deserialize, Serialize};

/// The delivery of a lane. A lane keeps it for life: what the target holds of it can be read in
/// one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Identical offsets into our broker.
    Preserve,
    /// Several sources into one topic of our broker.
    Merge,
    /// Idempotent produce into any Kafka.
    AtLeastOnce,
}

impl Mode {
    /// The name in configs and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Preserve => "preserve",
            Mode::Merge => "merge",
            Mode::AtLeastOnce => "at_least_once",
        }
    }
}
