//! Static members: restarts, fences, removal by an operator.

use strait_wire::ErrorCode;

use super::{SESSION_MS, Story, Who};
use crate::coordinator::group::GroupState;
use crate::coordinator::storage::StoredGroup;

/// A stable group of one static member; its member id.
fn alone(story: &mut Story) -> String {
    let joined = story.join(Who::fixed("i"));
    let id = story.joined(joined).member_id;
    story.sync(&id, 1, &[(&id, "all")]);
    assert_eq!(story.group.state(), GroupState::Stable);
    id
}

#[test]
fn a_restart_within_the_session_disturbs_nobody() {
    let mut story = Story::new();
    let old = alone(&mut story);
    assert!(old.starts_with("i-"), "named after the instance: {old}");
    story.holds_writes = true;
    let back = story.join(Who::fixed("i"));
    assert!(story.waits(back), "its new id must be durable first");
    story.release_writes(Ok(()));
    let back = story.joined(back);
    assert_ne!(back.member_id, old);
    assert_eq!((back.error_code, back.generation_id), (ErrorCode::NONE, 1));
    assert_eq!((&back.leader, back.skip_assignment), (&back.member_id, true));
    assert_eq!(story.group.state(), GroupState::Stable);
    let synced = story.sync(&back.member_id, 1, &[]);
    assert_eq!(&story.synced(synced).assignment[..], b"all");
    let value = story.log.last().unwrap().records[0].1.clone().unwrap();
    assert_eq!(StoredGroup::read(&value).unwrap().members[0].id, back.member_id);
}

#[test]
fn before_version_9_a_returning_leader_is_not_told_that_it_leads() {
    let mut story = Story::new();
    let old = alone(&mut story);
    let back = story.join(Who { version: 5, ..Who::fixed("i") });
    let back = story.joined(back);
    assert_eq!((&back.leader, back.members.len()), (&old, 0));
    assert!(!back.skip_assignment);
}

#[test]
fn the_old_process_is_fenced() {
    let mut story = Story::new();
    let old = alone(&mut story);
    let back = story.join(Who::fixed("i"));
    let new = story.joined(back).member_id;
    assert_eq!(story.beat_as(&old, 1, Some("i")), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(story.leave(&old, Some("i")), ErrorCode::FENCED_INSTANCE_ID);
    let rejoin = story.join(Who { id: &old, ..Who::fixed("i") });
    assert_eq!(story.joined(rejoin).error_code, ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(story.beat_as(&new, 1, Some("i")), ErrorCode::NONE);
    assert_eq!(story.beat_as(&new, 1, Some("j")), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_parked_request_of_the_old_process_is_fenced() {
    let mut story = Story::new();
    let (first, _) = story.pair();
    let parked = story.join(Who::fixed("i"));
    let twin = story.join(Who::fixed("i"));
    assert_eq!(story.joined(parked).error_code, ErrorCode::FENCED_INSTANCE_ID);
    let dynamic = story.joined(parked).member_id;
    assert_ne!(dynamic, first);
    assert!(story.waits(twin));
}

#[test]
fn another_subscription_or_protocol_rebalances() {
    let mut story = Story::new();
    alone(&mut story);
    let other = story.join(Who { topics: &["bills"], ..Who::fixed("i") });
    assert_eq!(story.joined(other).generation_id, 2);
    let mut story = Story::new();
    alone(&mut story);
    let other = story.join(Who { protocols: &["sticky"], ..Who::fixed("i") });
    assert_eq!(story.joined(other).error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

#[test]
fn silence_beyond_the_session_removes_a_static_member_too() {
    let mut story = Story::new();
    alone(&mut story);
    story.sleep(SESSION_MS);
    assert_eq!(story.group.state(), GroupState::Empty);
}

#[test]
fn a_static_member_that_is_away_keeps_its_place_in_a_rebalance() {
    let mut story = Story::new();
    let away = alone(&mut story);
    let newcomer = story.join(Who::fixed("j"));
    assert!(story.waits(newcomer));
    let back = story.join(Who::fixed("i"));
    assert_eq!(story.joined(newcomer).generation_id, 2);
    assert_ne!(story.joined(back).member_id, away);
    assert_eq!(story.joined(back).leader, story.joined(back).member_id, "the lead is kept");
}

#[test]
fn an_operator_removes_a_static_member_by_its_instance() {
    let mut story = Story::new();
    alone(&mut story);
    assert_eq!(story.leave("", Some("nobody")), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(story.leave("", Some("i")), ErrorCode::NONE);
    assert_eq!(story.group.state(), GroupState::Empty);
}
