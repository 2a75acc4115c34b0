//! The protocol crate against strangers: another implementation, and hostile bytes.

mod oracle;
