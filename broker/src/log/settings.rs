//! How a log rolls, keeps and forgets: Kafka's topic configs by their own names.

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A log's settings. The default is Kafka's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `segment.bytes`: a segment is closed before it grows beyond this (a batch that is larger
    /// on its own gets a segment to itself). At most 2 GiB - 1, as positions are 31 bits.
    pub segment_bytes: u64,
    /// `segment.ms`: a segment is closed this long after its first append.
    pub segment_ms: i64,
    /// `index.interval.bytes`: data between two index entries.
    pub index_interval_bytes: u64,
    /// `retention.bytes`; `None` keeps any amount.
    pub retention_bytes: Option<u64>,
    /// `retention.ms`; `None` keeps records for ever.
    pub retention_ms: Option<i64>,
    /// `producer.id.expiration.ms`: how long an idle producer is remembered.
    pub producer_expiration_ms: i64,
    /// Closed segments whose files and indexes are kept open, the least recently read closed
    /// first. The active segment is open besides. Bounds descriptors and index memory.
    pub open_segments_max: usize,
    /// Data after which a flush also moves the recovery point on disk, and with it how much the
    /// next start checks byte by byte.
    pub recovery_point_bytes: u64,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            index_interval_bytes: 4096,
            retention_bytes: None,
            retention_ms: Some(7 * DAY_MS),
            producer_expiration_ms: DAY_MS,
            open_segments_max: 4,
            recovery_point_bytes: 64 << 20,
        }
    }
}

impl LogSettings {
    /// The largest a segment may grow, whatever was asked for.
    pub(super) fn segment_limit(&self) -> u64 {
        self.segment_bytes.min(i32::MAX as u64)
    }
}
