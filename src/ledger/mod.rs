//! The ledger: which source range stands where in the target, with counts and digests.
//!
//! One record type does five jobs (design of the ledger topic): translation, audit, resume,
//! failback, loops. A lane's ledger is a list of [`Run`]s in ascending source order; while
//! source and target advance in step one open run grows, and a new run starts only when their
//! difference changes. `run.source.start <= run.source.end`, and runs never overlap.
//!
//! A source offset counts as mirrored only once the target acknowledged the batch *and* the
//! ledger entry is durable: `checkpoint <= acknowledged`.

pub mod digest;
pub mod entry;
pub mod run;
pub mod topic;

pub use digest::Digest;
pub use entry::{LaneKey, LaneRecord, LedgerError, Skipped};
pub use run::{LaneLedger, Run};
pub use topic::{LedgerTopic, LedgerTopicError};
