//! Which topics a pipeline takes. Pure.
//!
//! A topic is selected when one include pattern matches its whole name and no exclude pattern
//! does. Names that begin with `__` are Kafka's own (and ours): no pattern selects them.

use std::fmt;

use super::Pattern;

/// The include and exclude patterns of a pipeline.
#[derive(Clone, Debug)]
pub struct TopicSelector {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

/// Why a topic is selected, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explanation<'a> {
    /// This include pattern matches and nothing excludes it.
    Selected {
        /// The include pattern.
        pattern: &'a str,
    },
    /// Included by one pattern, but excluded by another.
    Excluded {
        /// The include pattern.
        included_by: &'a str,
        /// The exclude pattern; it wins.
        excluded_by: &'a str,
    },
    /// No include pattern matches the whole name.
    NotIncluded,
    /// The name begins with `__`.
    Internal,
}

impl TopicSelector {
    /// Selects what `include` matches and `exclude` does not.
    pub fn new(include: Vec<Pattern>, exclude: Vec<Pattern>) -> Self {
        Self { include, exclude }
    }

    /// Whether `topic` is taken.
    pub fn selects(&self, topic: &str) -> bool {
        matches!(self.explain(topic), Explanation::Selected { .. })
    }

    /// Why `topic` is taken, or not.
    pub fn explain(&self, topic: &str) -> Explanation<'_> {
        if topic.starts_with("__") {
            return Explanation::Internal;
        }
        match (first_match(&self.include, topic), first_match(&self.exclude, topic)) {
            (None, _) => Explanation::NotIncluded,
            (Some(pattern), None) => Explanation::Selected { pattern },
            (Some(included_by), Some(excluded_by)) => {
                Explanation::Excluded { included_by, excluded_by }
            }
        }
    }

    /// The include patterns, in the file's order.
    pub fn include(&self) -> &[Pattern] {
        &self.include
    }

    /// The exclude patterns, in the file's order.
    pub fn exclude(&self) -> &[Pattern] {
        &self.exclude
    }
}

fn first_match<'a>(patterns: &'a [Pattern], topic: &str) -> Option<&'a str> {
    patterns.iter().find(|pattern| pattern.matches(topic)).map(Pattern::as_str)
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selected { pattern } => write!(f, "selected by `{pattern}`"),
            Self::Excluded { included_by, excluded_by } => {
                write!(f, "included by `{included_by}` but excluded by `{excluded_by}`")
            }
            Self::NotIncluded => f.write_str("no include pattern matches its whole name"),
            Self::Internal => f.write_str("names that begin with `__` are never selected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(include: &[&str], exclude: &[&str]) -> TopicSelector {
        let patterns = |texts: &[&str]| {
            texts.iter().map(|text| Pattern::new(text).expect("a legal pattern")).collect()
        };
        TopicSelector::new(patterns(include), patterns(exclude))
    }

    #[test]
    fn exclude_wins_and_says_so() {
        let selector = selector(&["orders", "osint-.*"], &[".*-tmp"]);
        assert_eq!(selector.explain("osint-a"), Explanation::Selected { pattern: "osint-.*" });
        assert_eq!(
            selector.explain("osint-tmp"),
            Explanation::Excluded { included_by: "osint-.*", excluded_by: ".*-tmp" }
        );
        assert_eq!(selector.explain("my-orders"), Explanation::NotIncluded);
    }

    #[test]
    fn internal_topics_are_never_selected() {
        let selector = selector(&[".*", "__consumer_offsets"], &[]);
        assert_eq!(selector.explain("__consumer_offsets"), Explanation::Internal);
        assert!(selector.selects("_schemas"));
    }
}
