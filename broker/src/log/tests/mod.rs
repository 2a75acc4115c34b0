//! The log against real files in a temporary folder.
//!
//! `round_trip` appends and reads, `crash` cuts and damages, `removal` truncates and forgets,
//! `idempotence` is about producers, `time` about timestamps, `epochs` about leader epochs,
//! `flush` about durability, `model` compares random histories with a plain list.

mod crash;
mod epochs;
mod flush;
mod idempotence;
mod model;
mod removal;
mod round_trip;
mod time;

use std::path::Path;

use strait_io::fs;
use strait_wire::batch::{BatchBuilder, HEADER_BYTES, batches};
use strait_wire::{Bytes, Compression, RawBatch};
use tempfile::TempDir;

use super::*;

/// A log in a folder of its own.
struct Fixture {
    folder: TempDir,
    log: Log,
}

impl Fixture {
    fn new(settings: LogSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path(), settings, Shutdown::Unclean).unwrap();
        Self { folder, log }
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the folder again as after a kill.
    fn reopen(self) -> Self {
        let settings = self.log.settings.clone();
        drop(self.log);
        let log = Log::open(self.folder.path(), settings, Shutdown::Unclean).unwrap();
        Self { folder: self.folder, log }
    }

    /// Closes and opens.
    fn restart(mut self) -> Self {
        self.log.close().unwrap();
        let settings = self.log.settings.clone();
        let log = Log::open(self.folder.path(), settings, Shutdown::Clean).unwrap();
        Self { folder: self.folder, log }
    }

    fn append(&mut self, batch: Batch) {
        self.log.append(&[batch.at(self.log.log_end())], 1_000).unwrap();
    }

    fn flush(&mut self) {
        let up_to = self.log.sync().run().unwrap();
        self.log.mark_flushed(up_to);
    }

    /// Makes all durable and moves the recovery point, as a flush of much data does.
    fn checkpoint(&mut self) {
        self.log.settings.recovery_point_bytes = 0;
        self.flush();
    }

    /// Base offsets and sizes of everything that can be read.
    fn contents(&self) -> Vec<(i64, usize)> {
        read_all(&self.log).iter().map(|b| (b.header.base_offset, b.header.size())).collect()
    }
}

/// Small segments and a dense index, so that little data crosses many borders.
fn small() -> LogSettings {
    LogSettings { segment_bytes: 700, index_interval_bytes: 150, ..LogSettings::default() }
}

/// A batch to be.
#[derive(Debug, Clone)]
struct Batch {
    records: usize,
    value: usize,
    timestamp: i64,
    epoch: i32,
    producer: Option<(i64, i16, i32)>,
    codec: Compression,
}

fn batch(records: usize) -> Batch {
    let codec = Compression::None;
    Batch { records, value: 20, timestamp: 100, epoch: 0, producer: None, codec }
}

impl Batch {
    fn timestamp(self, timestamp: i64) -> Self {
        Self { timestamp, ..self }
    }

    fn epoch(self, epoch: i32) -> Self {
        Self { epoch, ..self }
    }

    fn producer(self, id: i64, epoch: i16, sequence: i32) -> Self {
        Self { producer: Some((id, epoch, sequence)), ..self }
    }

    fn value(self, value: usize) -> Self {
        Self { value, ..self }
    }

    /// Stamped for an offset; records of one batch have rising timestamps.
    fn at(&self, offset: i64) -> Stamped {
        let mut builder = BatchBuilder::default();
        if let Some((id, epoch, sequence)) = self.producer {
            builder = builder.producer(id, epoch, sequence);
        }
        for i in 0..self.records {
            let value = vec![(offset + i as i64) as u8; self.value];
            builder.add(self.timestamp + i as i64, None, Some(&value));
        }
        let bytes = builder.finish(self.codec, None).unwrap();
        let mut header = BatchHeader::parse(&bytes).unwrap();
        (header.base_offset, header.leader_epoch) = (offset, self.epoch);
        Stamped { header, head: header.to_bytes(), block: bytes.slice(HEADER_BYTES..) }
    }
}

/// A transaction marker.
fn marker(offset: i64, id: i64, epoch: i16, timestamp: i64) -> Stamped {
    let batch = batch(1).timestamp(timestamp).producer(id, epoch, -1).at(offset);
    let mut header = batch.header;
    header.attributes |= 1 << 5 | 1 << 4;
    let head = header.seal(&batch.block);
    Stamped { header: BatchHeader::parse(&head).unwrap(), head, block: batch.block }
}

fn bytes_of(slice: &Slice) -> Bytes {
    let mut bytes = vec![0; slice.length];
    slice.file.read_exact_at(&mut bytes, slice.position).unwrap();
    Bytes::from(bytes)
}

fn batches_in(slice: &Slice) -> Vec<RawBatch> {
    let found: Vec<_> = batches(bytes_of(slice)).map(|b| b.unwrap()).collect();
    let bytes: usize = found.iter().map(|b| b.header.size()).sum();
    assert_eq!(bytes, slice.length, "a slice holds whole batches");
    found.iter().for_each(|b| b.verify().unwrap());
    found
}

/// All batches from the log start on, read as a consumer reads.
fn read_all(log: &Log) -> Vec<RawBatch> {
    let mut found = Vec::new();
    let mut next = log.log_start();
    while let Some(slice) = log.read(next, 1000, log.log_end()).unwrap() {
        found.extend(batches_in(&slice));
        next = found.last().expect("a slice holds a batch").header.next_offset();
    }
    found
}

/// The only file of a kind in a folder.
fn only(dir: &Path, kind: &str) -> PathBuf {
    let paths = fs::list(dir).unwrap();
    let mut of_kind = paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == kind));
    let only = of_kind.next().expect("there is one");
    assert_eq!(of_kind.next(), None);
    only
}

fn files(dir: &Path, kind: &str) -> Vec<i64> {
    let paths = fs::list(dir).unwrap();
    paths.iter().filter_map(|path| segment::offset_in_name(path, kind)).collect()
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::rewrite(path, bytes).unwrap();
}

fn cut_file(path: &Path, length: u64) {
    File::open_writable(path).unwrap().set_len(length).unwrap();
}
