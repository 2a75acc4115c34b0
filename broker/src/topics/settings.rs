//! A topic's configs, resolved: what the append path asks at every batch.

use std::collections::BTreeMap;

use strait_wire::Compression;

use crate::log::LogSettings;
use crate::topics::definitions::{self, Definition};

/// The configs a topic was given, by name; what is not here has its default.
pub type Configs = BTreeMap<String, String>;

/// A topic's configs as values.
#[derive(Debug, Clone)]
pub struct TopicSettings {
    /// `max.message.bytes`.
    pub max_message_bytes: usize,
    /// `compression.type` and its level; `None` keeps the producer's.
    pub compression: Option<(Compression, Option<i32>)>,
    /// `message.timestamp.type=LogAppendTime`.
    pub log_append_time: bool,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `cleanup.policy` holds `compact`.
    pub compacted: bool,
    /// `strait.validation=full`.
    pub walk_records: bool,
    /// `strait.mirror=preserve`: read-only to producers.
    pub mirror_owned: bool,
    /// How the log is cut, indexed and kept.
    pub log: LogSettings,
}

impl TopicSettings {
    /// The settings of a topic with these (valid) configs.
    pub fn resolve(configs: &Configs, defaults: &LogSettings) -> Self {
        let text = |name: &str| effective(find(name), configs, defaults);
        let number = |name: &str| text(name).trim().parse::<i64>().unwrap_or(i64::MAX);
        let kept = |name: &str| Some(number(name)).filter(|n| *n >= 0);
        let policy = text("cleanup.policy");
        let deletes = policy.contains("delete");
        Self {
            max_message_bytes: number("max.message.bytes") as usize,
            compression: compression(&text("compression.type"), number),
            log_append_time: text("message.timestamp.type") == "LogAppendTime",
            timestamp_before_max_ms: number("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: number("message.timestamp.after.max.ms"),
            compacted: policy.contains("compact"),
            walk_records: text("strait.validation") == "full",
            mirror_owned: text("strait.mirror") == "preserve",
            log: LogSettings {
                segment_bytes: number("segment.bytes") as u64,
                segment_ms: number("segment.ms"),
                index_interval_bytes: number("index.interval.bytes") as u64,
                producer_expiration_ms: match text("strait.mirror").as_str() {
                    "merge" => i64::MAX,
                    _ => defaults.producer_expiration_ms,
                },
                retention_bytes: kept("retention.bytes").filter(|_| deletes).map(|n| n as u64),
                retention_ms: kept("retention.ms").filter(|_| deletes),
                ..defaults.clone()
            },
        }
    }
}

fn compression(name: &str, number: impl Fn(&str) -> i64) -> Option<(Compression, Option<i32>)> {
    let level = |config: &str| Some(number(config) as i32).filter(|n| *n != -1);
    match name {
        "uncompressed" => Some((Compression::None, None)),
        "gzip" => Some((Compression::Gzip, level("compression.gzip.level"))),
        "zstd" => Some((Compression::Zstd, level("compression.zstd.level"))),
        "lz4" => Some((Compression::Lz4, None)),
        "snappy" => Some((Compression::Snappy, None)),
        _ => None,
    }
}

fn find(name: &str) -> &'static Definition {
    definitions::find(name).expect("settings ask only for names of the table")
}

/// A config's value: the topic's own, else the broker's default.
pub fn effective(definition: &Definition, configs: &Configs, defaults: &LogSettings) -> String {
    let own = configs.get(definition.name).cloned();
    own.unwrap_or_else(|| broker_default(definition, defaults))
}

/// What a topic inherits: this broker's setting where it has one, else Kafka's default.
pub fn broker_default(definition: &Definition, defaults: &LogSettings) -> String {
    match definition.name {
        "segment.bytes" => defaults.segment_bytes.to_string(),
        "segment.ms" => defaults.segment_ms.to_string(),
        "index.interval.bytes" => defaults.index_interval_bytes.to_string(),
        "retention.bytes" => defaults.retention_bytes.map_or("-1".to_owned(), |n| n.to_string()),
        "retention.ms" => defaults.retention_ms.map_or("-1".to_owned(), |n| n.to_string()),
        _ => definition.default.to_owned(),
    }
}

/// Why these configs cannot be a topic's, in words.
pub fn fault(configs: &Configs) -> Option<String> {
    configs.iter().find_map(|(name, value)| match definitions::find(name) {
        None => Some(format!("Unknown topic config name: {name}")),
        Some(definition) => definition.fault(value),
    })
}
