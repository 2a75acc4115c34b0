//! The walk over the tree by the table: unknown, repeated and missing keys are problems here,
//! and the readers below get only what the table knows.

use std::collections::HashMap;

use super::nearest::nearest;
use super::node::{Entry, Node, Span, Value};
use super::problem::Problem;
use super::scalar::Complaint;
use super::table::{Form, Key, Presence, Section, foreign_spelling, places_of};
use crate::model::listed;

/// A value, where it stands, and the path of keys to it.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub at: Span,
    pub path: String,
}

impl<T> At<T> {
    /// A problem with this value.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::new(self.at, self.path.clone(), what)
    }
}

/// A section's values by key.
pub(super) struct Fields<'a> {
    section: &'static Section,
    /// The section's name or first line: where a missing key is reported.
    pub at: Span,
    pub path: String,
    values: HashMap<&'static str, &'a Entry>,
    /// Keys that are there under another spelling: they are not reported as missing too.
    misspelt: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Entry> {
        let is_known = self.section.keys.iter().any(|key| key.name == name);
        assert!(
            is_known,
            "a reader asks {} for `{name}`, which the table lacks",
            self.section.noun
        );
        self.values.get(name).copied()
    }

    /// Where `name` stands, if it does.
    pub fn key_at(&self, name: &str) -> Option<Span> {
        self.get(name).map(|entry| entry.key_at)
    }

    fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Reads sections and values, and keeps the list of problems.
pub(super) struct Walk<'p> {
    pub problems: &'p mut Vec<Problem>,
}

impl Walk<'_> {
    /// The keys of a section's mapping; `at` is where missing ones are reported.
    pub fn section<'a>(
        &mut self,
        section: &'static Section,
        node: &'a Node,
        at: Span,
        path: &str,
    ) -> Fields<'a> {
        let mut fields = Fields {
            section,
            at,
            path: path.to_owned(),
            values: HashMap::new(),
            misspelt: Vec::new(),
        };
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|entry| self.sort_in(entry, &mut fields));
                self.require(&fields);
            }
            Value::Null => self.require(&fields),
            Value::Poisoned => {}
            _ => {
                let what =
                    format!("{} is a mapping of keys, this is {}", section.noun, node.kind());
                self.problems.push(
                    Problem::new(node.at, path, what)
                        .hint(format!("its keys are {}", key_names(section))),
                );
            }
        }
        fields
    }

    fn sort_in<'a>(&mut self, entry: &'a Entry, fields: &mut Fields<'a>) {
        let Some(key) = fields.section.keys.iter().find(|key| key.name == entry.key) else {
            self.refuse_unknown(entry, fields);
            return;
        };
        if let Some(first) = fields.values.get(key.name) {
            let what = format!("`{}` is here twice", key.name);
            let hint = format!("the first one is on line {}", first.key_at.start.line);
            self.problems
                .push(Problem::new(entry.key_at, fields.path_of(key.name), what).hint(hint));
            return;
        }
        if let Form::NotYet = key.form {
            let what = format!("`{}` is not available in this version", key.name);
            let problem = Problem::new(entry.key_at, fields.path_of(key.name), what);
            let hint = "use a plaintext listener on a private network until a version has it";
            self.problems.push(problem.hint(hint));
            return;
        }
        fields.values.insert(key.name, entry);
    }

    fn refuse_unknown(&mut self, entry: &Entry, fields: &mut Fields<'_>) {
        let section = fields.section;
        let meant = foreign_spelling(&entry.key);
        let names = section.keys.iter().map(|key| key.name);
        let near = nearest(&entry.key, names.clone());
        let hint = match (meant, near, places_of(&entry.key).as_slice()) {
            (Some(ours), _, _) => format!("here it is written `{ours}`"),
            (_, Some(near), _) => format!("did you mean `{near}`?"),
            (_, _, []) => format!("{} has the keys {}", section.noun, key_names(section)),
            (_, _, places) => format!("`{}` is a key of {}", entry.key, places.join(" and of ")),
        };
        let is_meant = |name: &&str| meant.is_some_and(|ours| ours.split(':').next() == Some(name));
        fields.misspelt.extend(names.into_iter().find(is_meant).or(near));
        let what = format!("unknown key `{}`", entry.key);
        let path = fields.path_of(&entry.key);
        self.problems.push(Problem::new(entry.key_at, path, what).hint(hint));
    }

    fn require(&mut self, fields: &Fields<'_>) {
        let is_missing = |key: &&Key| {
            key.presence == Presence::Required
                && !fields.values.contains_key(key.name)
                && !fields.misspelt.contains(&key.name)
        };
        for key in fields.section.keys.iter().filter(is_missing) {
            let what = format!("{} needs the key `{}`", fields.section.noun, key.name);
            self.problems.push(Problem::new(fields.at, fields.path.clone(), what).hint(key.doc));
        }
    }

    /// The entries of a mapping from names, or nothing and a problem.
    pub fn named<'a>(&mut self, fields: &Fields<'a>, name: &str) -> &'a [Entry] {
        let Some(entry) = fields.get(name) else { return &[] };
        match &entry.value.value {
            Value::Map(entries) => entries,
            Value::Poisoned => &[],
            _ => {
                let what =
                    format!("`{name}` is a mapping from names, this is {}", entry.value.kind());
                self.problems.push(Problem::new(entry.key_at, fields.path_of(name), what));
                &[]
            }
        }
    }

    /// The items of a list, or nothing and a problem.
    pub fn list<'a>(&mut self, fields: &Fields<'a>, name: &str) -> &'a [Node] {
        let Some(entry) = fields.get(name) else { return &[] };
        match &entry.value.value {
            Value::List(items) if items.is_empty() => {
                let what = format!("`{name}` is empty");
                self.problems.push(Problem::new(entry.key_at, fields.path_of(name), what));
                &[]
            }
            Value::List(items) => items,
            Value::Poisoned => &[],
            _ => {
                let what = format!("`{name}` is a list, this is {}", entry.value.kind());
                let problem = Problem::new(entry.key_at, fields.path_of(name), what);
                self.problems.push(problem.hint("begin each item with `- `"));
                &[]
            }
        }
    }

    /// A section below this one, if it is there.
    pub fn below<'a>(&mut self, fields: &Fields<'a>, name: &str) -> Option<Fields<'a>> {
        let section = fields.section.keys.iter().find_map(|key| match key.form {
            Form::Section(section) if key.name == name => Some(section),
            _ => None,
        });
        let section = section.expect("readers go below only where the table has a section");
        let entry = fields.get(name)?;
        Some(self.section(section, &entry.value, entry.key_at, &fields.path_of(name)))
    }

    /// A single value, as `read` understands it.
    pub fn value<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<At<T>> {
        let node = &fields.get(name)?.value;
        self.scalar(node, fields.path_of(name), &read)
    }

    /// One value or a list of them. A single text is cut by `cut` first.
    pub fn values<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        cut: fn(&str) -> Vec<String>,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<Vec<At<T>>> {
        let entry = fields.get(name)?;
        let path = fields.path_of(name);
        match &entry.value.value {
            Value::List(items) if items.is_empty() => {
                self.problems.push(Problem::new(entry.key_at, path, format!("`{name}` is empty")));
                None
            }
            Value::List(items) => {
                let each = items.iter().enumerate();
                let read = |(index, item)| self.scalar(item, format!("{path}[{index}]"), &read);
                Some(each.filter_map(read).collect())
            }
            Value::Scalar(text) => {
                let parts = cut(text).into_iter();
                let at = entry.value.at;
                let read = |part: String| self.understood(read(&part), at, path.clone());
                Some(parts.filter_map(read).collect())
            }
            _ => self.scalar(&entry.value, path, &read).map(|value| vec![value]),
        }
    }

    fn scalar<T>(
        &mut self,
        node: &Node,
        path: String,
        read: &dyn Fn(&str) -> Result<T, Complaint>,
    ) -> Option<At<T>> {
        match &node.value {
            Value::Scalar(text) => self.understood(read(text), node.at, path),
            Value::Poisoned => None,
            _ => {
                let what = format!("a single value belongs here, this is {}", node.kind());
                self.problems.push(Problem::new(node.at, path, what));
                None
            }
        }
    }

    fn understood<T>(
        &mut self,
        read: Result<T, Complaint>,
        at: Span,
        path: String,
    ) -> Option<At<T>> {
        match read {
            Ok(value) => Some(At { value, at, path }),
            Err(Complaint { what, hint }) => {
                self.problems.push(Problem { at, path, what, hint });
                None
            }
        }
    }
}

fn key_names(section: &Section) -> String {
    listed(section.keys.iter().map(|key| key.name))
}
