//! The records of `__consumer_offsets`, byte for byte as Kafka writes them.
//!
//! A key is an `i16` kind and its fields, a value an `i16` version and its fields; a null value
//! is a tombstone. We write offset values at version 3 and group values at version 3, the newest
//! that every Kafka since 2.3 reads, and read all versions up to 4. Kinds we do not keep (the
//! newer group types) are passed over, never refused.

mod group_value;
mod offset_value;

use bytes::Bytes;
use strait_wire::{Reader, Shape, Wire, WireError, Writer};

pub use group_value::{StoredGroup, StoredMember};
pub use offset_value::{read_offset, write_offset};

/// Keys, and values below their first flexible version.
const PLAIN: Shape = Shape { version: 0, flexible: false };
/// The first version with compact lengths, of both kinds of value.
const FLEXIBLE_FROM: i16 = 4;
/// The newest version of either value that Kafka 4.1 writes.
const VALUE_VERSION_MAX: i16 = 4;
const KIND_GROUP: i16 = 2;
const KIND_OFFSET: i16 = 1;
const KIND_OFFSET_OLD: i16 = 0;

/// Why a record of `__consumer_offsets` is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The bytes end early or contradict themselves.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A value of a version newer than we know.
    #[error("a value of version {0}; versions 0 to 4 are known")]
    Version(i16),
}

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A committed offset.
    Offset {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
    },
    /// A group's generation, members and assignment.
    Group {
        /// The group.
        group: String,
    },
}

impl Key {
    /// Reads a key; `None` for kinds that are not ours to keep.
    pub fn read(bytes: &Bytes) -> Result<Option<Self>, StorageError> {
        let mut from = Reader::new(bytes.clone());
        let kind = i16::read(&mut from, PLAIN)?;
        Ok(match kind {
            KIND_OFFSET_OLD | KIND_OFFSET => Some(Key::Offset {
                group: Wire::read(&mut from, PLAIN)?,
                topic: Wire::read(&mut from, PLAIN)?,
                partition: Wire::read(&mut from, PLAIN)?,
            }),
            KIND_GROUP => Some(Key::Group { group: Wire::read(&mut from, PLAIN)? }),
            _ => None,
        })
    }

    /// The key's bytes.
    pub fn write(&self) -> Bytes {
        let mut to = Writer::default();
        match self {
            Key::Offset { group, topic, partition } => {
                KIND_OFFSET.write(&mut to, PLAIN);
                group.write(&mut to, PLAIN);
                topic.write(&mut to, PLAIN);
                partition.write(&mut to, PLAIN);
            }
            Key::Group { group } => {
                KIND_GROUP.write(&mut to, PLAIN);
                group.write(&mut to, PLAIN);
            }
        }
        to.into_bytes()
    }
}

/// Reads a value's version; the rest of it is in the shape returned.
fn value_shape(from: &mut Reader) -> Result<Shape, StorageError> {
    let version = i16::read(from, PLAIN)?;
    if !(0..=VALUE_VERSION_MAX).contains(&version) {
        return Err(StorageError::Version(version));
    }
    Ok(Shape { version, flexible: version >= FLEXIBLE_FROM })
}

/// Passes over the tagged fields that end a flexible struct.
fn end_of_struct(from: &mut Reader, shape: Shape) -> Result<(), WireError> {
    if shape.flexible { from.tags(|_, _| Ok(())) } else { Ok(()) }
}

/// The partition of `__consumer_offsets` that keeps `group`: the absolute value of Java's
/// `String.hashCode`, modulo `partitions` (the one number without an absolute value counts as 0).
pub fn partition_for(group: &str, partitions: i32) -> i32 {
    let hash = group
        .encode_utf16()
        .fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_key_has_kafkas_bytes() {
        let key = Key::Offset { group: "g1".into(), topic: "orders".into(), partition: 7 };
        let bytes = b"\x00\x01\x00\x02g1\x00\x06orders\x00\x00\x00\x07";
        assert_eq!(&key.write()[..], bytes);
        assert_eq!(Key::read(&key.write()), Ok(Some(key)));
    }

    #[test]
    fn a_group_key_has_kafkas_bytes() {
        let key = Key::Group { group: "g1".into() };
        assert_eq!(&key.write()[..], b"\x00\x02\x00\x02g1");
        assert_eq!(Key::read(&key.write()), Ok(Some(key)));
    }

    #[test]
    fn kinds_of_newer_groups_are_passed_over() {
        assert_eq!(Key::read(&Bytes::from_static(b"\x00\x03\x00\x02g1")), Ok(None));
        assert!(Key::read(&Bytes::from_static(b"\x00\x02\x00\x09g1")).is_err());
    }

    #[test]
    fn groups_live_where_java_puts_them() {
        assert_eq!(partition_for("my-group", 50), 12);
        assert_eq!(partition_for("kafka-txn-0", 50), 30);
        // "polygenelubricants".hashCode() is Integer.MIN_VALUE.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
        assert_eq!(partition_for("", 50), 0);
    }
}
