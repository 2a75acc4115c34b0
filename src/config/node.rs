//! A YAML document as a tree in which every value knows where it stands.
//!
//! Built from the parser's events. Aliases are copied in, `<<` merges are applied (a key of the
//! mapping itself wins). What a configuration has no use for (tags, further documents, keys
//! that are not text) is a problem, not a surprise. The tree never holds more than
//! `NODES_MAX` nodes, whatever the aliases multiply to.

mod builder;

use super::problem::Problem;

pub(super) use builder::read;

/// A range of the file: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// Where it ends, exclusive.
    pub end: Position,
}

/// A place in the file. Line 0 is the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: Span,
    pub value: Value,
}

/// The kinds of value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `key:` with nothing behind it, `~` or `null`.
    Null,
    /// Unreadable; its problem is already on the list.
    Poisoned,
    /// Text, a number, a word: told apart by whoever reads it.
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_at: Span,
    pub value: Node,
}

impl Node {
    /// What a person would call it.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Poisoned => "something unreadable",
            Value::Scalar(_) => "a value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
