//! `${NAME}`, `${NAME:-default}` and `${NAME:?hint}` in values, filled in after parsing, so that
//! a variable's content can never change the document's structure. `$${` is a plain `${`.
//!
//! Not for secrets: what is filled in here may be printed.

use super::node::{Node, Value};
use super::problem::Problem;

/// Where variables come from: the process's environment, or a test's.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Fills in the variables of every value below `node`; a value that cannot be filled in is
/// poisoned.
pub(super) fn fill(node: &mut Node, environment: Environment<'_>, problems: &mut Vec<Problem>) {
    match &mut node.value {
        Value::Null | Value::Poisoned => {}
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, environment, problems)),
        Value::Map(entries) => {
            entries.iter_mut().for_each(|entry| fill(&mut entry.value, environment, problems));
        }
        Value::Scalar(text) => match filled(text, environment) {
            Ok(Some(new)) => *text = new,
            Ok(None) => {}
            Err((what, hint)) => {
                problems.push(Problem::new(node.at, "", what).hint(hint));
                node.value = Value::Poisoned;
            }
        },
    }
}

type Refusal = (String, String);

/// The text with its variables filled in; `None` if it has none.
fn filled(text: &str, environment: Environment<'_>) -> Result<Option<String>, Refusal> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from_dollar) = rest.split_at(at);
        let reference = &from_dollar[2..];
        if let Some(literal) = before.strip_suffix('$') {
            whole.push_str(literal);
            whole.push_str("${");
            rest = reference;
            continue;
        }
        let (inside, after) = reference.split_once('}').ok_or_else(unclosed)?;
        whole.push_str(before);
        whole.push_str(&value_of(inside, environment)?);
        rest = after;
    }
    whole.push_str(rest);
    Ok(Some(whole))
}

fn unclosed() -> Refusal {
    ("`${` without its `}`".into(), "write `${NAME}`, or `$${` for a plain `${`".into())
}

fn value_of(inside: &str, environment: Environment<'_>) -> Result<String, Refusal> {
    let (name, otherwise) = match inside.split_once(':') {
        Some((name, otherwise)) => (name, Some(otherwise)),
        None => (inside, None),
    };
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let known_form = otherwise.is_none_or(|text| text.starts_with(['-', '?']));
    if name.is_empty() || !is_word || !known_form {
        let hint = "write `${NAME}`, `${NAME:-default}` or `${NAME:?hint}`";
        return Err((format!("`${{{inside}}}` is not a variable"), hint.into()));
    }
    let set = environment(name);
    match (set.filter(|value| otherwise.is_none() || !value.is_empty()), otherwise) {
        (Some(value), _) => Ok(value),
        (None, Some(text)) if text.starts_with('-') => Ok(text[1..].to_owned()),
        (None, Some(text)) => {
            Err((format!("the variable `{name}` is not set"), text[1..].to_owned()))
        }
        (None, None) => {
            let hint = format!("set it, or give a default: `${{{name}:-value}}`");
            Err((format!("the variable `{name}` is not set"), hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill_text(text: &str) -> Result<Option<String>, Refusal> {
        filled(text, &|name| match name {
            "HOST" => Some("us-kafka".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_filled_in() {
        let cases = [
            ("${HOST}:9092", "us-kafka:9092"),
            ("${NONE:-a}${EMPTY:-b}${EMPTY}", "ab"),
            ("$${HOST}", "${HOST}"),
            ("${HOST:?never shown}", "us-kafka"),
        ];
        for (text, filled) in cases {
            assert_eq!(fill_text(text), Ok(Some(filled.to_owned())), "{text}");
        }
        assert_eq!(fill_text("$HOST {topic}"), Ok(None));
    }

    #[test]
    fn what_cannot_be_filled_in_says_why() {
        let hint = |text: &str| fill_text(text).expect_err("it cannot be filled in").1;
        assert_eq!(hint("${NONE:?ask the network team}"), "ask the network team");
        assert!(hint("${NONE}").contains("${NONE:-value}"));
        assert!(fill_text("${HOST").is_err());
        assert!(fill_text("${A B}").is_err());
        assert!(fill_text("${}").is_err());
        assert!(fill_text("${HOST:+x}").is_err());
    }
}
