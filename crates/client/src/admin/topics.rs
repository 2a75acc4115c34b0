//! Topics: create, widen, delete, cut.

use strait_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use strait_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use strait_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use strait_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use strait_wire::messages::describe_cluster::{DescribeClusterRequest, DescribeClusterResponse};
use strait_wire::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    ListPartitionReassignmentsTopics,
};
use strait_wire::{ApiKey, Uuid};

use super::Each;
use super::leaders::by_topic;
use crate::cluster::{Cluster, To};
use crate::error::{ClientError, Subject};
use crate::view::TopicPartition;

/// "As the broker is configured."
const BROKER_DEFAULT: i32 = -1;

/// A topic to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; `None` for the broker's default.
    pub partitions: Option<i32>,
    /// How many replicas each; `None` for the broker's default.
    pub replication_factor: Option<i16>,
    /// The brokers of each partition, instead of the two numbers above.
    pub assignments: Vec<Vec<i32>>,
    /// Settings that differ from the broker's defaults.
    pub configs: Vec<(String, String)>,
}

/// A topic as it was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its id; nil where the broker does not know ids.
    pub id: Uuid,
    /// Its partitions; -1 if the broker does not say.
    pub partitions: i32,
    /// Its replication factor; -1 if the broker does not say.
    pub replication_factor: i16,
}

impl Cluster {
    /// Creates topics.
    pub async fn create_topics(
        &self,
        topics: &[NewTopic],
        validate_only: bool,
    ) -> Result<Each<String, CreatedTopic>, ClientError> {
        let request = CreateTopicsRequest {
            topics: topics.iter().map(creatable).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        let response = self.call(To::Controller, request).await?;
        let each = response.topics.into_iter().map(|topic| {
            let subject = Subject::Topic(topic.name.clone());
            let created = CreatedTopic {
                id: topic.topic_id,
                partitions: topic.num_partitions,
                replication_factor: topic.replication_factor,
            };
            let outcome =
                self.check(ApiKey::CreateTopics, subject, topic.error_code, topic.error_message);
            (topic.name, outcome.map(|()| created))
        });
        Ok(each.collect())
    }

    /// Deletes topics.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<Each<String, ()>, ClientError> {
        let state =
            |name: &&str| DeleteTopicState { name: Some((*name).to_owned()), ..Default::default() };
        let request = DeleteTopicsRequest {
            topics: names.iter().map(state).collect(),
            topic_names: names.iter().map(|name| (*name).to_owned()).collect(),
            timeout_ms: self.timeout_ms(),
        };
        let response = self.call(To::Controller, request).await?;
        let each = response.responses.into_iter().map(|topic| {
            let name = topic.name.unwrap_or_default();
            let subject = Subject::Topic(name.clone());
            let outcome =
                self.check(ApiKey::DeleteTopics, subject, topic.error_code, topic.error_message);
            (name, outcome)
        });
        Ok(each.collect())
    }

    /// Widens topics to these partition counts.
    pub async fn create_partitions(
        &self,
        counts: &[(&str, i32)],
        validate_only: bool,
    ) -> Result<Each<String, ()>, ClientError> {
        let widened = |(name, count): &(&str, i32)| CreatePartitionsTopic {
            name: (*name).to_owned(),
            count: *count,
            assignments: None,
        };
        let request = CreatePartitionsRequest {
            topics: counts.iter().map(widened).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        let response = self.call(To::Controller, request).await?;
        let each = response.results.into_iter().map(|topic| {
            let subject = Subject::Topic(topic.name.clone());
            let outcome = self.check(
                ApiKey::CreatePartitions,
                subject,
                topic.error_code,
                topic.error_message,
            );
            (topic.name, outcome)
        });
        Ok(each.collect())
    }

    /// Deletes what lies before these offsets; answers with the new log start offsets.
    pub async fn delete_records(
        &self,
        before: &[(TopicPartition, i64)],
    ) -> Each<TopicPartition, i64> {
        let timeout_ms = self.timeout_ms();
        self.ask_leaders(
            before,
            |asks| {
                let topics = by_topic(asks).into_iter().map(|(name, asks)| {
                    let partitions = asks.into_iter().map(|(partition_index, offset)| {
                        DeleteRecordsPartition { partition_index, offset }
                    });
                    DeleteRecordsTopic { name, partitions: partitions.collect() }
                });
                DeleteRecordsRequest { topics: topics.collect(), timeout_ms }
            },
            |response| {
                let said = response.topics.into_iter().flat_map(|topic| {
                    topic.partitions.into_iter().map(move |p| {
                        let partition = TopicPartition::new(&topic.name, p.partition_index);
                        (partition, p.error_code.ok().map(|()| p.low_watermark))
                    })
                });
                said.collect()
            },
        )
        .await
    }

    /// The cluster's id, controller and brokers.
    pub async fn describe_cluster(&self) -> Result<DescribeClusterResponse, ClientError> {
        let mut response = self.call(To::Any, DescribeClusterRequest::default()).await?;
        let message = response.error_message.take();
        self.check(ApiKey::DescribeCluster, Subject::Request, response.error_code, message)?;
        Ok(response)
    }

    /// The reassignments under way, of these partitions or of all.
    pub async fn list_reassignments(
        &self,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<ListPartitionReassignmentsResponse, ClientError> {
        let topic = |p: &TopicPartition| ListPartitionReassignmentsTopics {
            name: p.topic.clone(),
            partition_indexes: vec![p.partition],
        };
        let request = ListPartitionReassignmentsRequest {
            timeout_ms: self.timeout_ms(),
            topics: partitions.map(|all| all.iter().map(topic).collect()),
        };
        let mut response = self.call(To::Controller, request).await?;
        let message = response.error_message.take();
        let api = ApiKey::ListPartitionReassignments;
        self.check(api, Subject::Request, response.error_code, message)?;
        Ok(response)
    }

    /// The request timeout as requests carry it.
    pub(super) fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let assigned = topic.assignments.iter().zip(0..).map(|(brokers, partition_index)| {
        CreatableReplicaAssignment { partition_index, broker_ids: brokers.clone() }
    });
    let set = topic.configs.iter().map(|(name, value)| CreatableTopicConfig {
        name: name.clone(),
        value: Some(value.clone()),
    });
    CreatableTopic {
        name: topic.name.clone(),
        num_partitions: topic.partitions.unwrap_or(BROKER_DEFAULT),
        replication_factor: topic.replication_factor.unwrap_or(BROKER_DEFAULT as i16),
        assignments: assigned.collect(),
        configs: set.collect(),
    }
}
