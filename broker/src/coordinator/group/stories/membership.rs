//! Joining, sharing the work, falling silent, leaving.

use strait_io::time::Duration;
use strait_wire::ErrorCode;

use super::{REBALANCE_MS, SESSION_MS, Story, Who};
use crate::coordinator::group::GroupState;
use crate::coordinator::settings::GroupSettings;
use crate::coordinator::storage::{Key, StoredGroup};

#[test]
fn two_consumers_join_and_split_the_work() {
    let mut story = Story::new();
    let first = story.join(Who::default());
    let first = story.joined(first);
    assert_eq!((first.generation_id, first.members.len()), (1, 1));
    assert_eq!(first.leader, first.member_id);
    assert_eq!(first.protocol_name.as_deref(), Some("range"));

    let second = story.join(Who::default());
    assert!(story.waits(second), "the first has to join again");
    assert_eq!(story.beat(&first.member_id, 1), ErrorCode::REBALANCE_IN_PROGRESS);
    let again = story.join(Who::known(&first.member_id));
    let (leader, follower) = (story.joined(again), story.joined(second));
    assert_eq!((leader.generation_id, follower.generation_id), (2, 2));
    assert_eq!((leader.members.len(), follower.members.len()), (2, 0));
    assert_eq!(follower.leader, leader.member_id);
    assert_eq!(story.group.state(), GroupState::CompletingRebalance);

    let parked = story.sync(&follower.member_id, 2, &[]);
    assert!(story.waits(parked));
    story.holds_writes = true;
    let assignments = [(&*leader.member_id, "one"), (&*follower.member_id, "two")];
    let led = story.sync(&leader.member_id, 2, &assignments);
    assert!(story.waits(parked) && story.waits(led), "nothing before it is durable");
    story.release_writes(Ok(()));
    assert_eq!(&story.synced(led).assignment[..], b"one");
    assert_eq!(&story.synced(parked).assignment[..], b"two");
    assert_eq!(story.group.state(), GroupState::Stable);
}

#[test]
fn the_log_holds_the_assignment() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    let (key, value) = &story.log[0].records[0];
    assert_eq!(Key::read(key), Ok(Some(Key::Group { group: "g".to_owned() })));
    let stored = StoredGroup::read(value.as_ref().unwrap()).unwrap();
    assert_eq!((stored.generation, stored.leader.as_deref()), (2, Some(&*first)));
    let found = stored.members.iter().find(|member| member.id == second).unwrap();
    assert_eq!(&found.assignment[..], b"two");
}

#[test]
fn a_follower_that_falls_silent_is_expired_and_its_work_goes_to_the_other() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    story.sleep(SESSION_MS - 1);
    assert_eq!(story.beat(&first, 2), ErrorCode::NONE);
    story.sleep(1);
    assert_eq!(story.group.state(), GroupState::PreparingRebalance);
    assert_eq!(story.beat(&second, 2), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(story.beat(&first, 2), ErrorCode::REBALANCE_IN_PROGRESS);
    let alone = story.join(Who::known(&first));
    assert_eq!(story.joined(alone).generation_id, 3);
    assert_eq!(story.joined(alone).members.len(), 1);
}

#[test]
fn a_member_that_does_not_rejoin_in_time_is_out() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    let newcomer = story.join(Who::default());
    let rejoined = story.join(Who::known(&second));
    for _ in 0..REBALANCE_MS / (SESSION_MS / 2) - 1 {
        story.sleep(SESSION_MS / 2);
        assert_eq!(story.beat(&first, 2), ErrorCode::REBALANCE_IN_PROGRESS);
    }
    assert!(story.waits(newcomer));
    story.sleep(SESSION_MS / 2);
    assert_eq!(story.beat(&first, 2), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(story.joined(newcomer).generation_id, 3);
    let leader = story.joined(rejoined);
    assert_eq!(leader.leader, story.joined(newcomer).leader, "somebody who is there leads");
}

#[test]
fn a_member_that_joins_and_never_syncs_is_out() {
    let mut story = Story::new();
    let first = story.join(Who::default());
    let first = story.joined(first).member_id;
    for _ in 0..REBALANCE_MS / (SESSION_MS / 2) {
        assert_eq!(story.beat(&first, 1), ErrorCode::NONE);
        story.sleep(SESSION_MS / 2);
    }
    assert_eq!(story.beat(&first, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(story.group.state(), GroupState::Empty);
}

#[test]
fn leaving_empties_the_group_and_the_log_learns_it() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    assert_eq!(story.leave(&second, None), ErrorCode::NONE);
    assert_eq!(story.group.state(), GroupState::PreparingRebalance);
    assert_eq!(story.leave(&first, None), ErrorCode::NONE);
    assert_eq!(story.group.state(), GroupState::Empty);
    assert_eq!(story.leave(&first, None), ErrorCode::UNKNOWN_MEMBER_ID);
    let value = story.log.last().unwrap().records[0].1.clone().unwrap();
    let stored = StoredGroup::read(&value).unwrap();
    assert_eq!((stored.generation, stored.members.len()), (3, 0));
    assert_eq!(stored.protocol_type, "consumer");
}

#[test]
fn from_version_4_on_a_client_comes_back_with_the_id_it_is_given() {
    let mut story = Story::new();
    let asked = story.join(Who { version: 4, ..Who::default() });
    let refused = story.joined(asked);
    assert_eq!(refused.error_code, ErrorCode::MEMBER_ID_REQUIRED);
    assert_eq!(refused.member_id, "c-1");
    assert_eq!(story.group.state(), GroupState::Empty);
    let joined = story.join(Who { version: 4, ..Who::known("c-1") });
    assert_eq!(story.joined(joined).error_code, ErrorCode::NONE);
    let stranger = story.join(Who { version: 4, ..Who::known("c-9") });
    assert_eq!(story.joined(stranger).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn an_id_that_is_never_used_holds_a_rebalance_for_one_session_at_most() {
    let mut story = Story::new();
    let (first, _) = story.pair();
    story.join(Who { version: 4, ..Who::default() });
    let waiting = story.join(Who::default());
    story.join(Who::known(&first));
    story.sleep(SESSION_MS);
    assert!(!story.waits(waiting));
}

#[test]
fn a_leader_that_rejoins_forces_a_rebalance_and_a_follower_does_not() {
    let mut story = Story::new();
    let (first, second) = story.pair();
    let follower = story.join(Who::known(&second));
    assert_eq!(story.joined(follower).generation_id, 2);
    assert_eq!(story.group.state(), GroupState::Stable);
    let changed = Who { topics: &["orders", "bills"], ..Who::known(&second) };
    story.join(changed);
    assert_eq!(story.group.state(), GroupState::PreparingRebalance);
    let leader = story.join(Who::known(&first));
    assert_eq!(story.joined(leader).generation_id, 3);
}

#[test]
fn the_protocol_is_one_that_all_speak_and_most_prefer() {
    let mut story = Story::new();
    let first = story.join(Who { protocols: &["sticky", "range"], ..Who::default() });
    let id = story.joined(first).member_id;
    let other = story.join(Who { protocols: &["range", "roundrobin"], ..Who::default() });
    story.join(Who { protocols: &["sticky", "range"], ..Who::known(&id) });
    assert_eq!(story.joined(other).protocol_name.as_deref(), Some("range"));
    let stranger = story.join(Who { protocols: &["roundrobin"], ..Who::default() });
    assert_eq!(story.joined(stranger).error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    let connect = story.join(Who { protocol_type: "connect", ..Who::default() });
    assert_eq!(story.joined(connect).error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

#[test]
fn protocol_types_of_other_kinds_work() {
    for protocol_type in ["connect", "strait"] {
        let mut story = Story::new();
        let who = Who { protocol_type, protocols: &["v1"], ..Who::default() };
        let joined = story.join(who);
        let id = story.joined(joined).member_id;
        let synced = story.sync(&id, 1, &[(&id, "lanes")]);
        assert_eq!(story.synced(synced).protocol_type.as_deref(), Some(protocol_type));
        assert_eq!(story.group.describe().unwrap().protocol_data, "v1");
    }
}

#[test]
fn a_sync_of_another_generation_or_protocol_is_refused() {
    let mut story = Story::new();
    let (first, _) = story.pair();
    let old = story.sync(&first, 1, &[]);
    assert_eq!(story.synced(old).error_code, ErrorCode::ILLEGAL_GENERATION);
    let stranger = story.sync("nobody", 2, &[]);
    assert_eq!(story.synced(stranger).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    let late = story.sync(&first, 2, &[]);
    assert_eq!(&story.synced(late).assignment[..], b"one", "a stable group repeats itself");
}

#[test]
fn a_full_group_takes_nobody_else() {
    let mut story = Story::with(GroupSettings { members_max: 2, ..GroupSettings::default() });
    let (first, _) = story.pair();
    let third = story.join(Who::default());
    assert_eq!(story.joined(third).error_code, ErrorCode::GROUP_MAX_SIZE_REACHED);
    assert_eq!(story.beat(&first, 2), ErrorCode::NONE);
}

#[test]
fn a_new_group_waits_for_company_as_long_as_somebody_comes() {
    let initial_rebalance_delay = Duration::from_millis(3_000);
    let settings = GroupSettings { initial_rebalance_delay, ..GroupSettings::default() };
    let mut story = Story::with(settings);
    let first = story.join(Who::default());
    story.sleep(2_000);
    let second = story.join(Who::default());
    story.sleep(1_000);
    assert!(story.waits(first), "a newcomer extends the wait");
    story.sleep(3_000);
    assert_eq!(story.joined(first).generation_id, 1);
    assert_eq!(story.joined(second).generation_id, 1);
}

#[test]
fn an_assignment_that_cannot_be_stored_costs_a_rebalance_and_nothing_else() {
    let mut story = Story::new();
    let joined = story.join(Who::default());
    let id = story.joined(joined).member_id;
    story.holds_writes = true;
    let synced = story.sync(&id, 1, &[(&id, "all")]);
    story.release_writes(Err(ErrorCode::NOT_ENOUGH_REPLICAS));
    assert_eq!(story.synced(synced).error_code, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    assert_eq!(story.group.state(), GroupState::PreparingRebalance);
    let again = story.join(Who::known(&id));
    assert_eq!(story.joined(again).generation_id, 2);
}

#[test]
fn a_newcomer_during_the_assignment_starts_over_and_the_late_write_is_ignored() {
    let mut story = Story::new();
    let joined = story.join(Who::default());
    let id = story.joined(joined).member_id;
    story.holds_writes = true;
    let synced = story.sync(&id, 1, &[(&id, "all")]);
    story.join(Who::default());
    assert_eq!(story.synced(synced).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    story.release_writes(Ok(()));
    assert_eq!(story.group.state(), GroupState::PreparingRebalance);
}

#[test]
fn only_a_stable_group_shows_metadata_and_assignments() {
    let mut story = Story::new();
    let (_, second) = story.pair();
    let stable = story.group.describe().unwrap();
    assert_eq!((&*stable.group_state, &*stable.protocol_data), ("Stable", "range"));
    assert!(stable.members.iter().all(|member| !member.member_assignment.is_empty()));
    assert_eq!(stable.members[0].client_host, "/127.0.0.1");
    story.leave(&second, None);
    let moving = story.group.describe().unwrap();
    assert_eq!((&*moving.group_state, &*moving.protocol_data), ("PreparingRebalance", ""));
    assert!(moving.members.iter().all(|member| member.member_assignment.is_empty()));
}
