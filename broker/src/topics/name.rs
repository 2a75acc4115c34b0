//! What a topic may be called: Kafka's rules, pure.

/// Kafka's limit: a folder `name-partition` must fit a file name.
const NAME_LENGTH_MAX: usize = 249;

/// Why `name` is no topic name, in words; `None` if it is one.
pub fn fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a topic name may not be empty".to_owned());
    }
    if name == "." || name == ".." {
        return Some("a topic may not be called '.' or '..'".to_owned());
    }
    if name.len() > NAME_LENGTH_MAX {
        return Some(format!(
            "a topic name has at most {NAME_LENGTH_MAX} characters, this one has {}",
            name.len()
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let bad = name.chars().find(|c| !legal(*c))?;
    Some(format!(
        "topic name '{}' holds {bad:?}; letters, digits, '.', '_' and '-' are allowed",
        name.escape_default()
    ))
}

/// Two names collide when they differ only in '.' against '_': Kafka's metric names could not
/// tell them apart.
pub fn collide(one: &str, other: &str) -> bool {
    one != other && one.replace('.', "_") == other.replace('.', "_")
}

/// Where consumer groups keep their offsets.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// Where Kafka keeps transactions; no client may take the name.
const TRANSACTION_STATE: &str = "__transaction_state";

/// Whether the topic belongs to the broker itself.
pub fn is_internal(name: &str) -> bool {
    name == CONSUMER_OFFSETS || name == TRANSACTION_STATE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kafkas() {
        assert_eq!(fault("osint-tumblr.v2_x"), None);
        for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
            assert!(fault(bad).is_some(), "{bad} passed");
        }
        assert_eq!(fault(&"x".repeat(249)), None);
    }

    #[test]
    fn dots_and_underscores_collide() {
        assert!(collide("a.b", "a_b"));
        assert!(!collide("a.b", "a.b"));
        assert!(!collide("a.b", "a-b"));
    }
}
