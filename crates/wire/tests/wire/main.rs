//! The protocol crate against strangers: another implementation, and hostile bytes.
//!
//! | file | proves |
//! |---|---|
//! | `oracle` | every message of every version reads and writes like another implementation's |
//! | `hostile` | no bytes make a decoder panic or allocate more than a small multiple of them |
//! | `codecs` | the five codecs round-trip, keep their caps, and write what Java reads |
//! | `batches` | headers, CRCs, records, and batches that Java and librdkafka wrote |

mod batches;
mod codecs;
mod hostile;
mod oracle;
