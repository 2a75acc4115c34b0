//! What is wrong with a file: every problem with its place, an excerpt and the next step.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::node::{Position, Span};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; line 0 means the file as a whole.
    pub at: Span,
    /// The key path, as in `pipelines[0].naming`; empty at the top.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// The nearest right word or the next step.
    pub hint: Option<String>,
}

/// Everything that is wrong with one file, in the file's order.
#[derive(Clone, Debug)]
pub struct Problems {
    file: PathBuf,
    lines: Vec<String>,
    list: Vec<Problem>,
}

impl Problem {
    pub(super) fn new(at: Span, path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at, path: path.into(), what: what.into(), hint: None }
    }

    pub(super) fn whole_file(what: impl Into<String>) -> Self {
        Self::new(Span::default(), "", what)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Problems {
    /// The exit code of a command that met them: `EX_CONFIG`.
    pub const EXIT_CODE: u8 = 78;

    pub(super) fn new(file: PathBuf, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        list.dedup();
        Self { file, lines: text.lines().map(str::to_owned).collect(), list }
    }

    /// The problems, in the file's order.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The problems as data, for scripts.
    pub fn to_json(&self) -> serde_json::Value {
        let rows = self.list.iter().map(|problem| Row {
            file: self.file.display().to_string(),
            line: problem.at.start.line,
            column: problem.at.start.column,
            path: &problem.path,
            problem: &problem.what,
            hint: problem.hint.as_deref(),
        });
        serde_json::json!({ "problems": rows.collect::<Vec<_>>() })
    }
}

#[derive(Serialize)]
struct Row<'a> {
    file: String,
    line: usize,
    column: usize,
    path: &'a str,
    problem: &'a str,
    hint: Option<&'a str>,
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.list {
            self.print(problem, f)?;
            writeln!(f)?;
        }
        match self.list.len() {
            1 => write!(f, "1 problem in {}", self.file.display()),
            count => write!(f, "{count} problems in {}", self.file.display()),
        }
    }
}

impl Problems {
    fn print(&self, problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", problem.what)?;
        let Position { line, column } = problem.at.start;
        let gutter = line.to_string().len();
        write!(f, "{:gutter$}--> {}", "", self.file.display())?;
        if line > 0 {
            write!(f, ":{line}:{column}")?;
        }
        if !problem.path.is_empty() {
            write!(f, "  ({})", problem.path)?;
        }
        writeln!(f)?;
        if let Some(text) = line.checked_sub(1).and_then(|index| self.lines.get(index)) {
            let excerpt = Excerpt::new(text, problem.at);
            writeln!(f, "{:gutter$} |", "")?;
            writeln!(f, "{line} | {}", excerpt.text)?;
            let (indent, carets) = (excerpt.indent, "^".repeat(excerpt.carets));
            writeln!(f, "{:gutter$} | {:indent$}{carets}", "", "")?;
        }
        match &problem.hint {
            Some(hint) => writeln!(f, "{:gutter$} = {hint}", ""),
            None => Ok(()),
        }
    }
}

/// The line of a problem, cut to what fits, and where the carets go.
struct Excerpt {
    text: String,
    indent: usize,
    carets: usize,
}

/// The most of a line that is shown, characters.
const EXCERPT_CHARS_MAX: usize = 100;
/// What is shown before the problem when the line is cut, characters.
const LEAD_CHARS: usize = 40;

impl Excerpt {
    fn new(line: &str, at: Span) -> Self {
        let line: Vec<char> = line.chars().map(printable).collect();
        let start = (at.start.column - 1).min(line.len());
        let end = match at.end.line == at.start.line {
            true => at.end.column - 1,
            false => line.len(),
        };
        let first =
            if line.len() > EXCERPT_CHARS_MAX { start.saturating_sub(LEAD_CHARS) } else { 0 };
        let last = line.len().min(first + EXCERPT_CHARS_MAX);
        let text: String = line[first..last].iter().collect();
        let carets = end.min(last).saturating_sub(start).max(1);
        Self { text: text.trim_end().to_owned(), indent: start - first, carets }
    }
}

/// A character one column wide, so that the carets stand under their word.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '·',
        c => c,
    }
}
