//! Finding records by their time (ListOffsets): which segment, which batch, and only then, in
//! that one batch, which record.

use strait_wire::batch::{HEADER_BYTES, Records};
use strait_wire::{BatchHeader, Bytes, Record};

use super::Log;
use super::error::LogError;
use super::headers::Headers;
use super::read::Opened;
use super::segment::Segment;
use super::time_index::Stamp;

/// The most a batch may open to. A client's batch was held to less when it was appended.
const OPENED_MAX: usize = 256 << 20;

impl Log {
    /// The first record, by offset, whose timestamp is `timestamp` or later: its offset and
    /// timestamp.
    pub fn offset_for_timestamp(&self, timestamp: i64) -> Result<Option<(i64, i64)>, LogError> {
        for at in self.segment_of(self.log_start)..=self.sealed.len() {
            let segment = self.segment(at);
            if segment.newest.is_some_and(|newest| newest.timestamp >= timestamp) {
                let found = self.first_since(segment, self.opened(at)?, timestamp)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    fn first_since(
        &self,
        segment: &Segment,
        open: Opened<'_>,
        timestamp: i64,
    ) -> Result<Option<(i64, i64)>, LogError> {
        let from = open.times.floor(timestamp).max(self.log_start);
        self.each_batch(segment, &open, from, |position, header| {
            if header.max_timestamp < timestamp {
                return Ok(None);
            }
            let mut records = self.kept_records(&open, position, header)?.into_iter();
            Ok(records.find(|r| r.timestamp >= timestamp).map(|r| (r.offset, r.timestamp)))
        })
    }

    /// The record with the largest timestamp, the first if several share it: its offset and
    /// timestamp. `None` if no record has one.
    pub fn max_timestamp(&self) -> Result<Option<(i64, i64)>, LogError> {
        let mut best: Option<(usize, Stamp)> = None;
        for at in self.segment_of(self.log_start)..=self.sealed.len() {
            if let Some(newest) = self.newest_kept(at)?
                && best.is_none_or(|(_, best)| newest.timestamp > best.timestamp)
            {
                best = Some((at, newest));
            }
        }
        let Some((at, newest)) = best else { return Ok(None) };
        let open = self.opened(at)?;
        self.each_batch(self.segment(at), &open, newest.offset, |position, header| {
            let records = self.kept_records(&open, position, header)?;
            let latest = records.iter().map(|r| r.timestamp).max();
            let first = records.iter().find(|r| Some(r.timestamp) == latest);
            Ok(first.map(|r| (r.offset, r.timestamp)))
        })
    }

    /// A segment's newest batch that is not wholly below the log start.
    fn newest_kept(&self, at: usize) -> Result<Option<Stamp>, LogError> {
        let segment = self.segment(at);
        if segment.newest.is_none_or(|newest| newest.offset >= self.log_start) {
            return Ok(segment.newest);
        }
        let mut newest: Option<Stamp> = None;
        self.each_batch(segment, &self.opened(at)?, self.log_start, |_, header| {
            let stamp = Stamp { timestamp: header.max_timestamp, offset: header.last_offset() };
            if stamp.timestamp > newest.map_or(-1, |n| n.timestamp) {
                newest = Some(stamp);
            }
            Ok(None::<()>)
        })?;
        Ok(newest)
    }

    /// Shows the batches from the one that contains `from` on, until one yields something.
    fn each_batch<T>(
        &self,
        segment: &Segment,
        open: &Opened<'_>,
        from: i64,
        mut see: impl FnMut(u64, &BatchHeader) -> Result<Option<T>, LogError>,
    ) -> Result<Option<T>, LogError> {
        let first = open.locate(from, segment.size).map_err(self.damage(segment, from))?;
        let start = first.map_or(segment.size, |(position, _)| position);
        let mut headers = Headers::new(&open.file, start, segment.size);
        while let Some((position, header)) = headers.step().map_err(self.damage(segment, from))? {
            let found = see(position, &header)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The records of one batch that are not below the log start.
    fn kept_records(
        &self,
        open: &Opened<'_>,
        position: u64,
        header: &BatchHeader,
    ) -> Result<Vec<Record>, LogError> {
        let mut block = vec![0; header.size() - HEADER_BYTES];
        let at = position + HEADER_BYTES as u64;
        open.file.read_exact_at(&mut block, at).map_err(LogError::io(&self.dir))?;
        let records = Records::open(header, &Bytes::from(block), OPENED_MAX)?;
        let records = records.collect::<Result<Vec<_>, _>>()?;
        Ok(records.into_iter().filter(|r| r.offset >= self.log_start).collect())
    }

    /// Shows the headers of all batches that start at `from` or later.
    pub(super) fn headers_from(
        &self,
        from: i64,
        mut see: impl FnMut(&BatchHeader),
    ) -> Result<(), LogError> {
        for at in self.segment_of(from)..=self.sealed.len() {
            self.each_batch(self.segment(at), &self.opened(at)?, from, |_, header| {
                if header.base_offset >= from {
                    see(header);
                }
                Ok(None::<()>)
            })?;
        }
        Ok(())
    }
}
