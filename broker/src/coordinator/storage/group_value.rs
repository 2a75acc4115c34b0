//! A group's metadata as a value of `__consumer_offsets`.
//!
//! ```text
//! protocol type string, generation i32, protocol string?, leader string?,
//! state since i64 (v2+), members [ member id string, instance id string? (v3+),
//! client id string, client host string, rebalance timeout i32 (v1+), session timeout i32,
//! subscription bytes, assignment bytes ]                                    (v4 is flexible)
//! ```

use bytes::Bytes;
use strait_wire::{Reader, Shape, Wire, WireError, Writer};

use super::{StorageError, end_of_struct, value_shape};

/// What we write.
const WRITTEN: Shape = Shape { version: 3, flexible: false };
/// "Not known", for a time.
const NO_TIME: i64 = -1;

/// A group as it was when its state last became durable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredGroup {
    /// "consumer", "connect", …; empty if it never had members.
    pub protocol_type: String,
    /// The generation.
    pub generation: i32,
    /// The protocol its members agreed on.
    pub protocol: Option<String>,
    /// The member id of the leader.
    pub leader: Option<String>,
    /// When the group entered its state, milliseconds since 1970.
    pub state_since_ms: Option<i64>,
    /// Its members; none in an empty group.
    pub members: Vec<StoredMember>,
}

/// A member of a [`StoredGroup`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredMember {
    /// Its id.
    pub id: String,
    /// Its instance id, if it is static.
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it connected from.
    pub client_host: String,
    /// How long a rebalance waits for it.
    pub rebalance_timeout_ms: i32,
    /// How long it may be silent.
    pub session_timeout_ms: i32,
    /// Its metadata for the group's protocol.
    pub subscription: Bytes,
    /// What the leader assigned to it.
    pub assignment: Bytes,
}

impl StoredGroup {
    /// The value's bytes.
    pub fn write(&self) -> Bytes {
        let mut to = Writer::default();
        WRITTEN.version.write(&mut to, WRITTEN);
        self.protocol_type.write(&mut to, WRITTEN);
        self.generation.write(&mut to, WRITTEN);
        self.protocol.write(&mut to, WRITTEN);
        self.leader.write(&mut to, WRITTEN);
        self.state_since_ms.unwrap_or(NO_TIME).write(&mut to, WRITTEN);
        self.members.write(&mut to, WRITTEN);
        to.into_bytes()
    }

    /// Reads a value of any known version.
    pub fn read(bytes: &Bytes) -> Result<Self, StorageError> {
        let mut from = Reader::new(bytes.clone());
        let shape = value_shape(&mut from)?;
        let mut group = Self {
            protocol_type: Wire::read(&mut from, shape)?,
            generation: Wire::read(&mut from, shape)?,
            protocol: Wire::read(&mut from, shape)?,
            leader: Wire::read(&mut from, shape)?,
            ..Self::default()
        };
        if shape.version >= 2 {
            let since = i64::read(&mut from, shape)?;
            group.state_since_ms = (since != NO_TIME).then_some(since);
        }
        group.members = Wire::read(&mut from, shape)?;
        end_of_struct(&mut from, shape)?;
        Ok(group)
    }
}

impl Wire for StoredMember {
    fn read(from: &mut Reader, shape: Shape) -> Result<Self, WireError> {
        let mut member = Self { id: Wire::read(from, shape)?, ..Self::default() };
        if shape.version >= 3 {
            member.instance_id = Wire::read(from, shape)?;
        }
        member.client_id = Wire::read(from, shape)?;
        member.client_host = Wire::read(from, shape)?;
        let rebalance = if shape.version >= 1 { Some(Wire::read(from, shape)?) } else { None };
        member.session_timeout_ms = Wire::read(from, shape)?;
        member.rebalance_timeout_ms = rebalance.unwrap_or(member.session_timeout_ms);
        member.subscription = Wire::read(from, shape)?;
        member.assignment = Wire::read(from, shape)?;
        end_of_struct(from, shape)?;
        Ok(member)
    }

    fn write(&self, to: &mut Writer, shape: Shape) {
        self.id.write(to, shape);
        self.instance_id.write(to, shape);
        self.client_id.write(to, shape);
        self.client_host.write(to, shape);
        self.rebalance_timeout_ms.write(to, shape);
        self.session_timeout_ms.write(to, shape);
        self.subscription.write(to, shape);
        self.assignment.write(to, shape);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredGroup {
        StoredGroup {
            protocol_type: "consumer".into(),
            generation: 3,
            protocol: Some("range".into()),
            leader: Some("m-1".into()),
            state_since_ms: Some(0x0102),
            members: vec![StoredMember {
                id: "m-1".into(),
                instance_id: None,
                client_id: "m".into(),
                client_host: "/127.0.0.1".into(),
                rebalance_timeout_ms: 300_000,
                session_timeout_ms: 10_000,
                subscription: Bytes::from_static(b"\x01\x02"),
                assignment: Bytes::from_static(b"\x03"),
            }],
        }
    }

    #[test]
    fn version_3_has_kafkas_bytes() {
        let bytes = b"\x00\x03\x00\x08consumer\x00\x00\x00\x03\x00\x05range\x00\x03m-1\
            \x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x01\
            \x00\x03m-1\xff\xff\x00\x01m\x00\x0a/127.0.0.1\x00\x04\x93\xe0\x00\x00\x27\x10\
            \x00\x00\x00\x02\x01\x02\x00\x00\x00\x01\x03";
        assert_eq!(&stored().write()[..], bytes);
        assert_eq!(StoredGroup::read(&Bytes::from_static(bytes)), Ok(stored()));
    }

    #[test]
    fn version_0_takes_the_session_timeout_for_both() {
        let bytes = b"\x00\x00\x00\x08consumer\x00\x00\x00\x03\x00\x05range\x00\x03m-1\
            \x00\x00\x00\x01\x00\x03m-1\x00\x01m\x00\x0a/127.0.0.1\x00\x00\x27\x10\
            \x00\x00\x00\x02\x01\x02\x00\x00\x00\x01\x03";
        let group = StoredGroup::read(&Bytes::from_static(bytes)).unwrap();
        assert_eq!(group.state_since_ms, None);
        assert_eq!(group.members[0].rebalance_timeout_ms, 10_000);
        assert_eq!(group.members[0].assignment, stored().members[0].assignment);
    }

    #[test]
    fn a_cut_value_is_an_error() {
        let bytes = stored().write();
        for cut in 0..bytes.len() {
            assert!(StoredGroup::read(&bytes.slice(..cut)).is_err(), "cut at {cut}");
        }
    }
}
