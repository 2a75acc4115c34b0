//! File to resolved settings, or every problem found.
//!
//! Reading order: `node` (YAML to a tree that knows its places), `variables` (`${NAME}`),
//! `table` (every key there is), `walk` (tree by table), `raw` (the file as written), `resolve`
//! (raw to `settings`, with what the topology says of the routes). Either there are settings and
//! no problem, or problems and no settings. Everything past this module sees `Settings` only and
//! never a file.

mod nearest;
mod node;
mod problem;
mod raw;
mod reference;
mod resolve;
mod scalar;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod variables;
mod walk;

use std::path::Path;

pub use node::{Position, Span};
pub use problem::{Problem, Problems};
pub use reference::{reference, schema};
pub use settings::{
    DISCOVERY_INTERVAL, Delivery, HttpSettings, PipelineSettings, RPO, RegionSettings, Settings,
    StartPosition, WanCompression, WorkerSettings,
};

/// A duration as the configuration writes it: `250ms`, `30s`, `5m`.
pub fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    scalar::duration(text).ok_or_else(|| format!("`{text}` is no duration; write 250ms, 30s, 5m"))
}

/// Reads the file at `path`.
pub fn load(path: &Path) -> Result<Settings, Problems> {
    match strait_io::fs::read_to_string(path) {
        Ok(text) => parse(path, &text),
        Err(error) => {
            let problem = Problem::whole_file(format!("cannot read the file: {error}"));
            Err(Problems::new(path.to_owned(), "", vec![problem]))
        }
    }
}

/// Reads a file's `text`; `name` is what messages call it. Variables come from the process's
/// environment.
pub fn parse(name: impl AsRef<Path>, text: &str) -> Result<Settings, Problems> {
    parse_in(name, text, &|variable| std::env::var(variable).ok())
}

/// As `parse`, with variables from `environment`.
pub fn parse_in(
    name: impl AsRef<Path>,
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Settings, Problems> {
    let mut problems = Vec::new();
    let settings = read(text, environment, &mut problems);
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(Problems::new(name.as_ref().to_owned(), text, problems)),
    }
}

/// The smallest sample, resolved.
#[cfg(test)]
pub fn sample() -> Settings {
    let file = include_str!("../../configs/minimal.yaml");
    parse("minimal.yaml", file).expect("the sample is fine")
}

fn read(
    text: &str,
    environment: variables::Environment<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Settings> {
    let mut root = node::read(text, problems);
    if root.is_none() && problems.is_empty() {
        problems.push(Problem::whole_file("the file is empty").hint("begin with `version: 1`"));
    }
    let root = root.as_mut()?;
    variables::fill(root, environment, problems);
    let raw = raw::read(root, problems);
    Some(resolve::resolve(raw, problems))
}
