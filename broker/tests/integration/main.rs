//! The broker from outside: raw frames over TCP.
//!
//! `protocol` (frames, versions, hostile bytes), `topics` (creating, configs, metadata),
//! `produce`, `fetch`, `mirror` (compare-and-append), `groups`, `lifecycle` (start, drain,
//! restart).

mod fetch;
mod groups;
mod lifecycle;
mod mirror;
mod produce;
mod protocol;
mod support;
mod topics;
