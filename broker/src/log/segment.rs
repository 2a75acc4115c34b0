//! A segment: one stretch of a partition's offsets, its batches in one file, its two indexes
//! beside it.
//!
//! `base <= first batch's offset <= newest.offset < next_offset`, and
//! `next_offset - base <= 2^31`, because index entries hold offsets relative to the base.
//! An empty segment has `next_offset == base`. Names are Kafka's: the base offset in twenty
//! digits, then `.log`, `.index`, `.timeindex`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use strait_io::fs::{self, File};
use strait_wire::BatchHeader;

use super::error::LogError;
use super::headers::{Fault, Headers};
use super::index::{Entry, OffsetIndex};
use super::time_index::{Stamp, TimeIndex};

/// What is known of a segment without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) base: i64,
    pub(super) size: u64,
    pub(super) next_offset: i64,
    /// The largest timestamp; `None` while no batch has one.
    pub(super) newest: Option<Stamp>,
}

/// A segment's file and indexes.
#[derive(Debug)]
pub(super) struct OpenSegment {
    pub(super) file: Arc<File>,
    pub(super) index: OffsetIndex,
    pub(super) times: TimeIndex,
}

/// The distance of an offset from the base of its segment.
pub(super) fn relative(base: i64, offset: i64) -> u32 {
    let distance = offset - base;
    assert!((0..=i64::from(i32::MAX)).contains(&distance), "offset {offset} is of segment {base}");
    distance as u32
}

/// The path of a segment's file of one kind: `log`, `index`, `timeindex`, `snapshot`.
pub(super) fn path(dir: &Path, base: i64, kind: &str) -> PathBuf {
    dir.join(format!("{base:020}.{kind}"))
}

/// The offset in a file's name if it is of that kind.
pub(super) fn offset_in_name(path: &Path, kind: &str) -> Option<i64> {
    let (digits, extension) = path.file_name()?.to_str()?.split_once('.')?;
    let ours = extension == kind && digits.len() == 20;
    ours.then(|| digits.parse().ok()).flatten()
}

impl Segment {
    /// A segment without batches.
    pub(super) fn empty(base: i64) -> Self {
        Self { base, size: 0, next_offset: base, newest: None }
    }

    /// Whether it holds no batch.
    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Counts a batch that lies at the segment's end.
    pub(super) fn admit(&mut self, header: &BatchHeader) {
        self.size += header.size() as u64;
        self.next_offset = header.next_offset();
        self.newest = newer(self.newest, header);
    }

    /// The stored indexes, if they agree with each other and with the batches behind their last
    /// entry, and no entry is missing there.
    fn with_stored_indexes(
        dir: &Path,
        base: i64,
        file: &Arc<File>,
        size: u64,
        interval: u64,
    ) -> Option<(Self, OpenSegment)> {
        let index = fs::read(&path(dir, base, "index")).ok()?;
        let times = fs::read(&path(dir, base, "timeindex")).ok()?;
        let index = OffsetIndex::from_bytes(base, &index, size)?;
        let times = TimeIndex::from_bytes(base, &times)?;
        let mut segment = Self { base, size, next_offset: base, newest: times.last() };
        let mut entry = index.last();
        let mut since_entry = 0;
        let mut headers = Headers::new(file, entry.map_or(0, |last| last.position), size);
        while let Some((_, header)) = headers.step().ok()? {
            let is_named = entry.take().is_none_or(|e| e.last_offset == header.last_offset());
            let in_order = header.base_offset >= segment.next_offset;
            let is_timed = newer(segment.newest, &header) == segment.newest;
            if !is_named || !in_order || !is_timed || since_entry > interval {
                return None;
            }
            segment.next_offset = header.next_offset();
            since_entry += header.size() as u64;
        }
        let is_inside = segment.newest.is_none_or(|newest| newest.offset < segment.next_offset);
        let open = OpenSegment { file: Arc::clone(file), index, times };
        is_inside.then_some((segment, open))
    }
}

impl OpenSegment {
    /// The first batch that ends at `offset` or later: where it starts, and its header.
    pub(super) fn locate(
        &self,
        offset: i64,
        size: u64,
    ) -> Result<Option<(u64, BatchHeader)>, Fault> {
        let start = self.trusted(self.index.floor(offset), size)?.unwrap_or(0);
        let mut headers = Headers::new(&self.file, start, size);
        while let Some(found) = headers.step()? {
            if found.1.last_offset() >= offset {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The largest end of a batch in `first_end ..= until`; `first_end` is one itself.
    pub(super) fn cut(&self, first_end: u64, until: u64, size: u64) -> Result<u64, Fault> {
        let entry = self.index.floor_position(until).filter(|e| e.position > first_end);
        let mut end = self.trusted(entry, size)?.unwrap_or(first_end);
        let mut headers = Headers::new(&self.file, end, size);
        while end < until {
            let Some((position, header)) = headers.step()? else { break };
            let batch_end = position + header.size() as u64;
            if batch_end > until {
                break;
            }
            end = batch_end;
        }
        Ok(end)
    }

    /// The position of an entry if the batch there is the one it names.
    fn trusted(&self, entry: Option<Entry>, size: u64) -> Result<Option<u64>, Fault> {
        let Some(entry) = entry.filter(|e| e.position < size) else { return Ok(None) };
        match Headers::new(&self.file, entry.position, size).step() {
            Ok(Some((at, header))) if header.last_offset() == entry.last_offset => Ok(Some(at)),
            Ok(_) | Err(Fault::NotABatch { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Writes both index files; what they lack after a crash is rebuilt. They are returned open,
    /// to be synced with the log.
    pub(super) fn store_indexes(
        &self,
        dir: &Path,
        segment: &Segment,
    ) -> Result<[Arc<File>; 2], LogError> {
        let mut times = self.times.clone();
        times.push(segment.newest);
        let store = |kind, bytes: Vec<u8>| {
            let path = path(dir, segment.base, kind);
            fs::rewrite(&path, &bytes).map(Arc::new).map_err(LogError::io(&path))
        };
        Ok([store("index", self.index.to_bytes())?, store("timeindex", times.to_bytes())?])
    }
}

/// The larger of the newest timestamp so far and that of a later batch.
fn newer(newest: Option<Stamp>, header: &BatchHeader) -> Option<Stamp> {
    let stamp = Stamp { timestamp: header.max_timestamp, offset: header.last_offset() };
    let is_newer = stamp.timestamp > newest.map_or(-1, |n| n.timestamp);
    if is_newer { Some(stamp) } else { newest }
}

/// A segment and its indexes as batches are added one after the other: the active one, or one
/// that is being read again from its start.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) segment: Segment,
    pub(super) open: OpenSegment,
    /// When the first batch came; `None` while empty.
    pub(super) began_ms: Option<i64>,
    since_entry: u64,
}

impl Growing {
    /// An empty segment over `file`, whatever the file holds.
    pub(super) fn new(base: i64, file: Arc<File>) -> Self {
        let open = OpenSegment { file, index: OffsetIndex::new(base), times: TimeIndex::new(base) };
        Self { segment: Segment::empty(base), open, began_ms: None, since_entry: 0 }
    }

    /// Creates the files of an empty segment.
    pub(super) fn create(dir: &Path, base: i64) -> Result<Self, LogError> {
        let log = path(dir, base, "log");
        let file = File::open_or_create(&log).map_err(LogError::io(&log))?;
        file.set_len(0).map_err(LogError::io(&log))?;
        Ok(Self::new(base, Arc::new(file)))
    }

    /// Opens the file and reads the indexes; where they are missing, short or wrong, builds
    /// them anew from the batch headers and stores them.
    pub(super) fn open(dir: &Path, base: i64, interval: u64) -> Result<Self, LogError> {
        let log = path(dir, base, "log");
        let file = Arc::new(File::open_writable(&log).map_err(LogError::io(&log))?);
        let size = file.len().map_err(LogError::io(&log))?;
        let stored = Segment::with_stored_indexes(dir, base, &file, size, interval);
        let Some((segment, open)) = stored else {
            let rebuilt = Self::rebuild(&log, base, file, size, interval)?;
            rebuilt.open.store_indexes(dir, &rebuilt.segment)?;
            return Ok(rebuilt);
        };
        let since_entry = size - open.index.last().map_or(0, |last| last.position);
        let first = Headers::new(&file, 0, size).step();
        let first = first.map_err(|fault| fault.into_error(&log, base))?;
        let began_ms = first.map(|(_, header)| header.max_timestamp);
        Ok(Self { segment, open, began_ms, since_entry })
    }

    fn rebuild(
        log: &Path,
        base: i64,
        file: Arc<File>,
        size: u64,
        interval: u64,
    ) -> Result<Self, LogError> {
        let mut rebuilt = Self::new(base, Arc::clone(&file));
        let mut headers = Headers::new(&file, 0, size);
        loop {
            let at = rebuilt.segment.next_offset;
            let step = headers.step().map_err(|fault| fault.into_error(log, at))?;
            let Some((_, header)) = step else { return Ok(rebuilt) };
            rebuilt.fits(&header).map_err(|reason| LogError::corrupt(log, at, reason))?;
            rebuilt.admit(&header, header.max_timestamp, interval);
        }
    }

    /// Whether a batch may lie at the segment's end; else what speaks against it.
    pub(super) fn fits(&self, header: &BatchHeader) -> Result<(), &'static str> {
        if header.base_offset < self.segment.next_offset {
            return Err("the batch's offset is below the end of the one before");
        }
        if header.last_offset() - self.segment.base > i64::from(i32::MAX) {
            return Err("the batch's offset is too far from its segment's");
        }
        Ok(())
    }

    /// Counts and indexes the batch that lies at the segment's end.
    pub(super) fn admit(&mut self, header: &BatchHeader, now_ms: i64, interval: u64) {
        let position = self.segment.size;
        self.segment.admit(header);
        self.began_ms.get_or_insert(now_ms);
        if self.since_entry > interval {
            self.open.index.push(header.last_offset(), position);
            self.open.times.push(self.segment.newest);
            self.since_entry = 0;
        }
        self.since_entry += header.size() as u64;
    }
}
