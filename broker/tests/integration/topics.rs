//! Topics: made, described, widened, configured, deleted.

use strait_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use strait_wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use strait_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use strait_wire::messages::describe_cluster::DescribeClusterRequest;
use strait_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
};
use strait_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use strait_wire::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;
use strait_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponseTopic,
};
use strait_wire::{ErrorCode, Uuid};

use crate::support::{Client, Running};

async fn describe(client: &mut Client, name: &str) -> MetadataResponseTopic {
    let topic = MetadataRequestTopic { name: Some(name.to_owned()), ..Default::default() };
    let request = MetadataRequest { topics: Some(vec![topic]), ..Default::default() };
    client.call(12, &request).await.topics.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_describes_by_name_and_by_id() {
    let (running, mut client) = Running::with_topic("t", &[]).await;
    let topic = describe(&mut client, "t").await;
    assert_eq!((topic.error_code, topic.partitions.len()), (ErrorCode::NONE, 2));
    assert!(!topic.topic_id.is_nil());
    assert_eq!(topic.partitions[1].leader_id, 1);
    assert_eq!(topic.partitions[1].leader_epoch, 0, "T7: 0 everywhere, never -1");
    let by_id = MetadataRequestTopic { topic_id: topic.topic_id, ..Default::default() };
    let request = MetadataRequest { topics: Some(vec![by_id]), ..Default::default() };
    let response = client.call(12, &request).await;
    assert_eq!(response.topics[0].name.as_deref(), Some("t"));
    assert_eq!(response.cluster_id.as_deref(), Some(running.broker.cluster_id()));
    assert_eq!((response.controller_id, response.brokers.len()), (1, 1));
    let unknown = MetadataRequestTopic { topic_id: Uuid::from_u128(9), ..Default::default() };
    let request = MetadataRequest { topics: Some(vec![unknown]), ..Default::default() };
    let response = client.call(12, &request).await;
    assert_eq!(response.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

#[tokio::test(flavor = "multi_thread")]
async fn t6_an_empty_list_is_all_in_version_0_and_none_later() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let empty = MetadataRequest { topics: Some(vec![]), ..Default::default() };
    assert_eq!(client.call(0, &empty).await.topics.len(), 1);
    assert_eq!(client.call(1, &empty).await.topics.len(), 0);
    let all = MetadataRequest { topics: None, ..Default::default() };
    assert_eq!(client.call(13, &all).await.topics.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_topics_are_made_only_where_that_is_configured_and_asked() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let unknown = describe(&mut client, "new").await;
    assert_eq!(unknown.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let open = Running::with(|config| {
        config.auto_create_topics = true;
        config.default_partitions = 3;
    })
    .await;
    let mut client = open.client().await;
    let made = describe(&mut client, "new").await;
    assert_eq!((made.error_code, made.partitions.len()), (ErrorCode::NONE, 3));
    let bad = describe(&mut client, "not a name").await;
    assert_eq!(bad.error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);
    let topic = MetadataRequestTopic { name: Some("other".to_owned()), ..Default::default() };
    let request = MetadataRequest {
        topics: Some(vec![topic]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    let response = client.call(9, &request).await;
    assert_eq!(response.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test(flavor = "multi_thread")]
async fn creation_is_refused_as_kafka_refuses_it() {
    let (_running, mut client) = Running::with_topic("a.b", &[]).await;
    for (name, partitions, configs, expected) in [
        ("a.b", 1, vec![], ErrorCode::TOPIC_ALREADY_EXISTS),
        ("a_b", 1, vec![], ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("x y", 1, vec![], ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("p", 0, vec![], ErrorCode::INVALID_PARTITIONS),
        ("p", 1_000_000, vec![], ErrorCode::INVALID_PARTITIONS),
        ("c", 1, vec![("no.such.config", "1")], ErrorCode::INVALID_CONFIG),
        ("c", 1, vec![("segment.bytes", "10")], ErrorCode::INVALID_CONFIG),
    ] {
        let code = client.create_topic(name, partitions, &configs).await;
        assert_eq!(code, expected, "{name} {partitions} {configs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_replication_factor_is_capped_or_refused() {
    let wanted = CreatableTopic {
        name: "t".to_owned(),
        num_partitions: 1,
        replication_factor: 3,
        ..Default::default()
    };
    let request = CreateTopicsRequest { topics: vec![wanted], ..Default::default() };
    let running = Running::start().await;
    let made = running.client().await.call(5, &request).await.topics.remove(0);
    assert_eq!((made.error_code, made.replication_factor), (ErrorCode::NONE, 1));
    let strict = Running::with(|config| config.cap_replication_factor = false).await;
    let refused = strict.client().await.call(5, &request).await.topics.remove(0);
    assert_eq!(refused.error_code, ErrorCode::INVALID_REPLICATION_FACTOR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_only_creation_makes_nothing() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let wanted = CreatableTopic {
        name: "t".to_owned(),
        num_partitions: 4,
        replication_factor: -1,
        ..Default::default()
    };
    let request =
        CreateTopicsRequest { topics: vec![wanted], validate_only: true, ..Default::default() };
    let checked = client.call(7, &request).await.topics.remove(0);
    assert_eq!((checked.error_code, checked.num_partitions), (ErrorCode::NONE, 4));
    let unknown = describe(&mut client, "t").await;
    assert_eq!(unknown.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_widen_and_never_narrow() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    for (count, expected) in [
        (5, ErrorCode::NONE),
        (5, ErrorCode::INVALID_PARTITIONS),
        (1, ErrorCode::INVALID_PARTITIONS),
    ] {
        let topic = CreatePartitionsTopic { name: "t".to_owned(), count, ..Default::default() };
        let request = CreatePartitionsRequest { topics: vec![topic], ..Default::default() };
        assert_eq!(client.call(3, &request).await.results[0].error_code, expected);
    }
    assert_eq!(describe(&mut client, "t").await.partitions.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_has_another_id() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let first = describe(&mut client, "t").await.topic_id;
    let by_name = DeleteTopicsRequest { topic_names: vec!["t".to_owned()], ..Default::default() };
    assert_eq!(client.call(5, &by_name).await.responses[0].error_code, ErrorCode::NONE);
    let gone = describe(&mut client, "t").await;
    assert_eq!(gone.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(client.create_topic("t", 1, &[]).await, ErrorCode::NONE);
    let second = describe(&mut client, "t").await.topic_id;
    assert_ne!(first, second);
    for (topic_id, expected) in [(first, ErrorCode::UNKNOWN_TOPIC_ID), (second, ErrorCode::NONE)] {
        let state = DeleteTopicState { topic_id, ..Default::default() };
        let by_id = DeleteTopicsRequest { topics: vec![state], ..Default::default() };
        assert_eq!(client.call(6, &by_id).await.responses[0].error_code, expected);
    }
}

async fn config(client: &mut Client, name: &str) -> DescribeConfigsResourceResult {
    let resource = DescribeConfigsResource {
        resource_type: 2,
        resource_name: "t".to_owned(),
        configuration_keys: Some(vec![name.to_owned()]),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        ..Default::default()
    };
    client.call(4, &request).await.results.remove(0).configs.remove(0)
}

async fn alter(client: &mut Client, name: &str, operation: i8, value: Option<&str>) -> ErrorCode {
    let change = AlterableConfig {
        name: name.to_owned(),
        config_operation: operation,
        value: value.map(str::to_owned),
    };
    let resource = AlterConfigsResource {
        resource_type: 2,
        resource_name: "t".to_owned(),
        configs: vec![change],
    };
    let request =
        IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    client.call(1, &request).await.responses[0].error_code
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_have_values_sources_and_synonyms() {
    let (_running, mut client) = Running::with_topic("t", &[("retention.ms", "1000")]).await;
    let own = config(&mut client, "retention.ms").await;
    assert_eq!((own.value.as_deref(), own.config_source), (Some("1000"), 1));
    assert_eq!((own.config_type, own.read_only), (5, false));
    let last = own.synonyms.last().expect("the broker's");
    assert_eq!(
        (&*last.name, last.value.as_deref(), last.source),
        ("log.retention.ms", Some("604800000"), 5)
    );
    let inherited = config(&mut client, "cleanup.policy").await;
    assert_eq!((inherited.value.as_deref(), inherited.config_source), (Some("delete"), 5));
    assert_eq!(alter(&mut client, "retention.ms", 1, None).await, ErrorCode::NONE);
    let reset = config(&mut client, "retention.ms").await;
    assert_eq!((reset.value.as_deref(), reset.config_source), (Some("604800000"), 5));
    assert_eq!(alter(&mut client, "cleanup.policy", 2, Some("compact")).await, ErrorCode::NONE);
    let both = config(&mut client, "cleanup.policy").await;
    assert_eq!(both.value.as_deref(), Some("delete,compact"));
    assert_eq!(alter(&mut client, "retention.ms", 0, Some("x")).await, ErrorCode::INVALID_CONFIG);
    assert_eq!(alter(&mut client, "nonsense", 0, Some("x")).await, ErrorCode::INVALID_CONFIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_and_the_cluster_describe_themselves() {
    let (running, mut client) = Running::with_topic("t", &[]).await;
    let resource = DescribeConfigsResource {
        resource_type: 4,
        resource_name: "1".to_owned(),
        ..Default::default()
    };
    let request = DescribeConfigsRequest { resources: vec![resource], ..Default::default() };
    let result = client.call(1, &request).await.results.remove(0);
    assert!(result.configs.iter().any(|config| config.name == "log.retention.ms"));
    let cluster = client.call(2, &DescribeClusterRequest::default()).await;
    assert_eq!(cluster.cluster_id, running.broker.cluster_id());
    assert_eq!(cluster.brokers[0].port, i32::from(running.broker.address().port()));
    let none = client.call(0, &ListPartitionReassignmentsRequest::default()).await;
    assert_eq!((none.error_code, none.topics.len()), (ErrorCode::NONE, 0));
}
