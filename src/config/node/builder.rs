//! Parser events to tree.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{Entry, Node, Position, Problem, Span, Value};

/// The largest file we read, bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// The most nodes a document may have after its aliases are copied in.
const NODES_MAX: usize = 50_000;
/// The deepest nesting; our own shape needs five.
const DEPTH_MAX: usize = 32;

/// Reads the first document of `text`. `None` if it cannot be read at all.
pub(in crate::config) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    if text.len() > FILE_BYTES_MAX {
        problems.push(Problem::whole_file("the file is larger than 1 MiB"));
        return None;
    }
    let mut builder = Builder::new(problems);
    for event in Parser::new_from_str(text) {
        let taken = event.map_err(syntax).and_then(|(event, span)| builder.take(event, span));
        if let Err(problem) = taken {
            builder.problems.push(problem);
            return None;
        }
    }
    builder.root
}

struct Builder<'p> {
    problems: &'p mut Vec<Problem>,
    open: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A list or mapping whose end has not come yet.
struct Frame {
    at: Span,
    anchor: usize,
    first_node: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merged: Vec<Node>, key: Option<Key> },
}

struct Key {
    text: Option<String>,
    at: Span,
}

impl<'p> Builder<'p> {
    fn new(problems: &'p mut Vec<Problem>) -> Self {
        let anchors = HashMap::new();
        Self { problems, open: Vec::new(), anchors, nodes: 0, documents: 0, root: None }
    }

    fn take(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Problem> {
        let at = Span::from(span);
        match event {
            Event::DocumentStart(..) => self.begin_document(at),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at);
                self.finish(Node { at, value: scalar(&text, style) }, anchor, self.nodes)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at);
                self.begin(at, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at);
                let (entries, merged) = (Vec::new(), Vec::new());
                self.begin(at, anchor, Content::Map { entries, merged, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => self.copy(anchor, at),
            _ => Ok(()),
        }
    }

    fn begin_document(&mut self, at: Span) -> Result<(), Problem> {
        self.documents += 1;
        match self.documents {
            1 => Ok(()),
            _ => Err(Problem::new(at, "", "a second document begins here")
                .hint("a configuration is one document: remove the `---`")),
        }
    }

    fn refuse_tag(&mut self, is_tagged: bool, at: Span) {
        if is_tagged {
            let problem = Problem::new(at, "", "YAML tags (`!…`) have no meaning here");
            self.problems.push(problem.hint("remove the tag"));
        }
    }

    fn begin(&mut self, at: Span, anchor: usize, content: Content) -> Result<(), Problem> {
        if self.open.len() == DEPTH_MAX {
            return Err(Problem::new(at, "", "nested deeper than 32 levels"));
        }
        self.open.push(Frame { at, anchor, first_node: self.nodes, content });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Problem> {
        let Some(frame) = self.open.pop() else { return Ok(()) };
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, merged, .. } => Value::Map(self.merge(entries, merged)),
        };
        let at = Span { start: frame.at.start, end: end.end };
        self.finish(Node { at, value }, frame.anchor, frame.first_node)
    }

    fn copy(&mut self, anchor: usize, at: Span) -> Result<(), Problem> {
        match self.anchors.get(&anchor).cloned() {
            None => Err(Problem::new(at, "", "the alias stands inside what it names")),
            Some((node, size)) => {
                let first_node = self.nodes;
                self.nodes += size.saturating_sub(1);
                self.finish(node, 0, first_node)
            }
        }
    }

    /// Puts a complete node where it belongs: into its parent, or at the root.
    fn finish(&mut self, node: Node, anchor: usize, first_node: usize) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Problem::new(
                node.at,
                "",
                "the aliases multiply to more than 50,000 nodes",
            ));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - first_node));
        }
        match self.open.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, merged, key }) => match key.take() {
                None => *key = Some(key_of(node, self.problems)),
                Some(Key { text: Some(text), .. }) if text == "<<" => merged.push(node),
                Some(Key { text: Some(text), at }) => {
                    entries.push(Entry { key: text, key_at: at, value: node });
                }
                Some(Key { text: None, .. }) => {}
            },
        }
        Ok(())
    }

    fn merge(&mut self, mut entries: Vec<Entry>, merged: Vec<Node>) -> Vec<Entry> {
        for node in merged {
            match node.value {
                Value::Map(others) => add_missing(&mut entries, others),
                Value::List(nodes) => entries = self.merge(entries, nodes),
                _ => {
                    let what = format!("`<<` merges mappings, this is {}", node.kind());
                    self.problems.push(Problem::new(node.at, "", what));
                }
            }
        }
        entries
    }
}

fn add_missing(entries: &mut Vec<Entry>, others: Vec<Entry>) {
    for other in others {
        if entries.iter().all(|entry| entry.key != other.key) {
            entries.push(other);
        }
    }
}

fn key_of(node: Node, problems: &mut Vec<Problem>) -> Key {
    let at = node.at;
    match node.value {
        Value::Scalar(text) => Key { text: Some(text), at },
        _ => {
            let problem =
                Problem::new(at, "", format!("a key must be a word, this is {}", node.kind()));
            problems.push(problem.hint("a value that begins with `{` or `[` needs quotes"));
            Key { text: None, at }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        _ => Value::Scalar(text.to_owned()),
    }
}

fn syntax(error: ScanError) -> Problem {
    let start = Position::from(*error.marker());
    let at = Span { start, end: start };
    let problem = Problem::new(at, "", format!("this is not YAML: {}", error.info()));
    if error.info().contains("tab") { problem.hint("indent with spaces") } else { problem }
}

impl From<granit_parser::Marker> for Position {
    fn from(marker: granit_parser::Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

impl From<granit_parser::Span> for Span {
    fn from(span: granit_parser::Span) -> Self {
        Self { start: span.start.into(), end: span.end.into() }
    }
}
