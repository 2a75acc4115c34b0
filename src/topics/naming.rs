//! What a source topic is called at the target. Pure.
//!
//! A template holds `{topic}` exactly once, so a target name is always prefix + topic + suffix
//! and two topics of one pipeline never share a target. The result is a legal Kafka topic name
//! or an error, never a repaired name.

use crate::model::{PipelineName, RegionName};

/// The longest topic name Kafka takes, characters.
pub const TOPIC_CHARS_MAX: usize = 249;

/// Source topic name to target topic name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingTemplate {
    text: String,
    prefix: String,
    suffix: String,
}

/// The names a template may mention beside the topic's.
#[derive(Clone, Copy, Debug)]
pub struct TemplateNames<'a> {
    /// `{source}`.
    pub source: &'a RegionName,
    /// `{target}`.
    pub target: &'a RegionName,
    /// `{pipeline}`.
    pub pipeline: &'a PipelineName,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// A `{word}` nobody knows.
    #[error(
        "unknown placeholder `{{{0}}}`; there are `{{topic}}`, `{{source}}`, `{{target}}` and \
         `{{pipeline}}`"
    )]
    UnknownPlaceholder(String),
    /// A `{` or `}` without its partner.
    #[error("a brace without its partner")]
    Brace,
    /// `{topic}` missing or repeated.
    #[error("`{{topic}}` must appear exactly once, here it appears {0} times")]
    TopicCount(usize),
    /// Text that no topic name may hold.
    #[error("`{0}` is not allowed in a topic name; use letters, digits, `.`, `_` and `-`")]
    Character(char),
    /// A result that would be Kafka's own.
    #[error("names that begin with `__` are Kafka's own")]
    Internal,
    /// No room is left for the topic.
    #[error("the template alone has {0} characters; a topic name has at most {TOPIC_CHARS_MAX}")]
    TooLong(usize),
}

/// A target name Kafka would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a legal topic name: {reason}")]
pub struct IllegalTopicName {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl NamingTemplate {
    /// Reads a template and fills in everything but the topic.
    pub fn new(text: &str, names: TemplateNames<'_>) -> Result<Self, InvalidTemplate> {
        let pieces = split(text)?;
        match pieces.iter().filter(|piece| **piece == Piece::Topic).count() {
            1 => {}
            count => return Err(InvalidTemplate::TopicCount(count)),
        }
        let mut sides = pieces.split(|piece| *piece == Piece::Topic);
        let mut next_side = || render(sides.next().unwrap_or_default(), names);
        let (prefix, suffix) = (next_side(), next_side());
        validate_sides(&prefix, &suffix)?;
        Ok(Self { text: text.to_owned(), prefix, suffix })
    }

    /// The name of `topic` at the target.
    pub fn target_topic(&self, topic: &str) -> Result<String, IllegalTopicName> {
        let name = format!("{}{topic}{}", self.prefix, self.suffix);
        match illegal(&name) {
            Some(reason) => Err(IllegalTopicName { name, reason }),
            None => Ok(name),
        }
    }

    /// What stands before the topic's name, the other names filled in.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stands after the topic's name, the other names filled in.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Whether every topic keeps its name.
    pub fn keeps_names(&self) -> bool {
        self.prefix.is_empty() && self.suffix.is_empty()
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Topic,
    Source,
    Target,
    Pipeline,
}

fn split(text: &str) -> Result<Vec<Piece<'_>>, InvalidTemplate> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, from_brace) = rest.split_at(open);
        let inside = from_brace.strip_prefix('{').ok_or(InvalidTemplate::Brace)?;
        let (word, after) = inside.split_once('}').ok_or(InvalidTemplate::Brace)?;
        pieces.extend([Piece::Literal(literal), placeholder(word)?]);
        rest = after;
    }
    pieces.push(Piece::Literal(rest));
    Ok(pieces)
}

fn placeholder(word: &str) -> Result<Piece<'static>, InvalidTemplate> {
    match word {
        "topic" => Ok(Piece::Topic),
        "source" => Ok(Piece::Source),
        "target" => Ok(Piece::Target),
        "pipeline" => Ok(Piece::Pipeline),
        unknown => Err(InvalidTemplate::UnknownPlaceholder(unknown.to_owned())),
    }
}

fn render(side: &[Piece<'_>], names: TemplateNames<'_>) -> String {
    let text = |piece: &Piece<'_>| match piece {
        Piece::Literal(literal) => (*literal).to_owned(),
        Piece::Topic => String::new(),
        Piece::Source => names.source.to_string(),
        Piece::Target => names.target.to_string(),
        Piece::Pipeline => names.pipeline.to_string(),
    };
    side.iter().map(text).collect()
}

fn validate_sides(prefix: &str, suffix: &str) -> Result<(), InvalidTemplate> {
    if let Some(c) = prefix.chars().chain(suffix.chars()).find(|&c| !is_legal(c)) {
        return Err(InvalidTemplate::Character(c));
    }
    if prefix.starts_with("__") {
        return Err(InvalidTemplate::Internal);
    }
    match prefix.len() + suffix.len() {
        length if length >= TOPIC_CHARS_MAX => Err(InvalidTemplate::TooLong(length)),
        _ => Ok(()),
    }
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn illegal(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        "." | ".." => Some("it names a folder"),
        _ if name.starts_with("__") => Some("names that begin with `__` are Kafka's own"),
        _ if name.len() > TOPIC_CHARS_MAX => Some("it has more than 249 characters"),
        _ if !name.chars().all(is_legal) => {
            Some("it holds more than letters, digits, `.`, `_`, `-`")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<NamingTemplate, InvalidTemplate> {
        let (source, target) = (RegionName::new("us").unwrap(), RegionName::new("ad").unwrap());
        let pipeline = PipelineName::new("us-to-ad").unwrap();
        let names = TemplateNames { source: &source, target: &target, pipeline: &pipeline };
        NamingTemplate::new(text, names)
    }

    #[test]
    fn every_placeholder_is_filled() {
        let naming = template("{source}.{topic}.{pipeline}_{target}").expect("a legal template");
        assert_eq!(naming.target_topic("a").as_deref(), Ok("us.a.us-to-ad_ad"));
        assert!(template("{topic}").expect("a legal template").keeps_names());
    }

    #[test]
    fn what_is_no_template_says_why() {
        use InvalidTemplate::*;
        assert_eq!(template("{topics}"), Err(UnknownPlaceholder("topics".into())));
        assert_eq!(template("all"), Err(TopicCount(0)));
        assert_eq!(template("{topic}{topic}"), Err(TopicCount(2)));
        assert_eq!(template("{topic"), Err(Brace));
        assert_eq!(template("topic}"), Err(Brace));
        assert_eq!(template("a/{topic}"), Err(Character('/')));
        assert_eq!(template("__{topic}"), Err(Internal));
        assert_eq!(template(&format!("{}{{topic}}", "x".repeat(249))), Err(TooLong(249)));
    }

    #[test]
    fn a_target_name_is_legal_or_refused() {
        let naming = template("{source}.{topic}").expect("a legal template");
        assert!(naming.target_topic(&"x".repeat(246)).is_ok());
        assert!(naming.target_topic(&"x".repeat(247)).is_err());
        let plain = template("{topic}").expect("a legal template");
        assert!(plain.target_topic("..").is_err());
        assert!(template("_{topic}").expect("legal").target_topic("_x").is_err());
    }
}
