//! One pattern of a selector: a regular expression that must match a topic's whole name. Pure.
//!
//! The syntax is the `regex` crate's, which runs in linear time. What Java has and it has not is
//! refused by name; so is the possessive quantifier, which would be read as something else.

use regex::{Regex, RegexBuilder};

/// The longest pattern, bytes.
const PATTERN_BYTES_MAX: usize = 4096;
/// The largest compiled pattern, bytes: a repetition like `(a{1000}){1000}` ends here.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression over whole topic names.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// Nothing there.
    #[error("an empty pattern matches no topic")]
    Empty,
    /// Java's syntax, not ours.
    #[error("{construct} (`{found}`) exists in Java's patterns only")]
    JavaOnly {
        /// What it is called.
        construct: &'static str,
        /// How it is written.
        found: &'static str,
    },
    /// It does not compile.
    #[error("the pattern does not compile: {0}")]
    Syntax(String),
    /// It compiles to too much.
    #[error("the pattern is too large")]
    TooLarge,
}

impl Pattern {
    /// Compiles `text`.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        if text.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if text.len() > PATTERN_BYTES_MAX {
            return Err(InvalidPattern::TooLarge);
        }
        refuse_java(text)?;
        compile(text)?;
        let regex = compile(&format!(r"\A(?:{text})\z"))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether the whole of `topic` matches.
    pub fn matches(&self, topic: &str) -> bool {
        self.regex.is_match(topic)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn compile(text: &str) -> Result<Regex, InvalidPattern> {
    RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => InvalidPattern::TooLarge,
        other => InvalidPattern::Syntax(last_line(&other.to_string())),
    })
}

/// The last line of the compiler's message says what is wrong; those above draw the pattern.
fn last_line(message: &str) -> String {
    let last = message.lines().last().unwrap_or(message);
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

const JAVA_ESCAPES: [(&str, &str); 10] = [
    (r"\Q", "a quoted literal"),
    (r"\Z", "the end before a line break"),
    (r"\G", "the end of the previous match"),
    (r"\R", "any line break"),
    (r"\X", "a grapheme"),
    (r"\h", "horizontal space"),
    (r"\H", "anything but horizontal space"),
    (r"\k", "a back reference"),
    (r"\c", "a control character"),
    (r"\e", "the escape character"),
];
const JAVA_GROUPS: [(&str, &str); 5] = [
    ("(?=", "look-ahead"),
    ("(?!", "negative look-ahead"),
    ("(?<=", "look-behind"),
    ("(?<!", "negative look-behind"),
    ("(?>", "an atomic group"),
];
const JAVA_QUANTIFIERS: [&str; 4] = ["*+", "++", "?+", "}+"];

fn refuse_java(text: &str) -> Result<(), InvalidPattern> {
    let mut class_depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((construct, found)) = java_construct(rest, class_depth > 0) {
            return Err(InvalidPattern::JavaOnly { construct, found });
        }
        match first {
            '[' => class_depth += 1,
            ']' => class_depth = class_depth.saturating_sub(1),
            _ => {}
        }
        rest = &rest[first.len_utf8()..];
        let escaped = rest.chars().next().filter(|_| first == '\\');
        rest = &rest[escaped.map_or(0, char::len_utf8)..];
    }
    Ok(())
}

fn java_construct(rest: &str, in_class: bool) -> Option<(&'static str, &'static str)> {
    let starts = |&&(found, _): &&(&'static str, &'static str)| rest.starts_with(found);
    if let Some(&(found, construct)) = JAVA_ESCAPES.iter().find(starts) {
        return Some((construct, found));
    }
    if in_class {
        return None;
    }
    if let Some(&(found, construct)) = JAVA_GROUPS.iter().find(starts) {
        return Some((construct, found));
    }
    let digit = rest.strip_prefix('\\').and_then(|r| r.chars().next());
    if digit.is_some_and(|c| ('1'..='9').contains(&c)) {
        return Some(("a back reference", r"\1"));
    }
    let quantifier = JAVA_QUANTIFIERS.iter().find(|q| rest.starts_with(**q));
    quantifier.map(|found| ("a possessive quantifier", *found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_match() {
        let pattern = Pattern::new("osint|osint-.*").expect("a legal pattern");
        assert!(pattern.matches("osint"));
        assert!(pattern.matches("osint-tumblr"));
        assert!(!pattern.matches("x-osint"));
        assert!(!pattern.matches("osint\n"));
    }

    #[test]
    fn java_only_syntax_is_refused_by_name() {
        let cases = [
            ("(?!tmp).*", "negative look-ahead"),
            ("a(?<=a)b", "look-behind"),
            (r"(a)\1", "a back reference"),
            ("a*+b", "a possessive quantifier"),
            ("a{2}+", "a possessive quantifier"),
            (r"\Qa.b\E", "a quoted literal"),
        ];
        for (text, name) in cases {
            match Pattern::new(text) {
                Err(InvalidPattern::JavaOnly { construct, .. }) => assert_eq!(construct, name),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_looks_like_java_but_is_not_passes() {
        for text in [r"a\++", r"[*+]+", r"a\(\?=b", r"(?i)abc", "(?P<x>a)", "(?<x>a)", r"\\Qa"] {
            assert!(Pattern::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn broken_patterns_say_why_in_one_line() {
        let broken = Pattern::new("osint-(").expect_err("the group is open");
        assert_eq!(broken.to_string(), "the pattern does not compile: unclosed group");
        assert!(Pattern::new("a)(b").is_err());
        assert_eq!(
            Pattern::new("((a{99}){99}){99}").expect_err("too large"),
            InvalidPattern::TooLarge
        );
    }
}
