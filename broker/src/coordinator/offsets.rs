//! The committed offsets of one group, and which of them have expired.

use std::collections::BTreeMap;

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to read.
    pub offset: i64,
    /// The leader epoch of the record before it; -1 if the client did not say.
    pub leader_epoch: i32,
    /// What the client wants to remember with it.
    pub metadata: String,
    /// When it was committed, milliseconds since 1970.
    pub commit_ms: i64,
    /// When it expires, if the client asked for a retention of its own.
    pub expire_ms: Option<i64>,
}

/// From when on the retention of offsets counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionFrom {
    /// From this time, but not before the commit itself.
    Since(i64),
    /// From each offset's own commit.
    Commit,
}

/// Offsets by topic and partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offsets {
    topics: BTreeMap<String, BTreeMap<i32, Committed>>,
}

impl Offsets {
    /// What is committed for a partition.
    pub fn get(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.topics.get(topic)?.get(&partition)
    }

    /// Commits.
    pub fn insert(&mut self, topic: &str, partition: i32, committed: Committed) {
        self.topics.entry(topic.to_owned()).or_default().insert(partition, committed);
    }

    /// Forgets a partition.
    pub fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// Whether nothing is committed.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// The topics in order, each with its partitions in order.
    pub fn topics(&self) -> impl Iterator<Item = (&String, &BTreeMap<i32, Committed>)> {
        self.topics.iter()
    }

    /// Every partition.
    pub fn partitions(&self) -> impl Iterator<Item = (&str, i32, &Committed)> {
        self.topics().flat_map(|(topic, partitions)| {
            partitions
                .iter()
                .map(move |(partition, committed)| (topic.as_str(), *partition, committed))
        })
    }

    /// The partitions whose retention has passed at `now_ms`; topics that `keep` names stay.
    pub fn expired(
        &self,
        now_ms: i64,
        from: RetentionFrom,
        retention_ms: i64,
        keep: impl Fn(&str) -> bool,
    ) -> Vec<(String, i32)> {
        let expired = self.partitions().filter(|(topic, _, committed)| {
            !keep(topic) && now_ms >= committed.expires_at(from, retention_ms)
        });
        expired.map(|(topic, partition, _)| (topic.to_owned(), partition)).collect()
    }
}

impl Committed {
    fn expires_at(&self, from: RetentionFrom, retention_ms: i64) -> i64 {
        let base = match from {
            RetentionFrom::Since(at) => at.max(self.commit_ms),
            RetentionFrom::Commit => self.commit_ms,
        };
        self.expire_ms.unwrap_or_else(|| base.saturating_add(retention_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(commit_ms: i64, expire_ms: Option<i64>) -> Committed {
        Committed { offset: 1, leader_epoch: -1, metadata: String::new(), commit_ms, expire_ms }
    }

    #[test]
    fn retention_counts_from_the_later_of_both_times() {
        let mut offsets = Offsets::default();
        offsets.insert("a", 0, at(100, None));
        offsets.insert("a", 1, at(900, None));
        offsets.insert("b", 0, at(100, Some(150)));
        let expired = |now, from| offsets.expired(now, from, 1_000, |_| false).len();
        assert_eq!(expired(1_099, RetentionFrom::Commit), 1);
        assert_eq!(expired(1_100, RetentionFrom::Commit), 2);
        assert_eq!(expired(1_100, RetentionFrom::Since(500)), 1);
        assert_eq!(expired(1_500, RetentionFrom::Since(500)), 2);
        assert_eq!(expired(1_900, RetentionFrom::Since(500)), 3);
        assert_eq!(offsets.expired(9_999, RetentionFrom::Commit, 1, |t| t == "a").len(), 1);
    }
}
