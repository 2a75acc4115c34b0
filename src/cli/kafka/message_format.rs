//! A record as the console consumer prints it. Pure.
//!
//! In Kafka's order: timestamp, partition, offset, headers, key, value, with `key.separator`
//! between those that are asked for.

use super::failure::Failure;
use super::properties::Properties;

/// A record to print.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown<'a> {
    pub timestamp: Timestamp,
    pub partition: i32,
    pub offset: i64,
    pub headers: Vec<(&'a str, Option<&'a [u8]>)>,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
}

/// Who set a record's time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Timestamp {
    #[default]
    None,
    Create(i64),
    LogAppend(i64),
}

/// What is printed, and how.
#[derive(Debug, Clone)]
pub(super) struct MessageFormat {
    timestamp: bool,
    partition: bool,
    offset: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
}

impl MessageFormat {
    /// Reads the properties of Kafka's default formatter.
    pub fn new(properties: &Properties) -> Result<Self, Failure> {
        if properties.is_true("print.epoch") || properties.is_true("print.delivery") {
            let message = "print.epoch and print.delivery are not supported";
            return Err(Failure::Usage(message.to_owned()));
        }
        let text = |key: &str, default: &str| properties.get(key).unwrap_or(default).into();
        Ok(Self {
            timestamp: properties.is_true("print.timestamp"),
            partition: properties.is_true("print.partition"),
            offset: properties.is_true("print.offset"),
            headers: properties.is_true("print.headers"),
            key: properties.is_true("print.key"),
            value: properties.get("print.value").is_none() || properties.is_true("print.value"),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
        })
    }

    /// Appends a record to `to`.
    pub fn write(&self, record: &Shown<'_>, to: &mut Vec<u8>) {
        let mut first = true;
        let mut field = |to: &mut Vec<u8>, bytes: &[u8]| {
            if !std::mem::take(&mut first) {
                to.extend_from_slice(&self.key_separator);
            }
            to.extend_from_slice(bytes);
        };
        if self.timestamp {
            let text = match record.timestamp {
                Timestamp::None => "NO_TIMESTAMP".to_owned(),
                Timestamp::Create(ms) => format!("CreateTime:{ms}"),
                Timestamp::LogAppend(ms) => format!("LogAppendTime:{ms}"),
            };
            field(to, text.as_bytes());
        }
        if self.partition {
            field(to, format!("Partition:{}", record.partition).as_bytes());
        }
        if self.offset {
            field(to, format!("Offset:{}", record.offset).as_bytes());
        }
        if self.headers {
            field(to, &self.headers(record));
        }
        if self.key {
            field(to, record.key.unwrap_or(&self.null_literal));
        }
        if self.value {
            field(to, record.value.unwrap_or(&self.null_literal));
        }
        to.extend_from_slice(&self.line_separator);
    }

    fn headers(&self, record: &Shown<'_>) -> Vec<u8> {
        if record.headers.is_empty() {
            return b"NO_HEADERS".to_vec();
        }
        let headers = record.headers.iter().map(|(name, value)| {
            [name.as_bytes(), b":", value.unwrap_or(&self.null_literal)].concat()
        });
        headers.collect::<Vec<_>>().join(&self.headers_separator[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(properties: &[&str], record: &Shown<'_>) -> String {
        let args: Vec<_> = properties.iter().map(|p| (*p).to_owned()).collect();
        let properties = Properties::from_args(&args).expect("well formed");
        let mut to = Vec::new();
        MessageFormat::new(&properties).expect("valid").write(record, &mut to);
        String::from_utf8(to).expect("the test uses text")
    }

    fn record() -> Shown<'static> {
        Shown {
            timestamp: Timestamp::Create(1795619396305),
            partition: 1,
            offset: 2,
            key: Some(b"k2"),
            value: Some(b"v2"),
            ..Default::default()
        }
    }

    #[test]
    fn values_alone_by_default() {
        assert_eq!(printed(&[], &record()), "v2\n");
        assert_eq!(printed(&[], &Shown { value: None, ..record() }), "null\n");
        assert_eq!(printed(&["print.value=false", "print.key=true"], &record()), "k2\n");
    }

    #[test]
    fn everything_in_kafkas_order() {
        let all = [
            "print.key=true",
            "print.timestamp=true",
            "print.partition=true",
            "print.offset=true",
            "print.headers=true",
        ];
        let line = "CreateTime:1795619396305\tPartition:1\tOffset:2\tNO_HEADERS\tk2\tv2\n";
        assert_eq!(printed(&all, &record()), line);
        let headers = vec![("a", Some(&b"1"[..])), ("b", None)];
        let with_headers = Shown { headers, key: None, ..record() };
        let separator = "key.separator= | ";
        let line = printed(&["print.headers=true", "print.key=true", separator], &with_headers);
        assert_eq!(line, "a:1,b:null | null | v2\n");
    }
}
