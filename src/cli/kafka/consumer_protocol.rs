//! What consumers tell each other inside a group: the assignment of one member. Pure.
//!
//! `version i16, [topic string, [partition i32]], user data`; later versions only append.

use strait_wire::{Bytes, Reader, Shape, Wire, WireError};

const SHAPE: Shape = Shape { version: 0, flexible: false };

/// The partitions a member was given, topic by topic; none if the bytes are not an assignment.
pub(super) fn assignment(bytes: &Bytes) -> Vec<(String, Vec<i32>)> {
    let mut topics = read(bytes).unwrap_or_default();
    for (_, partitions) in &mut topics {
        partitions.sort_unstable();
    }
    topics.sort();
    topics
}

fn read(bytes: &Bytes) -> Result<Vec<(String, Vec<i32>)>, WireError> {
    let mut from = Reader::new(bytes.clone());
    let _version = i16::read(&mut from, SHAPE)?;
    let count = i32::read(&mut from, SHAPE)?;
    (0..count)
        .map(|_| Ok((String::read(&mut from, SHAPE)?, <Vec<i32>>::read(&mut from, SHAPE)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_sorted() {
        let mut bytes = vec![0, 3, 0, 0, 0, 1, 0, 6];
        bytes.extend(b"orders");
        bytes.extend([0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1, 255, 255, 255, 255]);
        assert_eq!(assignment(&bytes.into()), [("orders".to_owned(), vec![1, 7])]);
    }

    #[test]
    fn bytes_of_another_protocol_give_nothing() {
        for bytes in [&b""[..], b"{\"json\": true}", &[0, 0, 127, 255, 255, 255]] {
            assert!(assignment(&Bytes::copy_from_slice(bytes)).is_empty());
        }
    }
}
