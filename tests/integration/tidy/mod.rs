//! The house rules that a compiler does not check, over every file of the tree.
//!
//! `text` looks at one file at a time, `imports` at who names whom, `pages` at the files that
//! pages name. Each rule is tried on a planted violation first: a rule that finds nothing anywhere
//! proves nothing.

mod imports;
mod pages;
mod planted;
mod text;

use std::path::{Path, PathBuf};

/// What is wrong, with its place: `path:line: what`.
type Faults = Vec<String>;

const ROOTS: [&str; 6] = ["src", "broker", "crates", "tests", "benches", "fuzz"];

/// One Rust file of the tree.
struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Whether the file is part of what users run.
    fn is_product(&self) -> bool {
        !["tests/", "benches/", "fuzz/"].iter().any(|root| self.path.starts_with(root))
            && !self.path.contains("/tests/")
            && !self.path.contains("/benches/")
            && !self.path.ends_with("/tests.rs")
    }

    fn fault(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// Lines with their numbers, without comments and without the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let product = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        product.lines().enumerate().filter_map(|(at, line)| {
            let code = line.split("//").next().unwrap_or_default();
            (!code.trim().is_empty()).then_some((at + 1, code))
        })
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ROOTS {
        collect(&root.join(folder), &mut found);
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source file is text");
        let path = path.strip_prefix(root).expect("it was found there");
        Source { path: path.to_string_lossy().replace('\\', "/"), text }
    };
    found.into_iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("the tree is readable").path()) {
        if entry.is_dir() && !entry.ends_with("target") {
            collect(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

#[test]
fn the_tree_keeps_its_rules() {
    let sources = sources();
    assert!(sources.len() > 50, "only {} files found", sources.len());
    let mut faults: Faults = sources.iter().flat_map(text::faults).collect();
    faults.extend(sources.iter().flat_map(imports::faults));
    faults.extend(text::stale_exceptions(&sources));
    faults.sort();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
