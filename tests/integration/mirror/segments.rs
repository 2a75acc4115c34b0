//! A partition's files at a broker, read batch by batch: what no client shows.

use strait_wire::batch::{RawBatch, batches};

use crate::support::Region;

/// Every batch of a partition, as it lies on the disk.
pub fn batches_of(region: &Region, topic: &str, partition: i32) -> Vec<RawBatch> {
    let files = region.segments(topic, partition).into_iter();
    let bytes = files.map(|file| std::fs::read(file).expect("a segment is readable"));
    let all = bytes.flat_map(|bytes| batches(bytes.into()).collect::<Vec<_>>());
    all.map(|batch| batch.expect("a segment holds whole batches")).collect()
}
