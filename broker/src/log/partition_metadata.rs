//! Kafka's `partition.metadata`: which topic a folder belongs to, by id and not by name, so that
//! a topic deleted and created again under one name never inherits old data.
//!
//! Content: `version: 0` and `topic_id: ` with the id's sixteen bytes in base64url, unpadded.

use std::path::Path;

use strait_io::fs;
use strait_wire::Uuid;

use super::error::LogError;

const FILE: &str = "partition.metadata";
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Digits of a 128-bit id, six bits each; the last holds two bits and four zeros.
const ID_DIGITS: usize = 22;

/// The topic id of the log in `dir`; `None` if it has none.
pub fn load(dir: &Path) -> Result<Option<Uuid>, LogError> {
    let path = dir.join(FILE);
    if !fs::exists(&path) {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(LogError::io(&path))?;
    let id = text.strip_prefix("version: 0\ntopic_id: ").and_then(|id| parse_id(id.trim_end()));
    id.map(Some).ok_or_else(|| LogError::corrupt(&path, -1, "not a partition.metadata file"))
}

/// Writes the topic id.
pub fn store(dir: &Path, topic_id: Uuid) -> Result<(), LogError> {
    let path = dir.join(FILE);
    let text = format!("version: 0\ntopic_id: {}", format_id(topic_id));
    fs::write_atomic(&path, text.as_bytes()).map_err(LogError::io(&path))
}

/// An id as Kafka prints it.
pub fn format_id(id: Uuid) -> String {
    let bits = id.as_u128();
    let digit = |i: usize| {
        let shift = 122 - 6 * i as i32;
        let six = if shift >= 0 { bits >> shift } else { bits << -shift };
        char::from(DIGITS[(six & 63) as usize])
    };
    (0..ID_DIGITS).map(digit).collect()
}

/// Reads an id as Kafka prints it.
pub fn parse_id(text: &str) -> Option<Uuid> {
    if text.len() != ID_DIGITS {
        return None;
    }
    let mut bits = 0u128;
    for (i, byte) in text.bytes().enumerate() {
        let six = DIGITS.iter().position(|digit| *digit == byte)? as u128;
        let last = i + 1 == ID_DIGITS;
        if last && six & 15 != 0 {
            return None;
        }
        bits = if last { bits << 2 | six >> 4 } else { bits << 6 | six };
    }
    Some(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_as_in_kafka_and_come_back() {
        let id = Uuid::from_u128(1);
        assert_eq!(format_id(id), "AAAAAAAAAAAAAAAAAAAAAQ");
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210] {
            let id = Uuid::from_u128(bits);
            assert_eq!(parse_id(&format_id(id)), Some(id));
        }
        assert_eq!(parse_id("AAAAAAAAAAAAAAAAAAAAAB"), None);
        assert_eq!(parse_id("short"), None);
    }

    #[test]
    fn the_file_comes_back_and_nonsense_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()).unwrap(), None);
        store(dir.path(), Uuid::from_u128(7)).unwrap();
        assert_eq!(load(dir.path()).unwrap(), Some(Uuid::from_u128(7)));
        strait_io::fs::write_atomic(&dir.path().join(FILE), b"version: 9").unwrap();
        assert!(matches!(load(dir.path()), Err(LogError::Corrupt { .. })));
    }
}
