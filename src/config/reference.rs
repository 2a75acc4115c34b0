//! `configs/REFERENCE.md` and the JSON schema, written from the table of keys.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::table::{FILE, Form, Key, Presence, Section};
use crate::model::NAME_CHARS_MAX;

const HEAD: &str = "\
# Configuration reference

Written from the table of keys in `src/config/table.rs`; do not edit. A test fails when it is
stale, and `STRAIT_REGENERATE=1 cargo test -p strait config` writes it anew.

Unknown keys are errors. Durations are whole numbers with a unit (`500ms`, `30s`, `5m`, `2h`, `1d`,
`1m30s`), sizes likewise (`512KiB`, `64MiB`, `2GiB`). In values, `${NAME}`, `${NAME:-default}` and
`${NAME:?hint}` are filled in from the environment after parsing; `$${` is a plain `${`. Not for
secrets: what is filled in may be printed.
";

/// The reference, as Markdown.
pub fn reference() -> String {
    let mut out = HEAD.to_owned();
    describe(&mut out, "", &FILE);
    out
}

fn describe(out: &mut String, path: &str, section: &Section) {
    let title = if path.is_empty() { "The file".to_owned() } else { format!("`{path}`") };
    write!(out, "\n## {title}\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n")
        .expect("a string takes every write");
    section.keys.iter().for_each(|key| row(out, key));
    for key in section.keys {
        let below = |suffix: &str| match path {
            "" => format!("{}{suffix}", key.name),
            _ => format!("{path}.{}{suffix}", key.name),
        };
        match key.form {
            Form::Section(section) => describe(out, &below(""), section),
            Form::Named(section) => describe(out, &below(".NAME"), section),
            Form::List(section) => describe(out, &below("[]"), section),
            _ => {}
        }
    }
}

fn row(out: &mut String, key: &Key) {
    let default = match key.presence {
        Presence::Required => "required".to_owned(),
        Presence::Default(text) => format!("`{text}`"),
        Presence::Optional => String::new(),
    };
    let (name, form, doc) = (key.name, form_in_words(&key.form), key.doc);
    writeln!(out, "| `{name}` | {form} | {default} | {doc} |").expect("a string takes every write");
}

fn form_in_words(form: &Form) -> String {
    match form {
        Form::Version => "`1`".into(),
        Form::Name => format!("letters, digits, `_`, `-`; at most {NAME_CHARS_MAX}"),
        Form::Text => "text".into(),
        Form::Brokers => "list of `host:port`".into(),
        Form::Listen => "`address:port`".into(),
        Form::Patterns => "list of regular expressions".into(),
        Form::Template => "template".into(),
        Form::Compression => "`pass`, `lz4`, `zstd`, `zstd:LEVEL`".into(),
        Form::Word(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Form::Duration => "duration".into(),
        Form::Size => "size".into(),
        Form::Count => "whole number".into(),
        Form::Section(_) => "mapping, below".into(),
        Form::Named(_) => "mapping from names, below".into(),
        Form::List(_) => "list, below".into(),
        Form::NotYet => "not available".into(),
    }
}

/// The JSON schema, for editors.
pub fn schema() -> Value {
    let mut schema = section_schema(&FILE);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Strait configuration".into();
    schema
}

fn section_schema(section: &Section) -> Value {
    let offered = section.keys.iter().filter(|key| !matches!(key.form, Form::NotYet));
    let properties: Map<_, _> = offered.map(|key| (key.name.to_owned(), key_schema(key))).collect();
    let required: Vec<_> = section
        .keys
        .iter()
        .filter(|key| key.presence == Presence::Required)
        .map(|key| key.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = form_schema(&key.form);
    schema["description"] = key.doc.into();
    if let Presence::Default(text) = key.presence {
        schema["default"] = text.into();
    }
    schema
}

/// Values that hold a `${NAME}` are legal for every form, so scalars other than words are only
/// told to be text.
fn form_schema(form: &Form) -> Value {
    let one_or_list = || json!({ "type": ["string", "array"], "items": { "type": "string" } });
    match form {
        Form::Version => json!({ "const": 1 }),
        Form::Word(words) => json!({ "type": "string", "enum": words }),
        Form::Brokers | Form::Patterns => one_or_list(),
        Form::Count => json!({ "type": ["integer", "string"] }),
        Form::Section(section) => section_schema(section),
        Form::Named(section) => {
            json!({ "type": "object", "additionalProperties": section_schema(section) })
        }
        Form::List(section) => json!({ "type": "array", "items": section_schema(section) }),
        Form::Name
        | Form::Text
        | Form::Listen
        | Form::Template
        | Form::Compression
        | Form::Duration
        | Form::Size
        | Form::NotYet => json!({ "type": "string" }),
    }
}
