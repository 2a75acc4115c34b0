//! Committing, fetching, forgetting.

use strait_wire::ErrorCode;
use strait_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};

use super::{SESSION_MS, Story, Who};
use crate::coordinator::group::{ForgetCall, GroupState, Reply};

const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;

fn committed(story: &Story) -> Option<i64> {
    story.group.offsets().get("orders", 0).map(|committed| committed.offset)
}

fn delete(story: &mut Story) -> ErrorCode {
    let ticket = story.ticket();
    story.group.delete(story.now(), ticket);
    story.settle();
    match story.replies[&ticket] {
        Reply::Delete(code) => code,
        ref other => panic!("no deletion but {other:?}"),
    }
}

fn forget(story: &mut Story, topic: &str) -> (ErrorCode, Option<ErrorCode>) {
    let ticket = story.ticket();
    let partitions = vec![OffsetDeleteRequestPartition { partition_index: 0 }];
    let request = OffsetDeleteRequest {
        group_id: "g".to_owned(),
        topics: vec![OffsetDeleteRequestTopic { name: topic.to_owned(), partitions }],
    };
    let exists = |topic: &str, _| topic != "gone";
    story.group.forget(story.now(), ForgetCall { ticket, request, exists: &exists });
    story.settle();
    match &story.replies[&ticket] {
        Reply::Forget(answer) => {
            (answer.error_code, answer.topics.first().map(|t| t.partitions[0].error_code))
        }
        other => panic!("no answer but {other:?}"),
    }
}

#[test]
fn a_commit_is_visible_once_it_is_durable() {
    let mut story = Story::new();
    let (first, _) = story.pair();
    story.holds_writes = true;
    let commit = story.commit(&first, 2, 42);
    assert!(story.waits(commit));
    assert_eq!(committed(&story), None);
    story.release_writes(Ok(()));
    assert_eq!(story.commit_code(commit), ErrorCode::NONE);
    assert_eq!(committed(&story), Some(42));
}

#[test]
fn a_commit_that_is_not_stored_changes_nothing() {
    let mut story = Story::new();
    let (first, _) = story.pair();
    story.holds_writes = true;
    let commit = story.commit(&first, 2, 42);
    story.release_writes(Err(ErrorCode::KAFKA_STORAGE_ERROR));
    assert_eq!(story.commit_code(commit), ErrorCode::NOT_COORDINATOR);
    assert_eq!(committed(&story), None);
}

#[test]
fn only_members_of_the_generation_commit() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    let mut code = |id: &str, generation| {
        let commit = story.commit(id, generation, 1);
        story.commit_code(commit)
    };
    assert_eq!(code(&first, 1), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(code("nobody", 2), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(code("", -1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(code(&second, 2), ErrorCode::NONE);
}

#[test]
fn a_commit_is_a_sign_of_life_and_refused_while_work_is_handed_out() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    story.sleep(SESSION_MS - 1);
    story.commit(&first, 2, 1);
    story.beat(&second, 2);
    story.sleep(SESSION_MS - 1);
    assert_eq!(story.group.state(), GroupState::Stable);
    story.join(Who::known(&first));
    let during = story.commit(&second, 2, 5);
    assert_eq!(story.commit_code(during), ErrorCode::NONE, "before it joins again it may");
    story.join(Who::known(&second));
    let during = story.commit(&second, 3, 6);
    assert_eq!(story.commit_code(during), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn without_members_anybody_commits() {
    let mut story = Story::new();
    let simple = story.commit("", -1, 7);
    assert_eq!(story.commit_code(simple), ErrorCode::NONE);
    assert_eq!(committed(&story), Some(7));
    assert_eq!(story.group.listed().unwrap().protocol_type, "");
}

#[test]
fn long_metadata_and_unknown_partitions_are_refused_one_by_one() {
    let mut story = Story::new();
    let partition = |index, metadata: &str| OffsetCommitRequestPartition {
        partition_index: index,
        committed_offset: 1,
        committed_metadata: Some(metadata.to_owned()),
        ..Default::default()
    };
    let long = "x".repeat(4097);
    let name = "orders".to_owned();
    let partitions = vec![partition(0, "ok"), partition(1, &long), partition(9, "")];
    let ticket = story.commit_request(OffsetCommitRequest {
        topics: vec![OffsetCommitRequestTopic { name, partitions }],
        ..Default::default()
    });
    let Reply::Commit(answer) = &story.replies[&ticket] else { panic!("no commit") };
    let codes: Vec<_> = answer.topics[0].partitions.iter().map(|p| p.error_code).collect();
    let expected = [
        ErrorCode::NONE,
        ErrorCode::OFFSET_METADATA_TOO_LARGE,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ];
    assert_eq!(codes, expected);
}

#[test]
fn offsets_expire_a_week_after_the_group_became_empty() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    story.commit(&first, 2, 42);
    for _ in 0..3 {
        story.sleep(1000);
        story.beat(&first, 2);
        story.beat(&second, 2);
    }
    story.group.expire_offsets(story.now());
    story.leave(&first, None);
    story.leave(&second, None);
    story.sleep(WEEK_MS - 1);
    story.group.expire_offsets(story.now());
    story.settle();
    assert_eq!(committed(&story), Some(42));
    story.sleep(1);
    story.group.expire_offsets(story.now());
    story.settle();
    assert!(story.group.is_gone(), "nothing is left of it");
    let tombstones = &story.log.last().unwrap().records;
    assert_eq!(tombstones.len(), 2);
    assert!(tombstones.iter().all(|(_, value)| value.is_none()));
}

#[test]
fn a_live_group_keeps_the_offsets_of_its_topics() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    story.commit(&first, 2, 42);
    story.ticks_ms += WEEK_MS;
    story.group.expire_offsets(story.now());
    story.settle();
    assert_eq!(committed(&story), Some(42));
    assert_eq!(forget(&mut story, "orders").1, Some(ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC));
    assert_eq!(forget(&mut story, "bills").1, Some(ErrorCode::NONE));
    assert_eq!(forget(&mut story, "gone").1, Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    assert_eq!(delete(&mut story), ErrorCode::NON_EMPTY_GROUP);
    story.leave(&first, None);
    story.leave(&second, None);
    assert_eq!(forget(&mut story, "orders"), (ErrorCode::NONE, Some(ErrorCode::NONE)));
    assert_eq!(committed(&story), None);
    assert_eq!(delete(&mut story), ErrorCode::NONE);
    assert_eq!(delete(&mut story), ErrorCode::GROUP_ID_NOT_FOUND);
}

#[test]
fn deleting_a_group_takes_a_commit_on_its_way_along() {
    let mut story = Story::new();
    story.holds_writes = true;
    story.commit("", -1, 7);
    let ticket = story.ticket();
    story.group.delete(story.now(), ticket);
    story.settle();
    assert!(story.waits(ticket));
    assert_eq!(story.unwritten[1].records.len(), 2, "a tombstone for the offset, too");
    let late = story.join(Who::default());
    assert_eq!(story.joined(late).error_code, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    story.release_writes(Ok(()));
    assert_eq!(story.replies[&ticket], Reply::Delete(ErrorCode::NONE));
    assert!(story.group.is_gone());
}

#[test]
fn a_deletion_that_is_not_stored_leaves_the_group_as_it_was() {
    let mut story = Story::new();
    story.commit("", -1, 7);
    story.holds_writes = true;
    let ticket = story.ticket();
    story.group.delete(story.now(), ticket);
    story.settle();
    story.release_writes(Err(ErrorCode::KAFKA_STORAGE_ERROR));
    assert_eq!(story.replies[&ticket], Reply::Delete(ErrorCode::NOT_COORDINATOR));
    assert_eq!((story.group.state(), committed(&story)), (GroupState::Empty, Some(7)));
}

#[test]
fn only_consumer_groups_give_up_offsets_while_they_live() {
    let mut story = Story::new();
    let who = Who { protocol_type: "connect", ..Who::default() };
    story.join(who);
    assert_eq!(forget(&mut story, "orders").0, ErrorCode::NON_EMPTY_GROUP);
}
