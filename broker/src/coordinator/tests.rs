//! The async face over a log in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use strait_io::time::{Duration, sleep, timeout};
use strait_wire::messages::delete_groups::DeleteGroupsRequest;
use strait_wire::messages::describe_groups::DescribeGroupsRequest;
use strait_wire::messages::heartbeat::HeartbeatRequest;
use strait_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use strait_wire::messages::leave_group::LeaveGroupRequest;
use strait_wire::messages::list_groups::ListGroupsRequest;
use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic,
};
use strait_wire::messages::sync_group::{
    SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse,
};
use strait_wire::{BatchBuilder, Compression, ErrorCode, RawBatch};

use super::storage::{Key, write_offset};
use super::{GroupCoordinator, GroupSettings, GroupStore, hold, offsets, partition_for};
use crate::request::Caller;

/// `__consumer_offsets` in memory: batches by partition, in the order they became durable.
#[derive(Default)]
struct MemoryLog {
    batches: Arc<Mutex<BTreeMap<i32, Vec<Bytes>>>>,
    fails: AtomicBool,
}

impl GroupStore for MemoryLog {
    fn append(&self, partition: i32, batch: Bytes) -> BoxFuture<'static, Result<(), ErrorCode>> {
        let (batches, fails) = (self.batches.clone(), self.fails.load(Ordering::Relaxed));
        async move {
            tokio::task::yield_now().await;
            if fails {
                return Err(ErrorCode::NOT_ENOUGH_REPLICAS);
            }
            hold(&batches).entry(partition).or_default().push(batch);
            Ok(())
        }
        .boxed()
    }

    fn topic_exists(&self, topic: &str, partition: i32) -> bool {
        topic == "orders" && partition < 4
    }

    fn partition_count(&self) -> i32 {
        50
    }
}

fn settings() -> GroupSettings {
    GroupSettings { session_timeout_min: Duration::from_millis(50), ..GroupSettings::default() }
}

fn start(log: &Arc<MemoryLog>) -> Arc<GroupCoordinator> {
    let coordinator = GroupCoordinator::new(settings(), log.clone());
    for (partition, batches) in hold(&log.batches).iter() {
        let batches = batches.iter().map(|b| RawBatch::split_from(&mut b.clone()).unwrap());
        assert_eq!(coordinator.load(*partition, batches).unread, 0);
    }
    tokio::spawn(coordinator.clone().run(std::future::pending()));
    coordinator
}

fn caller(version: i16) -> Caller {
    Caller { client_id: "app".to_owned(), host: "/127.0.0.1".to_owned(), version }
}

fn join(id: &str, session_timeout_ms: i32) -> JoinGroupRequest {
    let metadata = Bytes::from_static(b"\x00\x00\x00\x00\x00\x01\x00\x06orders\xff\xff\xff\xff");
    JoinGroupRequest {
        group_id: "g".to_owned(),
        session_timeout_ms,
        rebalance_timeout_ms: 60_000,
        member_id: id.to_owned(),
        protocol_type: "consumer".to_owned(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".to_owned(), metadata }],
        ..Default::default()
    }
}

/// A client's two-step join.
async fn joined(coordinator: &Arc<GroupCoordinator>, session_ms: i32) -> JoinGroupResponse {
    let asked = coordinator.join_group(&caller(9), join("", session_ms)).await;
    assert_eq!(asked.error_code, ErrorCode::MEMBER_ID_REQUIRED);
    assert_eq!(asked.member_id.len(), "app-".len() + 36);
    coordinator.join_group(&caller(9), join(&asked.member_id, session_ms)).await
}

async fn synced(
    coordinator: &Arc<GroupCoordinator>,
    id: &str,
    generation_id: i32,
    assignment: &'static str,
) -> SyncGroupResponse {
    let request = SyncGroupRequest {
        group_id: "g".to_owned(),
        generation_id,
        member_id: id.to_owned(),
        protocol_type: Some("consumer".to_owned()),
        protocol_name: Some("range".to_owned()),
        assignments: vec![SyncGroupRequestAssignment {
            member_id: id.to_owned(),
            assignment: Bytes::from_static(assignment.as_bytes()),
        }],
        ..Default::default()
    };
    coordinator.sync_group(&caller(5), request).await
}

async fn commit(
    coordinator: &Arc<GroupCoordinator>,
    id: &str,
    generation: i32,
    offset: i64,
) -> ErrorCode {
    let request = OffsetCommitRequest {
        group_id: "g".to_owned(),
        generation_id_or_member_epoch: generation,
        member_id: id.to_owned(),
        topics: vec![OffsetCommitRequestTopic {
            name: "orders".to_owned(),
            partitions: vec![OffsetCommitRequestPartition {
                partition_index: 1,
                committed_offset: offset,
                committed_leader_epoch: 3,
                committed_metadata: Some("note".to_owned()),
            }],
        }],
        ..Default::default()
    };
    let answer = coordinator.offset_commit(&caller(9), request).await;
    answer.topics[0].partitions[0].error_code
}

/// Everything committed by "g", as version 8 answers it.
async fn fetched(coordinator: &Arc<GroupCoordinator>) -> Vec<(String, i32, i64, i32, String)> {
    let group = OffsetFetchRequestGroup { group_id: "g".to_owned(), ..Default::default() };
    let request = OffsetFetchRequest { groups: vec![group], ..Default::default() };
    let answer = coordinator.offset_fetch(&caller(8), request).await;
    let topics = answer.groups[0].topics.iter();
    topics
        .flat_map(|topic| {
            topic.partitions.iter().map(|p| {
                let metadata = p.metadata.clone().unwrap_or_default();
                let (offset, epoch) = (p.committed_offset, p.committed_leader_epoch);
                (topic.name.clone(), p.partition_index, offset, epoch, metadata)
            })
        })
        .collect()
}

async fn state(coordinator: &Arc<GroupCoordinator>) -> String {
    let request = DescribeGroupsRequest { groups: vec!["g".to_owned()], ..Default::default() };
    coordinator.describe_groups(&caller(5), request).await.groups[0].group_state.clone()
}

#[tokio::test]
async fn a_restart_brings_back_offsets_and_members() {
    let log = Arc::new(MemoryLog::default());
    let before = start(&log);
    let member = joined(&before, 30_000).await;
    assert_eq!((member.error_code, member.generation_id), (ErrorCode::NONE, 1));
    let synced = synced(&before, &member.member_id, 1, "all").await;
    assert_eq!(&synced.assignment[..], b"all");
    for offset in 1..=20 {
        assert_eq!(commit(&before, &member.member_id, 1, offset).await, ErrorCode::NONE);
    }
    let expected = vec![("orders".to_owned(), 1, 20, 3, "note".to_owned())];
    assert_eq!(fetched(&before).await, expected);
    let request = DescribeGroupsRequest { groups: vec!["g".to_owned()], ..Default::default() };
    let described = before.describe_groups(&caller(6), request.clone()).await;

    let after = start(&log);
    assert_eq!(fetched(&after).await, expected);
    assert_eq!(after.describe_groups(&caller(6), request).await, described);
    assert_eq!(described.groups[0].group_state, "Stable");
    let beat = HeartbeatRequest {
        group_id: "g".to_owned(),
        generation_id: 1,
        member_id: member.member_id.clone(),
        ..Default::default()
    };
    assert_eq!(after.heartbeat(&caller(4), beat).await.error_code, ErrorCode::NONE);
    assert_eq!(commit(&after, &member.member_id, 1, 21).await, ErrorCode::NONE);
    assert_eq!(hold(&log.batches).keys().copied().collect::<Vec<_>>(), [partition_for("g", 50)]);
}

#[tokio::test]
async fn two_clients_share_a_group_through_the_face() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = start(&log);
    let first = joined(&coordinator, 30_000).await;
    let other = coordinator.clone();
    let second = tokio::spawn(async move { joined(&other, 30_000).await });
    while state(&coordinator).await != "PreparingRebalance" {
        tokio::task::yield_now().await;
    }
    let again = coordinator.join_group(&caller(9), join(&first.member_id, 30_000)).await;
    let second = second.await.unwrap();
    assert_eq!((again.generation_id, second.generation_id), (2, 2));
    assert_eq!(again.members.len() + second.members.len(), 2);
}

#[tokio::test]
async fn silence_ends_a_session_in_real_time() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = start(&log);
    let member = joined(&coordinator, 60).await;
    synced(&coordinator, &member.member_id, 1, "all").await;
    let emptied = async {
        // Two batches: the assignment, then the empty group.
        while hold(&log.batches).values().map(Vec::len).sum::<usize>() < 2 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), emptied).await.expect("the session ends");
    assert_eq!(state(&coordinator).await, "Empty");
    let restarted = start(&log);
    assert_eq!(state(&restarted).await, "Empty");
}

#[tokio::test]
async fn a_deleted_group_stays_deleted() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = start(&log);
    assert_eq!(commit(&coordinator, "", -1, 5).await, ErrorCode::NONE);
    let groups = vec!["g".to_owned(), "nobody".to_owned()];
    let request = DeleteGroupsRequest { groups_names: groups };
    let deleted = coordinator.delete_groups(&caller(2), request).await;
    let codes: Vec<_> = deleted.results.iter().map(|result| result.error_code).collect();
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::GROUP_ID_NOT_FOUND]);
    assert_eq!(fetched(&coordinator).await, []);
    let restarted = start(&log);
    let listed = restarted.list_groups(&caller(5), ListGroupsRequest::default()).await;
    assert_eq!(listed.groups, []);
    assert_eq!(commit(&restarted, "", -1, 6).await, ErrorCode::NONE, "and may come back");
}

#[tokio::test]
async fn many_commits_at_once_keep_their_order() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = start(&log);
    let commits = (1..=200).map(|offset| commit(&coordinator, "", -1, offset));
    let codes = futures::future::join_all(commits).await;
    assert!(codes.iter().all(|code| code.is_ok()));
    let batches = hold(&log.batches).values().map(Vec::len).sum::<usize>();
    assert!(batches < 20, "queued commits share a batch, there were {batches}");
    let restarted = start(&log);
    assert_eq!(fetched(&restarted).await, fetched(&coordinator).await);
    assert_eq!(fetched(&restarted).await[0].2, 200);
}

#[tokio::test]
async fn a_log_that_takes_nothing_is_an_error_and_no_offset() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = start(&log);
    log.fails.store(true, Ordering::Relaxed);
    assert_eq!(commit(&coordinator, "", -1, 5).await, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    assert_eq!(fetched(&coordinator).await, []);
    log.fails.store(false, Ordering::Relaxed);
    assert_eq!(commit(&coordinator, "", -1, 5).await, ErrorCode::NONE);
}

#[tokio::test]
async fn groups_that_do_not_exist_answer_as_kafka_does() {
    let coordinator = start(&Arc::new(MemoryLog::default()));
    let named = |id: &str| join(id, 30_000);
    let join = coordinator.join_group(&caller(9), named("who")).await;
    assert_eq!((join.error_code, join.protocol_name), (ErrorCode::UNKNOWN_MEMBER_ID, None));
    let short = JoinGroupRequest { session_timeout_ms: 1, ..named("") };
    let short = coordinator.join_group(&caller(5), short).await;
    assert_eq!(short.error_code, ErrorCode::INVALID_SESSION_TIMEOUT);
    assert_eq!(short.protocol_name.as_deref(), Some(""));
    let nameless = JoinGroupRequest { group_id: String::new(), ..named("") };
    let nameless = coordinator.join_group(&caller(5), nameless).await;
    assert_eq!(nameless.error_code, ErrorCode::INVALID_GROUP_ID);
    assert_eq!(commit(&coordinator, "who", 3, 1).await, ErrorCode::ILLEGAL_GENERATION);
    let leave = LeaveGroupRequest { group_id: "g".to_owned(), ..Default::default() };
    let left = coordinator.leave_group(&caller(1), leave).await;
    assert_eq!((left.error_code, left.members.len()), (ErrorCode::UNKNOWN_MEMBER_ID, 0));

    let request = DescribeGroupsRequest { groups: vec!["g".to_owned()], ..Default::default() };
    let old = coordinator.describe_groups(&caller(5), request.clone()).await;
    assert_eq!((old.groups[0].error_code, &*old.groups[0].group_state), (ErrorCode::NONE, "Dead"));
    assert_eq!(old.groups[0].authorized_operations, i32::MIN);
    let new = coordinator.describe_groups(&caller(6), request).await;
    assert_eq!(new.groups[0].error_code, ErrorCode::GROUP_ID_NOT_FOUND);

    let topic = OffsetFetchRequestTopic { name: "orders".to_owned(), partition_indexes: vec![2] };
    let request = OffsetFetchRequest {
        group_id: "g".to_owned(),
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let answer = coordinator.offset_fetch(&caller(5), request).await;
    let partition = &answer.topics[0].partitions[0];
    assert_eq!((partition.committed_offset, partition.committed_leader_epoch), (-1, -1));
    assert_eq!((answer.error_code, partition.metadata.as_deref()), (ErrorCode::NONE, Some("")));
    let listed = coordinator.list_groups(&caller(5), ListGroupsRequest::default()).await;
    assert_eq!(listed.groups, [], "asking creates nothing");
}

#[tokio::test]
async fn lists_are_filtered_by_state_and_type() {
    let coordinator = start(&Arc::new(MemoryLog::default()));
    commit(&coordinator, "", -1, 1).await;
    let listed = async |states: &[&str], types: &[&str]| {
        let request = ListGroupsRequest {
            states_filter: states.iter().map(|name| (*name).to_owned()).collect(),
            types_filter: types.iter().map(|name| (*name).to_owned()).collect(),
        };
        coordinator.list_groups(&caller(5), request).await.groups.len()
    };
    assert_eq!(listed(&[], &[]).await, 1);
    assert_eq!(listed(&["empty"], &["classic"]).await, 1);
    assert_eq!(listed(&["Stable"], &[]).await, 0);
    assert_eq!(listed(&[], &["consumer"]).await, 0);
}

#[tokio::test]
async fn a_drain_answers_whoever_is_parked() {
    let log = Arc::new(MemoryLog::default());
    let coordinator = GroupCoordinator::new(settings(), log);
    let member = joined(&coordinator, 30_000).await;
    let other = coordinator.clone();
    let parked = tokio::spawn(async move { joined(&other, 30_000).await });
    while state(&coordinator).await != "PreparingRebalance" {
        tokio::task::yield_now().await;
    }
    coordinator.clone().run(std::future::ready(())).await;
    assert_eq!(parked.await.unwrap().error_code, ErrorCode::NOT_COORDINATOR);
    assert_eq!(member.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn offsets_of_an_aborted_transaction_never_count() {
    let coordinator = GroupCoordinator::new(settings(), Arc::new(MemoryLog::default()));
    let key = Key::Offset { group: "g".to_owned(), topic: "orders".to_owned(), partition: 1 };
    let value = |offset| {
        write_offset(&offsets::Committed {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
            commit_ms: 1,
            expire_ms: None,
        })
    };
    let batch = |producer, attributes: i16, key: &[u8], value: &[u8]| {
        let mut builder = BatchBuilder::default().producer(producer, 0, 0);
        builder.add(1, Some(key), Some(value));
        let batch = builder.finish(Compression::None, None).unwrap();
        let mut batch = RawBatch::split_from(&mut batch.clone()).unwrap();
        batch.header.attributes |= attributes;
        batch
    };
    let (transactional, control) = (1 << 4, 1 << 4 | 1 << 5);
    let batches = vec![
        batch(1, transactional, &key.write(), &value(10)),
        batch(2, transactional, &key.write(), &value(20)),
        batch(2, control, b"\0\0\0\0", b"\0\0\0\0\0\0"),
        batch(3, transactional, &key.write(), &value(30)),
        batch(1, control, b"\0\0\0\x01", b"\0\0\0\0\0\0"),
    ];
    let loaded = coordinator.load(partition_for("g", 50), batches.into_iter());
    assert_eq!((loaded.groups, loaded.offsets, loaded.unread), (1, 1, 0));
    assert_eq!(fetched(&coordinator).await[0].2, 10, "neither aborted nor unfinished");
}
