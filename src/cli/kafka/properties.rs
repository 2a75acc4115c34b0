//! Java properties: `key=value` arguments and files of them.

use std::collections::BTreeMap;
use std::path::Path;

use strait_io::fs;

use super::failure::Failure;

/// Properties by name; later ones win.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Properties(BTreeMap<String, String>);

impl Properties {
    /// From arguments of the form `key=value`.
    pub fn from_args(args: &[String]) -> Result<Self, Failure> {
        let pairs = args.iter().map(|arg| match arg.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.to_owned())),
            None => Err(Failure::Usage(format!("`{arg}` is not of the form key=value"))),
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    /// From a properties file.
    pub fn load(path: &str) -> Result<Self, Failure> {
        let text = fs::read_to_string(Path::new(path))
            .map_err(|error| Failure::Io { what: path.to_owned(), error })?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let settings = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        let pairs = settings.filter_map(|line| line.split_once(['=', ':']));
        Self(pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect())
    }

    /// These, with others on top.
    pub fn with(mut self, others: Properties) -> Self {
        self.0.extend(others.0);
        self
    }

    /// A property's value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether a property is `true`.
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether connections are neither encrypted nor logged in.
    pub fn is_plaintext(&self) -> bool {
        self.get("security.protocol").is_none_or(|p| p.eq_ignore_ascii_case("PLAINTEXT"))
    }

    /// Refuses what the native client cannot do yet.
    pub fn require_plaintext(&self) -> Result<(), Failure> {
        match self.is_plaintext() {
            true => Ok(()),
            false => Err(Failure::Said(format!(
                "security.protocol={} is not supported by this command yet; \
                 use a plaintext listener",
                self.get("security.protocol").unwrap_or_default()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_comments_and_two_kinds_of_separator() {
        let text = "# note\n! note\n\nclient.id = me\nsecurity.protocol: SSL\n";
        let properties = Properties::parse(text);
        assert_eq!(properties.get("client.id"), Some("me"));
        assert!(!properties.is_plaintext());
    }

    #[test]
    fn a_value_may_hold_the_separator() {
        let properties = Properties::from_args(&["key.separator==".to_owned()]).unwrap();
        assert_eq!(properties.get("key.separator"), Some("="));
        assert!(Properties::from_args(&["nothing".to_owned()]).is_err());
    }
}
