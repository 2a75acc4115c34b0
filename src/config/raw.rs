//! The file as written: every value with its place, nothing resolved, nothing defaulted.

use std::net::SocketAddr;
use std::time::Duration;

use super::node::{Node, Span};
use super::problem::Problem;
use super::scalar::{self, Complaint};
use super::settings::{Delivery, StartPosition, WanCompression};
use super::table::{self, Form};
use super::walk::{At, Fields, Walk};
use crate::model::{ByteSize, PipelineName, RegionName};
use crate::topics::{InvalidPattern, Pattern};

/// The file.
pub(super) struct RawFile {
    pub regions: Vec<RawRegion>,
    pub defaults: RawChoices,
    pub pipelines: Vec<RawPipeline>,
    pub memory: Option<At<ByteSize>>,
    pub drain: Option<At<Duration>>,
    pub checkpoint_interval: Option<At<Duration>>,
    pub listen: Option<At<SocketAddr>>,
}

/// A region; `name` is `None` if it is no legal name.
pub(super) struct RawRegion {
    pub key: At<String>,
    pub name: Option<RegionName>,
    pub bootstrap: Vec<At<String>>,
    pub client_id: Option<At<String>>,
}

/// What a pipeline and the defaults may both say.
#[derive(Default)]
pub(super) struct RawChoices {
    pub naming: Option<At<String>>,
    pub compression: Option<At<WanCompression>>,
    pub delivery: Option<At<Delivery>>,
    pub start: Option<At<StartPosition>>,
    pub discovery_interval: Option<At<Duration>>,
    pub rpo: Option<At<Duration>>,
    pub replication_factor: Option<At<i16>>,
}

/// A pipeline. What could not be read is `None`, and its problem is on the list.
pub(super) struct RawPipeline {
    pub at: Span,
    pub path: String,
    pub name: Option<At<PipelineName>>,
    pub from: Option<At<String>>,
    pub to: Option<At<String>>,
    pub include: Vec<At<Pattern>>,
    pub exclude: Vec<At<Pattern>>,
    pub choices: RawChoices,
}

/// Reads the tree.
pub(super) fn read(root: &Node, problems: &mut Vec<Problem>) -> RawFile {
    let mut walk = Walk { problems };
    let file = walk.section(&table::FILE, root, Span { end: root.at.start, ..root.at }, "");
    walk.value(&file, "version", version);
    let defaults = walk.below(&file, "defaults").map(|fields| choices(&mut walk, &fields));
    let worker = walk.below(&file, "worker");
    let http = walk.below(&file, "http");
    let worker_duration = |walk: &mut Walk<'_>, name, low, high| {
        let read = |text: &str| scalar::duration_in(text, low..=high);
        worker.as_ref().and_then(|fields| walk.value(fields, name, read))
    };
    let drain = worker_duration(&mut walk, "drain", Duration::ZERO, HOUR);
    let checkpoint_interval =
        worker_duration(&mut walk, "checkpoint_interval", Duration::from_millis(10), MINUTE);
    let memory_range = || ByteSize::mib(4)..=ByteSize(1 << 40);
    RawFile {
        regions: regions(&mut walk, &file),
        defaults: defaults.unwrap_or_default(),
        pipelines: pipelines(&mut walk, &file),
        memory: worker.as_ref().and_then(|fields| {
            walk.value(fields, "memory", |text| scalar::size_in(text, memory_range()))
        }),
        drain,
        checkpoint_interval,
        listen: http.and_then(|fields| walk.value(&fields, "listen", scalar::listen)),
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

fn version(text: &str) -> Result<(), Complaint> {
    match text {
        "1" => Ok(()),
        _ => Err(Complaint {
            what: format!("version `{text}` is unknown"),
            hint: Some("this program reads `version: 1`".into()),
        }),
    }
}

fn text(text: &str) -> Result<String, Complaint> {
    Ok(text.to_owned())
}

fn regions(walk: &mut Walk<'_>, file: &Fields<'_>) -> Vec<RawRegion> {
    let mut regions = Vec::<RawRegion>::new();
    for entry in walk.named(file, "regions") {
        let path = format!("regions.{}", entry.key);
        let key = At { value: entry.key.clone(), at: entry.key_at, path: path.clone() };
        if let Some(first) = regions.iter().find(|region| region.key.value == entry.key) {
            let hint = format!("the first one is on line {}", first.key.at.start.line);
            walk.problems
                .push(key.problem(format!("the region `{}` is here twice", entry.key)).hint(hint));
        }
        let name = RegionName::new(&entry.key)
            .map_err(|error| walk.problems.push(key.problem(error.to_string())));
        let fields = walk.section(section_of("regions"), &entry.value, entry.key_at, &path);
        regions.push(RawRegion {
            key,
            name: name.ok(),
            bootstrap: walk
                .values(&fields, "bootstrap", cut_at_commas, scalar::broker)
                .unwrap_or_default(),
            client_id: walk.value(&fields, "client_id", text),
        });
    }
    regions
}

fn pipelines(walk: &mut Walk<'_>, file: &Fields<'_>) -> Vec<RawPipeline> {
    let nodes = walk.list(file, "pipelines");
    nodes.iter().enumerate().map(|(index, node)| pipeline(walk, index, node)).collect()
}

fn pipeline(walk: &mut Walk<'_>, index: usize, node: &Node) -> RawPipeline {
    let path = format!("pipelines[{index}]");
    let at = Span { end: node.at.start, ..node.at };
    let fields = walk.section(section_of("pipelines"), node, at, &path);
    let topics = walk.below(&fields, "topics");
    let [include, exclude] = [("include", "whitelist"), ("exclude", "blacklist")]
        .map(|(ours, alias)| patterns(walk, &fields, topics.as_ref(), ours, alias));
    if topics.is_none() && fields.key_at("whitelist").is_none() {
        let hint = "write `topics: {include: [\"orders\", \"osint-.*\"]}`";
        walk.problems
            .push(Problem::new(at, &path, "the pipeline does not say which topics").hint(hint));
    }
    RawPipeline {
        at,
        path,
        name: walk.value(&fields, "name", pipeline_name),
        from: walk.value(&fields, "from", text),
        to: walk.value(&fields, "to", text),
        include,
        exclude,
        choices: choices(walk, &fields),
    }
}

fn pipeline_name(text: &str) -> Result<PipelineName, Complaint> {
    PipelineName::new(text).map_err(|error| Complaint { what: error.to_string(), hint: None })
}

/// `topics.include` or its MirrorMaker spelling; both at once is a problem.
fn patterns(
    walk: &mut Walk<'_>,
    pipeline: &Fields<'_>,
    topics: Option<&Fields<'_>>,
    ours: &str,
    alias: &str,
) -> Vec<At<Pattern>> {
    let in_topics =
        topics.and_then(|fields| walk.values(fields, ours, cut_outside_brackets, pattern));
    let by_alias = walk.values(pipeline, alias, cut_outside_brackets, pattern);
    if let (Some(at), Some(_)) = (pipeline.key_at(alias), topics.and_then(|t| t.key_at(ours))) {
        let what = format!("`{alias}` and `topics.{ours}` say the same thing twice");
        walk.problems
            .push(Problem::new(at, &pipeline.path, what).hint(format!("keep `topics.{ours}`")));
    }
    in_topics.into_iter().chain(by_alias).flatten().collect()
}

fn pattern(text: &str) -> Result<Pattern, Complaint> {
    use InvalidPattern::{Empty, JavaOnly, Syntax, TooLarge};
    Pattern::new(text).map_err(|error| {
        let hint = match error {
            JavaOnly { .. } => "say what to leave out under `exclude`",
            Empty => "`.*` selects every topic",
            Syntax(_) => {
                "the syntax is that of Rust's `regex`; `\\.` is a dot, `\\(` a parenthesis"
            }
            TooLarge => "use fewer or smaller repetitions",
        };
        Complaint { what: format!("{error}: `{text}`"), hint: Some(hint.into()) }
    })
}

fn choices(walk: &mut Walk<'_>, fields: &Fields<'_>) -> RawChoices {
    let discovery = Duration::from_millis(100)..=HOUR;
    RawChoices {
        naming: walk.value(fields, "naming", text),
        compression: walk.value(fields, "compression", scalar::compression),
        delivery: walk.value(fields, "delivery", scalar::delivery),
        start: walk.value(fields, "start", scalar::start),
        discovery_interval: walk.value(fields, "discovery_interval", |text| {
            scalar::duration_in(text, discovery.clone())
        }),
        rpo: walk.value(fields, "rpo", |text| scalar::duration_in(text, SECOND..=MONTH)),
        replication_factor: walk.value(fields, "replication_factor", scalar::replicas),
    }
}

/// The section a list or a mapping of the file holds.
fn section_of(name: &str) -> &'static table::Section {
    let key = table::FILE.keys.iter().find(|key| key.name == name);
    match key.map(|key| &key.form) {
        Some(Form::Named(section) | Form::List(section)) => section,
        _ => unreachable!("the table says what `{name}` holds"),
    }
}

fn cut_at_commas(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

/// MirrorMaker 1 reads a comma as `|` and drops blanks; the comma in `a{1,2}` or `[a,b]` stays.
fn cut_outside_brackets(text: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let is_cut = |c: char| {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(is_cut).map(|part| part.replace(' ', "")).collect()
}
