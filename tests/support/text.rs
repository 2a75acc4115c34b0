//! Real text, the same on every run: the lines of what is installed beside us anyway (the Python
//! standard library and the sources of our own dependencies).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;

/// Lines are put together until a record has this many bytes.
const RECORD_BYTES_MIN: usize = 56;
/// The timestamp of record 0, milliseconds; later ones follow a millisecond apart.
const BEGAN_MS: i64 = 1_700_000_000_000;

/// Numbered records of real text.
pub struct Text {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

/// A count and a running digest of one partition's records, in order.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    count: u64,
    bytes: u64,
    digest: DefaultHasher,
}

impl Text {
    /// This many records, or as many as there is text for.
    pub fn load(records: usize) -> Self {
        let mut text = Self { bytes: Vec::new(), ranges: Vec::new() };
        let mut folders = vec![python_library()];
        folders.extend(dependency_sources());
        for folder in folders {
            let mut files = Vec::new();
            collect(&folder, &mut files);
            for file in files {
                if text.ranges.len() >= records {
                    text.ranges.truncate(records);
                    return text;
                }
                text.add(&std::fs::read(&file).expect("an installed file is readable"));
            }
        }
        text
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Record `n` for a partition of a topic. Most have a key; some have headers (one without a
    /// value), a few have no value or an empty one.
    pub fn record<'a>(
        &'a self,
        n: usize,
        topic: &'a str,
        partition: i32,
        key: &'a mut String,
    ) -> BaseRecord<'a, [u8], [u8]> {
        let value = &self.bytes[self.ranges[n].clone()];
        let mut record = BaseRecord::to(topic).partition(partition);
        record = record.timestamp(BEGAN_MS + n as i64);
        if !n.is_multiple_of(7) {
            *key = format!("line-{}", n % 5000);
            record = record.key(key.as_bytes());
        }
        if n.is_multiple_of(10) {
            let number = n.to_string();
            let numbered = Header { key: "n", value: Some(&number) };
            let bare: Header<'_, &str> = Header { key: "bare", value: None };
            record = record.headers(OwnedHeaders::new().insert(numbered).insert(bare));
        }
        match n % 1000 {
            999 => record,
            998 => record.payload(&[]),
            _ => record.payload(value),
        }
    }

    fn add(&mut self, file: &[u8]) {
        let mut begin = self.bytes.len();
        for line in file.split_inclusive(|byte| *byte == b'\n') {
            self.bytes.extend_from_slice(line);
            if self.bytes.len() - begin >= RECORD_BYTES_MIN {
                self.ranges.push(begin..self.bytes.len());
                begin = self.bytes.len();
            }
        }
        self.bytes.truncate(begin);
    }
}

impl Tally {
    /// Adds a record about to be sent.
    pub fn sent(&mut self, record: &BaseRecord<'_, [u8], [u8]>) {
        let headers = record.headers.as_ref();
        self.add(record.key, record.payload, record.timestamp, headers);
    }

    /// Adds a record that was read.
    pub fn read(&mut self, message: &BorrowedMessage<'_>) {
        let timestamp = message.timestamp().to_millis();
        self.add(message.key(), message.payload(), timestamp, message.headers());
    }

    fn add(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: Option<i64>,
        headers: Option<&impl Headers>,
    ) {
        self.count += 1;
        self.bytes += value.map_or(0, <[u8]>::len) as u64;
        (key, value, timestamp).hash(&mut self.digest);
        for header in headers.into_iter().flat_map(Headers::iter) {
            (header.key, header.value).hash(&mut self.digest);
        }
    }

    /// Count, bytes of values, and digest.
    pub fn sums(&self) -> (u64, u64, u64) {
        (self.count, self.bytes, self.digest.finish())
    }
}

fn python_library() -> PathBuf {
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let told = Command::new("python3").args(["-c", script]).output().expect("python3 runs");
    PathBuf::from(String::from_utf8_lossy(&told.stdout).trim())
}

/// Where cargo keeps the sources it compiled.
fn dependency_sources() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.map(|home| home.join("registry/src"));
    let mut folders = Vec::new();
    for entry in registry.iter().filter_map(|r| std::fs::read_dir(r).ok()).flatten().flatten() {
        folders.push(entry.path());
    }
    folders
}

/// Text files below a folder, in the order of their paths; none that are installed later by use.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let is_text = path.extension().is_some_and(|e| e == "py" || e == "rs" || e == "md");
        if path.is_dir() && !path.ends_with("site-packages") && !path.ends_with("__pycache__") {
            collect(&path, files);
        } else if is_text {
            files.push(path);
        }
    }
}
