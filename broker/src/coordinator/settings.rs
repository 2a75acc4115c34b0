//! What an operator may set for consumer groups, and the limits nobody may pass.

use strait_io::time::Duration;

/// Texts we keep (group, instance and client ids, protocol names): the log and old clients
/// write their length in 15 bits, and a member id is a client id plus 37 bytes.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Metadata of one member over all its protocols: a subscription of 10,000 topics with long
/// names fits; the leader receives it for every member at once.
pub const MEMBER_METADATA_BYTES_MAX: usize = 1024 * 1024;
/// Metadata of all members of one group: one answer to its leader, and one record of the log.
pub const GROUP_METADATA_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Member ids handed out and not used yet, per group: each costs only the client one request.
pub const PENDING_MEMBERS_MAX: usize = 10_000;
/// Longest commit metadata in bytes whatever the setting says: its length is 15 bits on disk.
pub const OFFSET_METADATA_BYTES_MAX: usize = i16::MAX as usize;

/// How groups behave; defaults are Kafka's where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// `group.min.session.timeout.ms`.
    pub session_timeout_min: Duration,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_max: Duration,
    /// `group.initial.rebalance.delay.ms`: how long a new group waits for more members. Zero
    /// here (3 s in Kafka): a first rebalance costs less than the wait.
    pub initial_rebalance_delay: Duration,
    /// How long a new member may wait for its first join to be answered before it is taken for
    /// gone; Kafka has this fixed.
    pub new_member_timeout: Duration,
    /// `group.max.size`: unbounded in Kafka; here a rebalance stays in the milliseconds.
    pub members_max: usize,
    /// Groups of this broker: each costs a few hundred bytes at the least.
    pub groups_max: usize,
    /// `offset.metadata.max.bytes`, counted in UTF-16 units as Kafka does.
    pub offset_metadata_max: usize,
    /// `offsets.retention.minutes`.
    pub offsets_retention: Duration,
    /// `offsets.retention.check.interval.ms`.
    pub retention_check: Duration,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            session_timeout_min: Duration::from_secs(6),
            session_timeout_max: Duration::from_secs(30 * 60),
            initial_rebalance_delay: Duration::ZERO,
            new_member_timeout: Duration::from_secs(5 * 60),
            members_max: 2_000,
            groups_max: 100_000,
            offset_metadata_max: 4096,
            offsets_retention: Duration::from_secs(7 * 24 * 3600),
            retention_check: Duration::from_secs(600),
        }
    }
}
