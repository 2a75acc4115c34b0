//! Names a person gives: short, and legal wherever they turn up.

use std::fmt;
use std::sync::Arc;

/// The longest name, characters.
pub const NAME_CHARS_MAX: usize = 64;

/// A text that cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing there.
    #[error("a name cannot be empty")]
    Empty,
    /// Longer than `NAME_CHARS_MAX`.
    #[error("a name has at most {NAME_CHARS_MAX} characters, this one has {0}")]
    TooLong(usize),
    /// A character outside the allowed set.
    #[error("`{0}` is not allowed in a name; use letters, digits, `_` and `-`")]
    Character(char),
}

fn validate(name: &str) -> Result<(), InvalidName> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match (name.chars().find(|&c| !is_legal(c)), name.chars().count()) {
        (Some(c), _) => Err(InvalidName::Character(c)),
        (None, 0) => Err(InvalidName::Empty),
        (None, length) if length > NAME_CHARS_MAX => Err(InvalidName::TooLong(length)),
        (None, _) => Ok(()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a legal name.
            pub fn new(name: &str) -> Result<Self, InvalidName> {
                validate(name).map(|()| Self(name.into()))
            }

            /// The name's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// What the configuration calls a region, and the cluster in it.
    RegionName
}

name! {
    /// What the configuration calls a pipeline.
    PipelineName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_in_topics_and_labels() {
        assert!(RegionName::new("us-east_1").is_ok());
        assert_eq!(RegionName::new(""), Err(InvalidName::Empty));
        assert_eq!(RegionName::new("us east"), Err(InvalidName::Character(' ')));
        assert_eq!(PipelineName::new(&"x".repeat(65)), Err(InvalidName::TooLong(65)));
    }
}
