//! What groups committed, and committing for them.

use std::collections::BTreeMap;

use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
    OffsetFetchResponse,
};
use strait_wire::{ApiKey, ErrorCode};

use super::Each;
use crate::cluster::Cluster;
use crate::error::{ClientError, Subject};
use crate::view::TopicPartition;

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The offset.
    pub offset: i64,
    /// The epoch of the record before it; -1 for none.
    pub leader_epoch: i32,
    /// What the group wrote beside it.
    pub metadata: String,
}

/// An offset to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommit {
    /// The partition.
    pub partition: TopicPartition,
    /// The offset.
    pub offset: i64,
    /// The epoch of the record before it; -1 for none.
    pub leader_epoch: i32,
    /// What to write beside it.
    pub metadata: Option<String>,
}

impl Cluster {
    /// What a group committed: for these partitions, or for all it has.
    pub async fn fetch_offsets(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Each<TopicPartition, CommittedOffset>, ClientError> {
        let request = offset_fetch(group, partitions);
        let response = self
            .ask_coordinator(group, request, |response: &OffsetFetchResponse| {
                response.groups.first().map_or(response.error_code, |g| g.error_code)
            })
            .await?;
        let code = response.groups.first().map_or(response.error_code, |g| g.error_code);
        self.check(ApiKey::OffsetFetch, Subject::Group(group.to_owned()), code, None)?;
        let each = committed(response).into_iter().filter_map(|(partition, code, committed)| {
            let subject = Subject::Partition(partition.topic.clone(), partition.partition);
            match self.check(ApiKey::OffsetFetch, subject, code, None) {
                Ok(()) if committed.offset < 0 => None,
                outcome => Some((partition, outcome.map(|()| committed))),
            }
        });
        Ok(each.collect())
    }

    /// Commits offsets for a group without members, as tools do.
    pub async fn commit_offsets(
        &self,
        group: &str,
        commits: &[OffsetCommit],
    ) -> Result<Each<TopicPartition, ()>, ClientError> {
        let request = offset_commit(group, commits);
        let response = self
            .ask_coordinator(group, request, |response| {
                let mut partitions = response.topics.iter().flat_map(|t| &t.partitions);
                partitions.next().map_or(ErrorCode::NONE, |p| p.error_code)
            })
            .await?;
        let each = response.topics.into_iter().flat_map(|topic| {
            topic
                .partitions
                .into_iter()
                .map(move |p| (TopicPartition::new(&topic.name, p.partition_index), p.error_code))
        });
        let named = each.map(|(partition, code)| {
            let subject = Subject::Partition(partition.topic.clone(), partition.partition);
            (partition, self.check(ApiKey::OffsetCommit, subject, code, None))
        });
        Ok(named.collect())
    }
}

/// The request in both of its forms: one group up to version 7, many from 8 on.
fn offset_fetch(group: &str, partitions: Option<&[TopicPartition]>) -> OffsetFetchRequest {
    let topics = partitions.map(by_topic);
    let old = |(name, partition_indexes): (&String, &Vec<i32>)| OffsetFetchRequestTopic {
        name: name.clone(),
        partition_indexes: partition_indexes.clone(),
    };
    let new = |(name, partition_indexes): (&String, &Vec<i32>)| OffsetFetchRequestTopics {
        name: name.clone(),
        partition_indexes: partition_indexes.clone(),
    };
    OffsetFetchRequest {
        group_id: group.to_owned(),
        topics: topics.as_ref().map(|topics| topics.iter().map(old).collect()),
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.to_owned(),
            topics: topics.as_ref().map(|topics| topics.iter().map(new).collect()),
            ..Default::default()
        }],
        require_stable: false,
    }
}

/// The answer of either form.
fn committed(response: OffsetFetchResponse) -> Vec<(TopicPartition, ErrorCode, CommittedOffset)> {
    let old = response.topics.into_iter().flat_map(|topic| {
        topic.partitions.into_iter().map(move |p| {
            let metadata = p.metadata.unwrap_or_default();
            (
                TopicPartition::new(&topic.name, p.partition_index),
                p.error_code,
                (p.committed_offset, p.committed_leader_epoch, metadata),
            )
        })
    });
    let topics = response.groups.into_iter().flat_map(|group| group.topics);
    let new = topics.flat_map(|topic| {
        topic.partitions.into_iter().map(move |p| {
            let metadata = p.metadata.unwrap_or_default();
            (
                TopicPartition::new(&topic.name, p.partition_index),
                p.error_code,
                (p.committed_offset, p.committed_leader_epoch, metadata),
            )
        })
    });
    let all = old.chain(new).map(|(partition, code, (offset, leader_epoch, metadata))| {
        (partition, code, CommittedOffset { offset, leader_epoch, metadata })
    });
    all.collect()
}

fn offset_commit(group: &str, commits: &[OffsetCommit]) -> OffsetCommitRequest {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for commit in commits {
        let partition = OffsetCommitRequestPartition {
            partition_index: commit.partition.partition,
            committed_offset: commit.offset,
            committed_leader_epoch: commit.leader_epoch,
            committed_metadata: commit.metadata.clone(),
        };
        topics.entry(&commit.partition.topic).or_default().push(partition);
    }
    let topics = topics
        .into_iter()
        .map(|(name, partitions)| OffsetCommitRequestTopic { name: name.to_owned(), partitions });
    OffsetCommitRequest {
        group_id: group.to_owned(),
        topics: topics.collect(),
        ..Default::default()
    }
}

fn by_topic(partitions: &[TopicPartition]) -> BTreeMap<String, Vec<i32>> {
    let mut topics: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for partition in partitions {
        topics.entry(partition.topic.clone()).or_default().push(partition.partition);
    }
    topics
}
