//! A committed offset as a value of `__consumer_offsets`.
//!
//! ```text
//! v0, v2  offset i64, metadata string, commit time i64
//! v1      offset i64, metadata string, commit time i64, expiry time i64
//! v3, v4  offset i64, leader epoch i32, metadata string, commit time i64   (v4 is flexible)
//! ```
//! Version 1 is written only when the client itself asked for a retention time, as Kafka does.

use bytes::Bytes;
use strait_wire::{Reader, Shape, Wire, Writer};

use super::{PLAIN, StorageError, end_of_struct, value_shape};
use crate::coordinator::offsets::Committed;

const WITH_EXPIRY: i16 = 1;
const WITH_EPOCH: i16 = 3;

/// The value's bytes.
pub fn write_offset(committed: &Committed) -> Bytes {
    let mut to = Writer::default();
    let version = if committed.expire_ms.is_some() { WITH_EXPIRY } else { WITH_EPOCH };
    version.write(&mut to, PLAIN);
    committed.offset.write(&mut to, PLAIN);
    if version == WITH_EPOCH {
        committed.leader_epoch.write(&mut to, PLAIN);
    }
    committed.metadata.write(&mut to, PLAIN);
    committed.commit_ms.write(&mut to, PLAIN);
    if let Some(expire_ms) = committed.expire_ms {
        expire_ms.write(&mut to, PLAIN);
    }
    to.into_bytes()
}

/// Reads a value of any known version.
pub fn read_offset(bytes: &Bytes) -> Result<Committed, StorageError> {
    let mut from = Reader::new(bytes.clone());
    let shape = value_shape(&mut from)?;
    let offset = Wire::read(&mut from, shape)?;
    let leader_epoch = if shape.version >= WITH_EPOCH { Wire::read(&mut from, shape)? } else { -1 };
    let metadata = Wire::read(&mut from, shape)?;
    let commit_ms = Wire::read(&mut from, shape)?;
    let expire_ms = expiry(&mut from, shape)?;
    end_of_struct(&mut from, shape)?;
    Ok(Committed { offset, leader_epoch, metadata, commit_ms, expire_ms })
}

fn expiry(from: &mut Reader, shape: Shape) -> Result<Option<i64>, StorageError> {
    if shape.version != WITH_EXPIRY {
        return Ok(None);
    }
    let at = i64::read(from, shape)?;
    Ok((at >= 0).then_some(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Committed {
        Committed {
            offset: 258,
            leader_epoch: 5,
            metadata: "note".into(),
            commit_ms: 0x0102_0304,
            expire_ms: None,
        }
    }

    #[test]
    fn version_3_has_kafkas_bytes() {
        let bytes = b"\x00\x03\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x05\x00\x04note\
            \x00\x00\x00\x00\x01\x02\x03\x04";
        assert_eq!(&write_offset(&committed())[..], bytes);
        assert_eq!(read_offset(&Bytes::from_static(bytes)), Ok(committed()));
    }

    #[test]
    fn a_retention_of_its_own_is_version_1() {
        let value = Committed { leader_epoch: -1, expire_ms: Some(9), ..committed() };
        let bytes = write_offset(&value);
        assert_eq!(bytes[..2], [0, 1]);
        assert_eq!(read_offset(&bytes), Ok(value));
    }

    #[test]
    fn old_and_flexible_versions_are_read() {
        let old = b"\x00\x02\x00\x00\x00\x00\x00\x00\x01\x02\x00\x04note\
            \x00\x00\x00\x00\x01\x02\x03\x04";
        let without_epoch = Committed { leader_epoch: -1, ..committed() };
        assert_eq!(read_offset(&Bytes::from_static(old)), Ok(without_epoch));
        let flexible = b"\x00\x04\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x05\x05note\
            \x00\x00\x00\x00\x01\x02\x03\x04\x00";
        assert_eq!(read_offset(&Bytes::from_static(flexible)), Ok(committed()));
        let newer = Bytes::from_static(b"\x00\x05");
        assert_eq!(read_offset(&newer), Err(StorageError::Version(5)));
    }
}
