//! The table of topic configs: name, type, default, what values may be, and the broker config a
//! topic inherits from. Names and defaults are Apache Kafka 4.1's; those that start with
//! `strait.` are ours.

/// A config's type, by its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// What values a config takes.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Anything of its type.
    Any,
    /// A number in this range.
    Range(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A comma-separated list of these words, not empty.
    ListOf(&'static [&'static str]),
}

/// One topic config.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its default, as text.
    pub default: &'static str,
    /// Its allowed values.
    pub rule: Rule,
    /// The broker config it inherits from.
    pub broker: Option<&'static str>,
    /// What it does, for people.
    pub doc: &'static str,
}

/// The definition of this name.
pub fn find(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

impl Definition {
    /// Why `value` cannot be this config's, in words.
    pub fn fault(&self, value: &str) -> Option<String> {
        let wrong = |why: String| {
            Some(format!("Invalid value {value} for configuration {}: {why}", self.name))
        };
        let number = match self.kind {
            Kind::Boolean if !matches!(value, "true" | "false") => {
                return wrong("expected true or false".to_owned());
            }
            Kind::Int => match value.trim().parse::<i32>() {
                Ok(n) => i64::from(n),
                Err(_) => return wrong("not a 32-bit number".to_owned()),
            },
            Kind::Long => match value.trim().parse::<i64>() {
                Ok(n) => n,
                Err(_) => return wrong("not a number".to_owned()),
            },
            Kind::Double => match value.trim().parse::<f64>() {
                Ok(n) if (0.0..=1.0).contains(&n) => 0,
                _ => return wrong("not a number from 0 to 1".to_owned()),
            },
            _ => 0,
        };
        match self.rule {
            Rule::Any => None,
            Rule::Range(low, high) if (low..=high).contains(&number) => None,
            Rule::Range(low, high) => wrong(format!("it must be from {low} to {high}")),
            Rule::OneOf(words) if words.contains(&value) => None,
            Rule::ListOf(words) if value.split(',').all(|w| words.contains(&w.trim())) => None,
            Rule::OneOf(words) => wrong(format!("it must be one of {}", words.join(", "))),
            Rule::ListOf(words) => wrong(format!("it must list some of {}", words.join(", "))),
        }
    }
}

const fn row(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    rule: Rule,
    broker: Option<&'static str>,
    doc: &'static str,
) -> Definition {
    Definition { name, kind, default, rule, broker, doc }
}

const LONG_MAX: &str = "9223372036854775807";
const NOT_NEGATIVE: Rule = Rule::Range(0, i64::MAX);
const OR_UNLIMITED: Rule = Rule::Range(-1, i64::MAX);
const OR_INHERITED: Rule = Rule::Range(-2, i64::MAX);
const INT_MAX: i64 = i32::MAX as i64;

use Kind::{Boolean, Double, Int, List, Long};
use Rule::{Any, ListOf, OneOf, Range};

/// Every topic config, sorted by name.
pub static DEFINITIONS: &[Definition] = &[
    row(
        "cleanup.policy",
        List,
        "delete",
        ListOf(&["delete", "compact"]),
        Some("log.cleanup.policy"),
        "What happens to old segments: deleted, or compacted by key.",
    ),
    row(
        "compression.gzip.level",
        Int,
        "-1",
        Range(-1, 9),
        Some("compression.gzip.level"),
        "The level when the broker recompresses with gzip.",
    ),
    row(
        "compression.lz4.level",
        Int,
        "9",
        Range(1, 17),
        Some("compression.lz4.level"),
        "The level when the broker recompresses with lz4.",
    ),
    row(
        "compression.type",
        Kind::String,
        "producer",
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        Some("compression.type"),
        "The codec batches are kept in; 'producer' keeps what the producer chose.",
    ),
    row(
        "compression.zstd.level",
        Int,
        "3",
        Range(-131072, 22),
        Some("compression.zstd.level"),
        "The level when the broker recompresses with zstd.",
    ),
    row(
        "delete.retention.ms",
        Long,
        "86400000",
        NOT_NEGATIVE,
        Some("log.cleaner.delete.retention.ms"),
        "How long tombstones of compacted topics are kept.",
    ),
    row(
        "file.delete.delay.ms",
        Long,
        "60000",
        NOT_NEGATIVE,
        Some("log.segment.delete.delay.ms"),
        "Accepted; files are unlinked at once, readers keep them open.",
    ),
    row(
        "flush.messages",
        Long,
        LONG_MAX,
        Range(1, i64::MAX),
        Some("log.flush.interval.messages"),
        "Accepted; the broker's flush policy decides.",
    ),
    row(
        "flush.ms",
        Long,
        LONG_MAX,
        NOT_NEGATIVE,
        Some("log.flush.interval.ms"),
        "Accepted; the broker's flush policy decides.",
    ),
    row(
        "follower.replication.throttled.replicas",
        List,
        "",
        Any,
        None,
        "Replicas whose replication is throttled on the follower side.",
    ),
    row(
        "index.interval.bytes",
        Int,
        "4096",
        Range(0, INT_MAX),
        Some("log.index.interval.bytes"),
        "Bytes of log between two index entries.",
    ),
    row(
        "leader.replication.throttled.replicas",
        List,
        "",
        Any,
        None,
        "Replicas whose replication is throttled on the leader side.",
    ),
    row(
        "local.retention.bytes",
        Long,
        "-2",
        OR_INHERITED,
        Some("log.local.retention.bytes"),
        "Local bytes kept of a tiered topic.",
    ),
    row(
        "local.retention.ms",
        Long,
        "-2",
        OR_INHERITED,
        Some("log.local.retention.ms"),
        "How long a tiered topic is kept locally.",
    ),
    row(
        "max.compaction.lag.ms",
        Long,
        LONG_MAX,
        Range(1, i64::MAX),
        Some("log.cleaner.max.compaction.lag.ms"),
        "The longest a record stays uncompacted.",
    ),
    row(
        "max.message.bytes",
        Int,
        "1048588",
        Range(0, INT_MAX),
        Some("message.max.bytes"),
        "The largest batch a producer may send.",
    ),
    row(
        "message.timestamp.after.max.ms",
        Long,
        "3600000",
        NOT_NEGATIVE,
        Some("log.message.timestamp.after.max.ms"),
        "How far in the future a record's time may lie.",
    ),
    row(
        "message.timestamp.before.max.ms",
        Long,
        LONG_MAX,
        NOT_NEGATIVE,
        Some("log.message.timestamp.before.max.ms"),
        "How far in the past a record's time may lie.",
    ),
    row(
        "message.timestamp.type",
        Kind::String,
        "CreateTime",
        OneOf(&["CreateTime", "LogAppendTime"]),
        Some("log.message.timestamp.type"),
        "Whether the producer or the broker sets a record's time.",
    ),
    row(
        "min.cleanable.dirty.ratio",
        Double,
        "0.5",
        Any,
        Some("log.cleaner.min.cleanable.ratio"),
        "The share of a log that must be dirty before it is compacted.",
    ),
    row(
        "min.compaction.lag.ms",
        Long,
        "0",
        NOT_NEGATIVE,
        Some("log.cleaner.min.compaction.lag.ms"),
        "The shortest a record stays uncompacted.",
    ),
    row(
        "min.insync.replicas",
        Int,
        "1",
        Range(1, INT_MAX),
        Some("min.insync.replicas"),
        "Replicas that must have a record before acks=all is answered.",
    ),
    row(
        "preallocate",
        Boolean,
        "false",
        Any,
        Some("log.preallocate"),
        "Accepted; segments grow as they are written.",
    ),
    row(
        "remote.log.copy.disable",
        Boolean,
        "false",
        Any,
        None,
        "Accepted; there is no tiered storage to copy to.",
    ),
    row(
        "remote.log.delete.on.disable",
        Boolean,
        "false",
        Any,
        None,
        "Accepted; there is no tiered storage to delete from.",
    ),
    row(
        "remote.storage.enable",
        Boolean,
        "false",
        OneOf(&["false"]),
        None,
        "Tiered storage; not served.",
    ),
    row(
        "retention.bytes",
        Long,
        "-1",
        OR_UNLIMITED,
        Some("log.retention.bytes"),
        "Bytes of a partition that are kept; -1 for all.",
    ),
    row(
        "retention.ms",
        Long,
        "604800000",
        OR_UNLIMITED,
        Some("log.retention.ms"),
        "How long records are kept; -1 for ever.",
    ),
    row(
        "segment.bytes",
        Int,
        "1073741824",
        Range(1024 * 1024, INT_MAX),
        Some("log.segment.bytes"),
        "The size at which a new segment starts.",
    ),
    row(
        "segment.index.bytes",
        Int,
        "10485760",
        Range(4, INT_MAX),
        Some("log.index.size.max.bytes"),
        "Accepted; indexes grow as they are written.",
    ),
    row(
        "segment.jitter.ms",
        Long,
        "0",
        NOT_NEGATIVE,
        Some("log.roll.jitter.ms"),
        "Accepted; segments roll without jitter.",
    ),
    row(
        "segment.ms",
        Long,
        "604800000",
        Range(1, i64::MAX),
        Some("log.roll.ms"),
        "The age at which a new segment starts.",
    ),
    row(
        "strait.mirror",
        Kind::String,
        "none",
        OneOf(&["none", "preserve", "merge"]),
        None,
        "'preserve': a mirror pipeline owns the topic, keeps the source's offsets, and nobody \
         else may write. 'merge': several lanes write it, and their places never expire.",
    ),
    row(
        "strait.validation",
        Kind::String,
        "full",
        OneOf(&["full", "header"]),
        None,
        "'full' walks every record a producer sends; 'header' trusts the CRC (for producers \
         you trust).",
    ),
    row(
        "unclean.leader.election.enable",
        Boolean,
        "false",
        Any,
        Some("unclean.leader.election.enable"),
        "Whether a replica that is behind may become the leader.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_obeys_its_own_rule_and_names_are_sorted() {
        for definition in DEFINITIONS {
            assert_eq!(definition.fault(definition.default), None, "{}", definition.name);
        }
        assert!(DEFINITIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn faults_are_named() {
        let fault = |name: &str, value: &str| find(name).expect("in the table").fault(value);
        assert!(fault("segment.bytes", "1000").expect("below the floor").contains("1048576"));
        assert!(fault("cleanup.policy", "delete,compress").is_some());
        assert_eq!(fault("cleanup.policy", "compact,delete"), None);
        assert!(fault("retention.ms", "soon").is_some());
        assert!(fault("min.cleanable.dirty.ratio", "1.5").is_some());
    }
}
