//! A line of the console producer as a record: `headers TAB key TAB value`, as far as the
//! properties ask for headers and keys. Pure; lines are bytes and stay what they are.

use super::failure::Failure;
use super::properties::Properties;

/// How lines are taken apart.
#[derive(Debug, Clone)]
pub(super) struct LineReader {
    parse_key: bool,
    parse_headers: bool,
    key_separator: String,
    headers_delimiter: String,
    headers_separator: String,
    headers_key_separator: String,
    null_marker: Option<String>,
    ignore_error: bool,
}

/// Headers by name, in the order of the line.
type LineHeaders<'a> = Vec<(String, Option<&'a [u8]>)>;

/// A record, as a line gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LineRecord<'a> {
    pub headers: LineHeaders<'a>,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
}

impl LineReader {
    /// Reads the properties of Kafka's own line reader.
    pub fn new(properties: &Properties) -> Result<Self, Failure> {
        let text = |key: &str, default: &str| properties.get(key).unwrap_or(default).to_owned();
        let reader = Self {
            parse_key: properties.is_true("parse.key"),
            parse_headers: properties.is_true("parse.headers"),
            key_separator: text("key.separator", "\t"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: text("headers.separator", ","),
            headers_key_separator: text("headers.key.separator", ":"),
            null_marker: properties.get("null.marker").map(str::to_owned),
            ignore_error: properties.is_true("ignore.error"),
        };
        let separators = [
            &reader.key_separator,
            &reader.headers_delimiter,
            &reader.headers_separator,
            &reader.headers_key_separator,
        ];
        match separators.iter().any(|separator| separator.is_empty()) {
            true => Err(Failure::Usage("a separator may not be empty".to_owned())),
            false => Ok(reader),
        }
    }

    /// Takes a line apart; `number` is its place in the input, for the error.
    pub fn read<'a>(&self, line: &'a [u8], number: u64) -> Result<LineRecord<'a>, Failure> {
        let (headers, rest) = match self.parse_headers {
            true => self.part(line, &self.headers_delimiter, "headers delimiter", number)?,
            false => (None, line),
        };
        let (key, value) = match self.parse_key {
            true => self.part(rest, &self.key_separator, "key separator", number)?,
            false => (None, rest),
        };
        Ok(LineRecord {
            headers: match headers.and_then(|headers| self.unless_null(headers)) {
                Some(headers) => self.headers(headers, number)?,
                None => Vec::new(),
            },
            key: key.and_then(|key| self.unless_null(key)),
            value: self.unless_null(value),
        })
    }

    /// What stands before the separator, and what behind it.
    fn part<'a>(
        &self,
        line: &'a [u8],
        separator: &str,
        name: &str,
        number: u64,
    ) -> Result<(Option<&'a [u8]>, &'a [u8]), Failure> {
        match split(line, separator) {
            Some((before, behind)) => Ok((Some(before), behind)),
            None if self.ignore_error => Ok((None, line)),
            None => Err(Failure::Said(format!(
                "No {name} found on line number {number}: '{}'",
                String::from_utf8_lossy(line)
            ))),
        }
    }

    fn headers<'a>(&self, mut text: &'a [u8], number: u64) -> Result<LineHeaders<'a>, Failure> {
        let mut headers = Vec::new();
        loop {
            let (one, rest) = match split(text, &self.headers_separator) {
                Some((one, rest)) => (one, Some(rest)),
                None => (text, None),
            };
            let (name, value) =
                self.part(one, &self.headers_key_separator, "header key separator", number)?;
            let name = String::from_utf8_lossy(name.unwrap_or(one)).into_owned();
            headers.push((name, self.unless_null(value)));
            match rest {
                Some(rest) => text = rest,
                None => return Ok(headers),
            }
        }
    }

    fn unless_null<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let null = self.null_marker.as_ref().is_some_and(|marker| marker.as_bytes() == bytes);
        (!null).then_some(bytes)
    }
}

fn split<'a>(bytes: &'a [u8], separator: &str) -> Option<(&'a [u8], &'a [u8])> {
    let separator = separator.as_bytes();
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(properties: &[&str]) -> LineReader {
        let args: Vec<_> = properties.iter().map(|p| (*p).to_owned()).collect();
        LineReader::new(&Properties::from_args(&args).expect("well formed")).expect("valid")
    }

    #[test]
    fn a_plain_line_is_a_value() {
        let record = reader(&[]).read(b"a\tb", 1).expect("nothing to find");
        assert_eq!(record, LineRecord { value: Some(b"a\tb"), ..Default::default() });
    }

    #[test]
    fn keys_end_at_the_first_separator() {
        let reader = reader(&["parse.key=true", "key.separator=:"]);
        let record = reader.read(b"k:v:w", 1).expect("it has a key");
        assert_eq!((record.key, record.value), (Some(&b"k"[..]), Some(&b"v:w"[..])));
        let error = reader.read(b"noseparator", 3).expect_err("it has none").to_string();
        assert_eq!(error, "No key separator found on line number 3: 'noseparator'");
    }

    #[test]
    fn headers_come_first_and_nulls_have_a_marker() {
        let reader = reader(&["parse.headers=true", "parse.key=true", "null.marker=NULL"]);
        let record = reader.read(b"a:1,b:NULL\tNULL\tv", 1).expect("complete");
        let headers = vec![("a".to_owned(), Some(&b"1"[..])), ("b".to_owned(), None)];
        assert_eq!(record, LineRecord { headers, key: None, value: Some(b"v") });
    }

    #[test]
    fn errors_may_be_ignored() {
        let reader = reader(&["parse.key=true", "ignore.error=true"]);
        let record = reader.read(b"bare", 1).expect("ignored");
        assert_eq!((record.key, record.value), (None, Some(&b"bare"[..])));
    }
}
