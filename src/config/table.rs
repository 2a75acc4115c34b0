//! Every key a configuration may hold: its place, form, default and meaning.
//!
//! The walk refuses what is not here, and `configs/REFERENCE.md` and the JSON schema are
//! written from here, so none of the three can disagree with another.

/// A mapping and its keys.
#[derive(Debug)]
pub(super) struct Section {
    /// What a message calls it: "a pipeline", "the worker".
    pub noun: &'static str,
    pub keys: &'static [Key],
}

/// One key of a section.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub form: Form,
    pub presence: Presence,
    pub doc: &'static str,
}

/// Whether a key must be there, and what holds when it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Default(&'static str),
    Optional,
}

/// What may stand behind a key.
#[derive(Debug)]
pub(super) enum Form {
    Version,
    Name,
    Text,
    /// `host:port`, one or several.
    Brokers,
    /// `address:port` to listen on.
    Listen,
    /// Regular expressions, one or several.
    Patterns,
    Template,
    Compression,
    Word(&'static [&'static str]),
    Duration,
    Size,
    Count,
    Section(&'static Section),
    /// A mapping from names to sections.
    Named(&'static Section),
    /// A list of sections.
    List(&'static Section),
    /// Known, but not in this version.
    NotYet,
}

use Presence::{Default, Optional, Required};

const fn key(name: &'static str, form: Form, presence: Presence, doc: &'static str) -> Key {
    Key { name, form, presence, doc }
}

/// The file.
pub(super) static FILE: Section = Section {
    noun: "a configuration",
    keys: &[
        key("version", Form::Version, Required, "The version of this format: `1`."),
        key("regions", Form::Named(&REGION), Required, "The regions, by name."),
        key(
            "defaults",
            Form::Section(&DEFAULTS),
            Optional,
            "What holds for every pipeline that does not say otherwise.",
        ),
        key("pipelines", Form::List(&PIPELINE), Required, "The routes from region to region."),
        key("worker", Form::Section(&WORKER), Optional, "The limits and rhythms of a worker."),
        key(
            "http",
            Form::Section(&HTTP),
            Optional,
            "The page and the metrics; without it nothing is served.",
        ),
    ],
};

static REGION: Section = Section {
    noun: "a region",
    keys: &[
        key("bootstrap", Form::Brokers, Required, "The brokers to ask first, `host:port`."),
        key("client_id", Form::Text, Default("strait"), "The client id the brokers see."),
        key("tls", Form::NotYet, Optional, "Encryption; not available in this version."),
        key("sasl", Form::NotYet, Optional, "Login; not available in this version."),
    ],
};

const NAMING: Key = key(
    "naming",
    Form::Template,
    Default("{topic}"),
    "The topic's name at the target. `{topic}` once; `{source}`, `{target}` and `{pipeline}` as \
     you like.",
);
const COMPRESSION: Key = key(
    "compression",
    Form::Compression,
    Default("pass"),
    "The codec across the WAN: `pass` leaves batches as their producers made them; `lz4`, `zstd` \
     and `zstd:LEVEL` (1 to 22) recode those of another codec.",
);
const DELIVERY: Key = key(
    "delivery",
    Form::Word(DELIVERIES),
    Default("auto"),
    "How batches are written. `auto` takes the best the target can do; `preserve` keeps offsets \
     identical (our broker, one source per topic); `merge` appends several sources to one topic \
     (our broker); `at_least_once` writes to any Kafka and may repeat records after a crash.",
);
const START: Key = key(
    "start",
    Form::Word(STARTS),
    Default("earliest"),
    "Where a partition without a checkpoint begins.",
);
const DISCOVERY: Key = key(
    "discovery_interval",
    Form::Duration,
    Default("2s"),
    "How often new topics and partitions are looked for; 100ms to 1h.",
);
const RPO: Key = key(
    "rpo",
    Form::Duration,
    Default("30s"),
    "How far the target may fall behind before the pipeline counts as late; 1s to 30d.",
);
const REPLICATION: Key = key(
    "replication_factor",
    Form::Count,
    Optional,
    "Replicas of the topics created at the target; without it the target's own default.",
);

/// The words of `delivery`.
pub(super) const DELIVERIES: &[&str] = &["auto", "preserve", "merge", "at_least_once"];
/// The words of `start`.
pub(super) const STARTS: &[&str] = &["earliest", "latest"];

static DEFAULTS: Section = Section {
    noun: "the defaults",
    keys: &[NAMING, COMPRESSION, DELIVERY, START, DISCOVERY, RPO, REPLICATION],
};

static PIPELINE: Section = Section {
    noun: "a pipeline",
    keys: &[
        key("name", Form::Name, Required, "The pipeline's name; unique."),
        key("from", Form::Name, Required, "The source region."),
        key("to", Form::Name, Required, "The target region."),
        key(
            "topics",
            Form::Section(&TOPICS),
            Optional,
            "Which topics. Either this or `whitelist` must be there.",
        ),
        key(
            "whitelist",
            Form::Patterns,
            Optional,
            "MirrorMaker's spelling of `topics.include`; in a single text a comma separates \
             patterns.",
        ),
        key("blacklist", Form::Patterns, Optional, "MirrorMaker's spelling of `topics.exclude`."),
        NAMING,
        COMPRESSION,
        DELIVERY,
        START,
        DISCOVERY,
        RPO,
        REPLICATION,
    ],
};

static TOPICS: Section = Section {
    noun: "the topics",
    keys: &[
        key(
            "include",
            Form::Patterns,
            Required,
            "Patterns of the topics to mirror. A pattern must match the whole name; names that \
             begin with `__` are never selected.",
        ),
        key(
            "exclude",
            Form::Patterns,
            Optional,
            "Patterns of the topics to leave out; they win over `include`.",
        ),
    ],
};

static WORKER: Section = Section {
    noun: "the worker",
    keys: &[
        key("memory", Form::Size, Default("64MiB"), "The budget of bytes in flight; 4MiB to 1TiB."),
        key(
            "drain",
            Form::Duration,
            Default("10s"),
            "How long a stopping worker may take to finish what is in flight; at most 1h.",
        ),
        key(
            "checkpoint_interval",
            Form::Duration,
            Default("1s"),
            "How often progress is made durable; 10ms to 1m.",
        ),
    ],
};

static HTTP: Section = Section {
    noun: "the http section",
    keys: &[key(
        "listen",
        Form::Listen,
        Required,
        "The address to listen on, such as `127.0.0.1:8080`.",
    )],
};

/// What MirrorMaker 1, MirrorMaker 2, Strimzi and Kafka's properties call things, and what to
/// write here.
pub(super) const FOREIGN: &[(&str, &str)] = &[
    ("bootstrap.servers", "bootstrap: [host:port]"),
    ("bootstrap_servers", "bootstrap: [host:port]"),
    ("bootstrapServers", "bootstrap: [host:port]"),
    ("brokers", "bootstrap: [host:port]"),
    ("client.id", "client_id: NAME"),
    ("clusters", "regions: {NAME: {bootstrap: [host:port]}}"),
    ("mirrors", "pipelines: [...]"),
    ("source", "from: REGION"),
    ("sourceCluster", "from: REGION"),
    ("target", "to: REGION"),
    ("targetCluster", "to: REGION"),
    ("topics.blacklist", "topics: {exclude: [...]}"),
    ("topics.exclude", "topics: {exclude: [...]}"),
    ("topics.whitelist", "topics: {include: [...]}"),
    ("topicsPattern", "topics: {include: [...]}"),
    ("topicsExcludePattern", "topics: {exclude: [...]}"),
    ("replication.factor", "replication_factor: COUNT"),
    ("compression.type", "compression: pass | lz4 | zstd"),
    ("auto.offset.reset", "start: earliest | latest"),
    ("refresh.topics.interval.seconds", "discovery_interval: 2s"),
    ("replication.policy.separator", "naming: \"{source}.{topic}\""),
    ("replication.policy.class", "naming: \"{topic}\" or \"{source}.{topic}\""),
];

/// What a person writes for a key that is in the table.
pub(super) fn foreign_spelling(word: &str) -> Option<&'static str> {
    let found = FOREIGN.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(word));
    found.map(|&(_, ours)| ours)
}

/// The sections below the file in which `name` is a key.
pub(super) fn places_of(name: &str) -> Vec<&'static str> {
    let sections = [&FILE, &REGION, &DEFAULTS, &PIPELINE, &TOPICS, &WORKER, &HTTP];
    let holds = |section: &&&Section| section.keys.iter().any(|key| key.name == name);
    sections.iter().filter(holds).map(|section| section.noun).collect()
}
