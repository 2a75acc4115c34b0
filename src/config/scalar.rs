//! Texts to values: durations, sizes, words, addresses. Pure; each says what it wanted.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use strait_wire::Compression;

use super::nearest::nearest;
use super::settings::{Delivery, StartPosition, WanCompression};
use super::table::{DELIVERIES, STARTS};
use crate::model::{ByteSize, listed};

/// Why a text is not the value it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub what: String,
    pub hint: Option<String>,
}

impl Complaint {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()) }
    }
}

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// `500ms`, `30s`, `1m30s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (count, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let &(_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
        total = total.checked_add(count.parse::<u64>().ok()?.checked_mul(millis)?)?;
        rest = next;
    }
    Some(Duration::from_millis(total))
}

/// A duration within `range`.
pub(super) fn duration_in(
    text: &str,
    range: RangeInclusive<Duration>,
) -> Result<Duration, Complaint> {
    let hint =
        "write a whole number and a unit: `500ms`, `30s`, `5m`, `2h`, `1d`, or several: `1m30s`";
    match duration(text) {
        None => Err(Complaint::new(format!("`{text}` is not a duration"), hint)),
        Some(value) if range.contains(&value) => Ok(value),
        Some(_) => {
            let (low, high) = (range.start(), range.end());
            let hint = format!("it must lie between {} and {}", shown(*low), shown(*high));
            Err(Complaint::new(format!("`{text}` is out of range"), hint))
        }
    }
}

/// A duration in the largest unit that fits it.
fn shown(duration: Duration) -> String {
    let millis = duration.as_millis();
    let fits = |&&(_, unit): &&(&str, u64)| millis > 0 && millis.is_multiple_of(u128::from(unit));
    match UNITS.iter().rev().find(fits) {
        Some((name, unit)) => format!("{}{name}", millis / u128::from(*unit)),
        None => "0s".to_owned(),
    }
}

/// A size within `range`.
pub(super) fn size_in(text: &str, range: RangeInclusive<ByteSize>) -> Result<ByteSize, Complaint> {
    let size: ByteSize = text.parse().map_err(|_| {
        let hint = "write a whole number and a unit: `512KiB`, `64MiB`, `2GiB`";
        Complaint::new(format!("`{text}` is not a size"), hint)
    })?;
    match range.contains(&size) {
        true => Ok(size),
        false => {
            let hint = format!("it must lie between {} and {}", range.start(), range.end());
            Err(Complaint::new(format!("`{text}` is out of range"), hint))
        }
    }
}

/// One of `words`, by its index.
fn word(text: &str, words: &[&'static str]) -> Result<usize, Complaint> {
    words.iter().position(|word| *word == text).ok_or_else(|| {
        let near = nearest(text, words.iter().copied());
        Complaint {
            what: format!("`{text}` is not one of {}", listed(words.iter().copied())),
            hint: near.map(|word| format!("did you mean `{word}`?")),
        }
    })
}

pub(super) fn delivery(text: &str) -> Result<Delivery, Complaint> {
    let all = [Delivery::Auto, Delivery::Preserve, Delivery::Merge, Delivery::AtLeastOnce];
    word(text, DELIVERIES).map(|index| all[index])
}

pub(super) fn start(text: &str) -> Result<StartPosition, Complaint> {
    word(text, STARTS).map(|index| [StartPosition::Earliest, StartPosition::Latest][index])
}

pub(super) fn compression(text: &str) -> Result<WanCompression, Complaint> {
    let recode = |codec, level| Ok(WanCompression::Recode { codec, level });
    let hint = "it is `pass`, `lz4`, `zstd` or `zstd:LEVEL` with a level from 1 to 22";
    match text.split_once(':') {
        None if text == "pass" => Ok(WanCompression::Pass),
        None if text == "lz4" => recode(Compression::Lz4, None),
        None if text == "zstd" => recode(Compression::Zstd, None),
        Some(("zstd", level)) => match level.trim().parse() {
            Ok(level @ 1..=22) => recode(Compression::Zstd, Some(level)),
            _ => Err(Complaint::new(format!("`{level}` is not a level of zstd"), hint)),
        },
        Some(("lz4", _)) => Err(Complaint::new("`lz4` has no levels here", hint)),
        _ => Err(Complaint::new(format!("`{text}` is not a compression"), hint)),
    }
}

/// A whole number of replicas.
pub(super) fn replicas(text: &str) -> Result<i16, Complaint> {
    match text.parse() {
        Ok(count @ 1..=i16::MAX) => Ok(count),
        _ => Err(Complaint::new(
            format!("`{text}` is not a count of replicas"),
            "write a whole number from 1 on",
        )),
    }
}

/// `host:port`, as a client dials it.
pub(super) fn broker(text: &str) -> Result<String, Complaint> {
    let hint = "write `host:port`, such as `us-kafka:9092`";
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(Complaint::new(format!("`{scheme}://` does not belong here"), hint));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(Complaint::new(format!("`{text}` has no port"), hint));
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._[]:%".contains(c);
    let is_bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    match port.parse::<u16>() {
        _ if host.is_empty() || !host.chars().all(is_host) => {
            Err(Complaint::new(format!("`{host}` is not a host name"), hint))
        }
        _ if is_bare_v6 => Err(Complaint::new(
            format!("`{text}` is ambiguous"),
            "write an IPv6 address in brackets: `[::1]:9092`",
        )),
        Ok(1..) => Ok(text.to_owned()),
        _ => Err(Complaint::new(format!("`{port}` is not a port"), hint)),
    }
}

/// `address:port`, to listen on.
pub(super) fn listen(text: &str) -> Result<SocketAddr, Complaint> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| {
        let hint =
            "write a numeric address and a port: `127.0.0.1:8080`, `0.0.0.0:8080`, `[::1]:8080`";
        Complaint::new(format!("`{text}` is not an address to listen on"), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read() {
        let cases = [("500ms", 500), ("30s", 30_000), ("1m30s", 90_000), ("2d", 172_800_000)];
        for (text, millis) in cases {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "30", "s", "1.5s", "-1s", "30 sec", "99999999999999999999s", "1s2"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn compressions_read() {
        let zstd = |level| WanCompression::Recode { codec: Compression::Zstd, level };
        assert_eq!(compression("zstd"), Ok(zstd(None)));
        assert_eq!(compression("zstd:9"), Ok(zstd(Some(9))));
        for text in ["zstd:0", "zstd:x", "lz4:3", "gzip", ""] {
            assert!(compression(text).is_err(), "{text}");
        }
    }

    #[test]
    fn brokers_need_host_and_port() {
        for text in ["us-kafka:9092", "[::1]:9092", "10.0.0.1:1"] {
            assert!(broker(text).is_ok(), "{text}");
        }
        for text in ["us", ":9092", "a:0", "a:99999", "http://a:1", "a b:1", "::1:9092", "a:"] {
            assert!(broker(text).is_err(), "{text}");
        }
    }
}
