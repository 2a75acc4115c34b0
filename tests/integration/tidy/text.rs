//! Rules for one file at a time: sizes, headers, words that must not stay.

use super::{Faults, Source};

const COLUMNS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// Functions over the limit, by path and name, with the lines they have. The list may only
/// shrink: an entry that is no longer true must go, and a function may not outgrow its entry.
const LONG_FUNCTIONS: &[(&str, &str, usize)] = &[];

/// Whole words that say a thing is not finished. (Split, so that this file does not trip.)
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!"),
];

/// Places that exist on one machine only.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/tmp/", "wt")];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 5] = ["utils", "util", "common", "helpers", "misc"];

/// Everything wrong with one file.
pub fn faults(source: &Source) -> Faults {
    let mut faults = name(source);
    faults.extend(lines(source));
    if source.is_product() {
        faults.extend(size(source));
        faults.extend(header(source));
        faults.extend(functions(source).filter_map(|function| too_long(source, &function)));
    }
    faults
}

fn name(source: &Source) -> Faults {
    let parts = source.path.trim_end_matches(".rs").split('/');
    let empty = parts.filter(|part| EMPTY_NAMES.contains(part));
    empty.map(|part| source.fault(1, format!("`{part}` names nothing"))).collect()
}

fn lines(source: &Source) -> Faults {
    let mut faults = Faults::new();
    let tests = first_test_line(source);
    for (at, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && !(at >= tests && is_expected_output(line)) {
            faults.push(source.fault(at + 1, format!("{columns} columns, {COLUMNS_MAX} allowed")));
        }
        for word in UNFINISHED.into_iter().filter(|word| has_word(line, word)) {
            faults.push(source.fault(at + 1, format!("`{word}` says this is not finished")));
        }
        for path in MACHINE_PATHS.into_iter().filter(|path| line.contains(path)) {
            faults.push(source.fault(at + 1, format!("`{path}` is a place on one machine")));
        }
    }
    faults
}

/// The index of the line from which on a file is tests.
fn first_test_line(source: &Source) -> usize {
    if !source.is_product() {
        return 0;
    }
    source.text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX)
}

/// A table as a tool prints it is as wide as it is: part of a string over several lines.
fn is_expected_output(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with('\\') || line.ends_with("\\n\";") || line.ends_with("\\n\"")
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
        let after = &line[at + word.len()..];
        !line[..at].ends_with(part_of_a_name)
            && (word.ends_with('!') || !after.starts_with(part_of_a_name))
    })
}

fn size(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > FILE_LINES_MAX)
        .then(|| source.fault(lines, format!("{lines} lines, {FILE_LINES_MAX} allowed")))
}

fn header(source: &Source) -> Option<String> {
    let mut lines = source.text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.find(|line| !line.starts_with("#!["));
    let headed = first.is_some_and(|line| line.starts_with("//! "));
    (!headed).then(|| source.fault(1, "no `//!` header says what this file is"))
}

/// A function by its first line and how many it has, braces included.
struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// rustfmt closes a function at the indentation it opened.
fn functions(source: &Source) -> impl Iterator<Item = Function<'_>> {
    let lines: Vec<&str> = source.text.lines().collect();
    (0..lines.len()).filter_map(move |at| {
        let name = function_name(lines[at])?;
        let indent = lines[at].len() - lines[at].trim_start().len();
        let body = lines[at..].iter().take_while(|line| !ends_without_body(line, indent));
        let close = body.clone().position(|line| closes(line, indent))?;
        Some(Function { name, line: at + 1, lines: close + 1 })
    })
}

fn function_name(line: &str) -> Option<&str> {
    let mut words = line.trim_start().split(' ');
    let modifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe"];
    let word = words.find(|word| !modifiers.contains(word))?;
    let rest = (word == "fn").then(|| words.next())??;
    rest.split(['(', '<']).next()
}

fn closes(line: &str, indent: usize) -> bool {
    line.len() > indent && line.trim_end().ends_with('}') && {
        let (before, after) = line.split_at(indent);
        before.trim().is_empty() && (after.starts_with('}') || function_name(line).is_some())
    }
}

fn ends_without_body(line: &str, indent: usize) -> bool {
    line.ends_with(';') && !line.starts_with(&" ".repeat(indent + 1))
}

fn too_long(source: &Source, function: &Function) -> Option<String> {
    let Function { name, line, lines } = *function;
    let allowed = exception(&source.path, name).unwrap_or(FUNCTION_LINES_MAX);
    (lines > allowed)
        .then(|| source.fault(line, format!("`{name}` has {lines} lines, {allowed} allowed")))
}

fn exception(path: &str, name: &str) -> Option<usize> {
    LONG_FUNCTIONS.iter().find(|(p, n, _)| (*p, *n) == (path, name)).map(|(_, _, lines)| *lines)
}

/// Entries of [`LONG_FUNCTIONS`] that are not needed, or not that generous, any more.
pub fn stale_exceptions(sources: &[Source]) -> Faults {
    let stale = LONG_FUNCTIONS.iter().filter(|(path, name, lines)| {
        let files = sources.iter().filter(|source| source.path == *path);
        !files
            .flat_map(functions)
            .any(|function| function.name == *name && function.lines == *lines)
    });
    stale.map(|(path, name, _)| format!("{path}: the exception for `{name}` must shrink")).collect()
}
