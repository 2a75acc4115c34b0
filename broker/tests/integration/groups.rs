//! Consumer groups end to end: join, commit, restart, and who is told what.

use bytes::Bytes;
use strait_io::time::Duration;
use strait_wire::ErrorCode;
use strait_wire::messages::describe_groups::DescribeGroupsRequest;
use strait_wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use strait_wire::messages::leave_group::LeaveGroupRequest;
use strait_wire::messages::list_groups::ListGroupsRequest;
use strait_wire::messages::metadata::MetadataRequest;
use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestTopic};
use strait_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use crate::support::{Client, Running, batch, produce_request, start_in};

async fn commit(client: &mut Client, offset: i64) -> ErrorCode {
    let partition = OffsetCommitRequestPartition {
        committed_offset: offset,
        committed_metadata: Some("note".to_owned()),
        ..Default::default()
    };
    let topic = OffsetCommitRequestTopic { name: "t".to_owned(), partitions: vec![partition] };
    let request =
        OffsetCommitRequest { group_id: "g".to_owned(), topics: vec![topic], ..Default::default() };
    client.call(7, &request).await.topics[0].partitions[0].error_code
}

async fn committed(client: &mut Client) -> (i64, Option<String>) {
    let topic = OffsetFetchRequestTopic { name: "t".to_owned(), partition_indexes: vec![0] };
    let request = OffsetFetchRequest {
        group_id: "g".to_owned(),
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let mut response = client.call(5, &request).await;
    let partition = response.topics.remove(0).partitions.remove(0);
    (partition.committed_offset, partition.metadata)
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broker = start_in(&folder, |_| {}).await;
    let mut client = Client::connect(broker.address()).await;
    client.create_topic("t", 1, &[]).await;
    assert_eq!(committed(&mut client).await.0, -1);
    assert_eq!(commit(&mut client, 42).await, ErrorCode::NONE);
    assert_eq!(commit(&mut client, 43).await, ErrorCode::NONE);
    let all = MetadataRequest { topics: None, ..Default::default() };
    let topics = client.call(9, &all).await.topics;
    let internal = topics.iter().find(|topic| topic.is_internal).expect("the offsets' topic");
    assert_eq!(internal.name.as_deref(), Some("__consumer_offsets"));
    assert_eq!(internal.partitions.len(), 50);
    drop(client);
    broker.drain(Duration::from_secs(5)).await;
    let broker = start_in(&folder, |_| {}).await;
    let mut client = Client::connect(broker.address()).await;
    assert_eq!(committed(&mut client).await, (43, Some("note".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_joins_syncs_and_leaves() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    let protocol = JoinGroupRequestProtocol {
        name: "range".to_owned(),
        metadata: Bytes::from_static(b"anything"),
    };
    let join = JoinGroupRequest {
        group_id: "g".to_owned(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        protocol_type: "consumer".to_owned(),
        protocols: vec![protocol],
        ..Default::default()
    };
    let joined = client.call(3, &join).await;
    assert_eq!((joined.error_code, joined.generation_id), (ErrorCode::NONE, 1));
    assert_eq!(joined.leader, joined.member_id);
    let assignment = SyncGroupRequestAssignment {
        member_id: joined.member_id.clone(),
        assignment: Bytes::from_static(b"mine"),
    };
    let sync = SyncGroupRequest {
        group_id: "g".to_owned(),
        generation_id: 1,
        member_id: joined.member_id.clone(),
        assignments: vec![assignment],
        ..Default::default()
    };
    assert_eq!(client.call(3, &sync).await.assignment, Bytes::from_static(b"mine"));
    let listed = client.call(4, &ListGroupsRequest::default()).await;
    assert_eq!(listed.groups[0].group_state, "Stable");
    let describe = DescribeGroupsRequest { groups: vec!["g".to_owned()], ..Default::default() };
    let described = client.call(4, &describe).await.groups.remove(0);
    assert_eq!(described.members[0].client_host, "/127.0.0.1");
    let leave = LeaveGroupRequest {
        group_id: "g".to_owned(),
        member_id: joined.member_id,
        ..Default::default()
    };
    assert_eq!(client.call(1, &leave).await.error_code, ErrorCode::NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offsets_topic_is_not_for_clients() {
    let (_running, mut client) = Running::with_topic("t", &[]).await;
    commit(&mut client, 1).await;
    let request = produce_request("__consumer_offsets", 0, 1, batch(&["x"]));
    let answer = client.call(9, &request).await;
    let code = answer.responses[0].partition_responses[0].error_code;
    assert_eq!(code, ErrorCode::INVALID_TOPIC_EXCEPTION);
}
