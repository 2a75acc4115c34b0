//! The one integration binary: what needs more than one crate, a foreign client or a real Kafka.
//!
//! | file | proves |
//! |---|---|
//! | `harness` | the strangers are here and do what they say |
//! | `mirror` | what users rely on when they mirror: nothing lost, nothing twice, nothing silent |
//! | `strangers` | foreign clients and tools do with our broker what they do with Apache Kafka |
//! | `tidy` | the tree keeps its own rules: sizes, headers, who imports whom, one seam for I/O |

// Stories start processes and look at their files; the seam is for the product.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod harness;
mod mirror;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod tidy;
