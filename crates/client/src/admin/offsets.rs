//! Where logs begin, end, and stood at a time or an epoch.

use strait_wire::ErrorCode;
use strait_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use strait_wire::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};

use super::Each;
use super::leaders::by_topic;
use crate::cluster::Cluster;
use crate::view::TopicPartition;

const CLIENT: i32 = -1;

/// Which offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The oldest kept.
    Earliest,
    /// The high watermark.
    Latest,
    /// The first whose timestamp is not before this one.
    At(i64),
}

/// An offset that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedOffset {
    /// The offset; `None` if no record is as young as the timestamp asked for.
    pub offset: Option<i64>,
    /// The record's timestamp, for `OffsetSpec::At`.
    pub timestamp: Option<i64>,
    /// The epoch of its leader; -1 if the broker does not say.
    pub leader_epoch: i32,
}

/// Which epoch's end is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochAsk {
    /// The leader's epoch as we know it; -1 for none.
    pub current_leader_epoch: i32,
    /// The epoch in question.
    pub leader_epoch: i32,
}

/// Where an epoch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEnd {
    /// The epoch asked for, or the largest before it; -1 if the leader knows neither.
    pub leader_epoch: i32,
    /// The offset after its last record; -1 if unknown.
    pub end_offset: i64,
}

impl OffsetSpec {
    fn timestamp(self) -> i64 {
        match self {
            OffsetSpec::Latest => -1,
            OffsetSpec::Earliest => -2,
            OffsetSpec::At(timestamp) => timestamp,
        }
    }
}

impl Cluster {
    /// Offsets of many partitions.
    pub async fn list_offsets(
        &self,
        asks: &[(TopicPartition, OffsetSpec)],
    ) -> Each<TopicPartition, ListedOffset> {
        let timeout_ms = self.timeout_ms();
        self.ask_leaders(
            asks,
            |asks| ListOffsetsRequest {
                replica_id: CLIENT,
                isolation_level: 0,
                topics: by_topic(asks).into_iter().map(listed_topic).collect(),
                timeout_ms,
            },
            |response| {
                let said = response.topics.into_iter().flat_map(|topic| {
                    topic.partitions.into_iter().map(move |p| {
                        let listed = ListedOffset {
                            offset: Some(p.offset).filter(|offset| *offset >= 0),
                            timestamp: Some(p.timestamp).filter(|timestamp| *timestamp >= 0),
                            leader_epoch: p.leader_epoch,
                        };
                        let partition = TopicPartition::new(&topic.name, p.partition_index);
                        (partition, p.error_code.ok().map(|()| listed))
                    })
                });
                said.collect()
            },
        )
        .await
    }

    /// Where epochs ended.
    pub async fn offsets_for_leader_epoch(
        &self,
        asks: &[(TopicPartition, EpochAsk)],
    ) -> Each<TopicPartition, EpochEnd> {
        self.ask_leaders(
            asks,
            |asks| OffsetForLeaderEpochRequest {
                replica_id: CLIENT,
                topics: by_topic(asks).into_iter().map(epoch_topic).collect(),
            },
            |response| {
                let said = response.topics.into_iter().flat_map(|topic| {
                    topic.partitions.into_iter().map(move |p| {
                        let end =
                            EpochEnd { leader_epoch: p.leader_epoch, end_offset: p.end_offset };
                        let partition = TopicPartition::new(&topic.topic, p.partition);
                        (partition, ErrorCode::ok(p.error_code).map(|()| end))
                    })
                });
                said.collect()
            },
        )
        .await
    }
}

fn listed_topic((name, asks): (String, Vec<(i32, OffsetSpec)>)) -> ListOffsetsTopic {
    let asked = asks.into_iter().map(|(partition_index, spec)| ListOffsetsPartition {
        partition_index,
        timestamp: spec.timestamp(),
        ..Default::default()
    });
    ListOffsetsTopic { name, partitions: asked.collect() }
}

fn epoch_topic((topic, asks): (String, Vec<(i32, EpochAsk)>)) -> OffsetForLeaderTopic {
    let asked = asks.into_iter().map(|(partition, ask)| OffsetForLeaderPartition {
        partition,
        current_leader_epoch: ask.current_leader_epoch,
        leader_epoch: ask.leader_epoch,
    });
    OffsetForLeaderTopic { topic, partitions: asked.collect() }
}
