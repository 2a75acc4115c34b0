//! Reads a partition from its start to its end, for those who rebuild their state from it.

use bytes::Bytes;
use strait_wire::RawBatch;

use super::Partition;
use crate::log::Slice;

/// Bytes read at once; a larger batch is read whole.
const CHUNK_BYTES: usize = 1024 * 1024;

impl Partition {
    /// Every batch that is there now. Ends early, with a report, where the log does not read.
    pub fn scan(&self) -> impl Iterator<Item = RawBatch> {
        let bounds = self.inspect(|log, _| (log.log_start(), log.log_end()));
        let (mut next, end) = bounds.unwrap_or((0, 0));
        let mut chunk = Bytes::new();
        std::iter::from_fn(move || {
            if chunk.is_empty() && next < end {
                chunk = self.chunk(next, end)?;
            }
            let batch = RawBatch::split_from(&mut chunk).ok()?;
            next = batch.header.next_offset();
            Some(batch)
        })
    }

    fn chunk(&self, offset: i64, end: i64) -> Option<Bytes> {
        let slice = self.change(|log, _| log.read(offset, CHUNK_BYTES, end)).ok()??;
        let Slice { file, position, length } = slice;
        let mut bytes = vec![0; length];
        match file.read_exact_at(&mut bytes, position) {
            Ok(()) => Some(bytes.into()),
            Err(error) => {
                let (topic, partition) = (self.topic(), self.index());
                tracing::error!(topic, partition, offset, %error, "a log does not read");
                None
            }
        }
    }
}
