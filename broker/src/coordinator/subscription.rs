//! The topics a consumer subscribes to, read from its metadata.
//!
//! Only version 0 of the layout is read (version, topics); every later version begins with it,
//! so the coordinator depends on no client's newest format.

use std::collections::BTreeSet;

use bytes::Bytes;
use strait_wire::{Reader, Shape, Wire, WireError};

/// The protocol type of ordinary consumers.
pub const CONSUMER: &str = "consumer";

/// The topics named in a consumer's metadata.
pub fn topics(metadata: &Bytes) -> Result<BTreeSet<String>, WireError> {
    let shape = Shape { version: 0, flexible: false };
    let mut from = Reader::new(metadata.clone());
    i16::read(&mut from, shape)?;
    let topics = Vec::<String>::read(&mut from, shape)?;
    Ok(topics.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_and_noise_is_refused() {
        let metadata = Bytes::from_static(b"\x00\x01\x00\x00\x00\x02\x00\x01a\x00\x01b\xff\xff");
        assert_eq!(topics(&metadata), Ok(["a".to_owned(), "b".to_owned()].into()));
        assert!(topics(&Bytes::from_static(b"hello")).is_err());
    }
}
