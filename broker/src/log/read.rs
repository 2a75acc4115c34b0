//! Reading: which file range holds the batches from an offset on.
//!
//! `position < position + length <= end of the batch before the limit`: only whole batches below
//! the limit, from one segment. No block is read here; the index gives a place nearby, and from
//! there batch headers are walked.

use std::ops::Deref;
use std::sync::Arc;

use strait_wire::BatchHeader;

use super::error::LogError;
use super::segment::{self, Growing, OpenSegment, Segment};
use super::{Log, Slice, headers};

impl Log {
    /// Whole batches from the one that contains `offset` on, all of them below `below`; at least
    /// one even if it is larger than `max_bytes`. `None` when nothing is there yet.
    pub fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        below: i64,
    ) -> Result<Option<Slice>, LogError> {
        self.check_range(offset)?;
        if offset >= below {
            return Ok(None);
        }
        for at in self.segment_of(offset)..=self.sealed.len() {
            let (segment, open) = (self.segment(at), self.opened(at)?);
            let damage = self.damage(segment, offset);
            let Some((position, first)) = open.locate(offset, segment.size).map_err(damage)? else {
                continue;
            };
            if first.last_offset() >= below {
                return Ok(None);
            }
            let damage = self.damage(segment, offset);
            let end = slice_end(segment, &open, position, &first, max_bytes, below);
            let length = (end.map_err(damage)? - position) as usize;
            return Ok(Some(Slice { file: Arc::clone(&open.file), position, length }));
        }
        Ok(None)
    }

    fn check_range(&self, offset: i64) -> Result<(), LogError> {
        let (start, end) = (self.log_start, self.log_end());
        if (start..=end).contains(&offset) {
            return Ok(());
        }
        Err(LogError::OutOfRange { offset, start, end })
    }

    /// The segment in which `offset` lies, or would lie.
    pub(super) fn segment_of(&self, offset: i64) -> usize {
        if offset >= self.active.segment.base {
            return self.sealed.len();
        }
        self.sealed.partition_point(|segment| segment.base <= offset).saturating_sub(1)
    }

    pub(super) fn segment(&self, at: usize) -> &Segment {
        self.sealed.get(at).unwrap_or(&self.active.segment)
    }

    pub(super) fn opened(&self, at: usize) -> Result<Opened<'_>, LogError> {
        let Some(segment) = self.sealed.get(at) else {
            return Ok(Opened::Active(&self.active.open));
        };
        let interval = self.settings.index_interval_bytes;
        let open = || {
            let found = Growing::open(&self.dir, segment.base, interval)?;
            if found.segment.size == segment.size {
                return Ok(found.open);
            }
            let path = segment::path(&self.dir, segment.base, "log");
            Err(LogError::corrupt(&path, segment.base, "its size has changed since it was closed"))
        };
        self.open.get(segment.base, self.settings.open_segments_max, open).map(Opened::Sealed)
    }

    pub(super) fn damage(
        &self,
        segment: &Segment,
        offset: i64,
    ) -> impl FnOnce(headers::Fault) -> LogError {
        let path = segment::path(&self.dir, segment.base, "log");
        move |fault| fault.into_error(&path, offset)
    }
}

/// The end of what one read takes from a segment, of which the first batch is given.
fn slice_end(
    segment: &Segment,
    open: &OpenSegment,
    position: u64,
    first: &BatchHeader,
    max_bytes: usize,
    below: i64,
) -> Result<u64, headers::Fault> {
    let limit = if below >= segment.next_offset {
        segment.size
    } else {
        open.locate(below, segment.size)?.map_or(segment.size, |(position, _)| position)
    };
    let until = position.saturating_add(max_bytes as u64);
    if limit <= until {
        return Ok(limit);
    }
    open.cut(position + first.size() as u64, until, segment.size)
}

/// A segment's file and indexes while they are looked at.
pub(super) enum Opened<'a> {
    Active(&'a OpenSegment),
    Sealed(Arc<OpenSegment>),
}

impl Deref for Opened<'_> {
    type Target = OpenSegment;

    fn deref(&self) -> &OpenSegment {
        match self {
            Self::Active(open) => open,
            Self::Sealed(open) => open,
        }
    }
}
