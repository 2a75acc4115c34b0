//! Any sequence of events, late and failing writes among them: the group's invariants hold, and
//! in the end nobody is left without an answer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strait_wire::ErrorCode;

use super::{Story, Who};
use crate::coordinator::group::GroupState;

#[derive(Debug, Clone)]
enum Event {
    Join { member: usize, version: i16, protocol: usize, topic: usize },
    Static { instance: usize, topic: usize },
    Sync { member: usize, behind: i32 },
    Beat { member: usize },
    Leave { member: usize },
    Commit { member: usize, behind: i32 },
    Delete,
    ExpireOffsets,
    HoldWrites,
    FinishWrites(bool),
    Sleep(u64),
}

const PROTOCOLS: [&[&str]; 3] = [&["range", "sticky"], &["sticky", "range"], &["range"]];
const TOPICS: [&[&str]; 2] = [&["orders"], &["bills"]];
const INSTANCES: [&str; 2] = ["i", "j"];

fn events() -> impl Strategy<Value = Vec<Event>> {
    let member = 0..8usize;
    let event = prop_oneof![
        4 => (member.clone(), prop_oneof![Just(3i16), Just(9i16)], 0..3usize, 0..2usize).prop_map(
            |(member, version, protocol, topic)| Event::Join { member, version, protocol, topic }
        ),
        2 => (0..2usize, 0..2usize)
            .prop_map(|(instance, topic)| Event::Static { instance, topic }),
        4 => (member.clone(), 0..2i32).prop_map(|(member, behind)| Event::Sync { member, behind }),
        2 => member.clone().prop_map(|member| Event::Beat { member }),
        1 => member.clone().prop_map(|member| Event::Leave { member }),
        2 => (member, 0..2i32).prop_map(|(member, behind)| Event::Commit { member, behind }),
        1 => Just(Event::Delete),
        1 => Just(Event::ExpireOffsets),
        1 => Just(Event::HoldWrites),
        1 => any::<bool>().prop_map(Event::FinishWrites),
        2 => prop_oneof![1..2_000u64, 9_000..70_000u64].prop_map(Event::Sleep),
    ];
    prop::collection::vec(event, 1..80)
}

/// The `n`th of everybody who is or may become a member; "" when there is nobody.
fn pick(story: &Story, n: usize) -> String {
    let group = &story.group;
    let ids: Vec<_> = group.members.keys().chain(group.pending_members.keys()).collect();
    ids.get(n % (ids.len() + 1)).map(|id| (*id).clone()).unwrap_or_default()
}

fn tell(story: &mut Story, event: Event) {
    match event {
        Event::Join { member, version, protocol, topic } => {
            let id = pick(story, member);
            let instance = story.group.members.get(&id).and_then(|m| m.instance_id.clone());
            let (protocols, topics) = (PROTOCOLS[protocol], TOPICS[topic]);
            let instance = instance.as_deref();
            story.join(Who { id: &id, instance, version, protocols, topics, ..Who::default() });
        }
        Event::Static { instance, topic } => {
            let topics = TOPICS[topic];
            story.join(Who { topics, ..Who::fixed(INSTANCES[instance]) });
        }
        Event::Sync { member, behind } => {
            let id = pick(story, member);
            story.sync(&id, story.group.generation - behind, &[(&id, "all")]);
        }
        Event::Beat { member } => {
            let id = pick(story, member);
            story.beat(&id, story.group.generation);
        }
        Event::Leave { member } if story.group.state != GroupState::Dead => {
            let id = pick(story, member);
            story.leave(&id, None);
        }
        Event::Commit { member, behind } => {
            let id = pick(story, member);
            story.commit(&id, story.group.generation - behind, 1);
        }
        Event::Delete => {
            let ticket = story.ticket();
            story.group.delete(story.now(), ticket);
        }
        Event::ExpireOffsets => story.group.expire_offsets(story.now()),
        Event::HoldWrites => story.holds_writes = true,
        Event::FinishWrites(true) => story.release_writes(Ok(())),
        Event::FinishWrites(false) => story.release_writes(Err(ErrorCode::KAFKA_STORAGE_ERROR)),
        Event::Sleep(millis) => story.sleep(millis),
        Event::Leave { .. } => {}
    }
    story.settle();
}

fn check(story: &Story) {
    let group = &story.group;
    let statics = group.members.values();
    let statics = statics.filter_map(|m| Some((m.instance_id.clone()?, m.id.clone())));
    let statics: BTreeMap<_, _> = statics.collect();
    assert_eq!(statics, group.static_members, "an instance id belongs to one member");
    for (id, member) in &group.members {
        assert_eq!(*id, member.id);
        assert!(!group.pending_members.contains_key(id), "{id} is a member or pending, not both");
    }
    if matches!(group.state, GroupState::Stable | GroupState::CompletingRebalance) {
        let leader = group.leader.as_ref().expect("somebody leads");
        assert!(group.members.contains_key(leader), "the leader is a member");
        let protocol = group.protocol.as_ref().expect("a protocol is agreed on");
        assert!(group.members.values().all(|member| member.speaks(protocol)));
        assert!(group.join_timer.is_none());
    }
    if matches!(group.state, GroupState::Empty | GroupState::Dead) {
        assert!(group.members.is_empty() && group.static_members.is_empty());
    }
    if let Some(deadline) = group.next_deadline() {
        assert!(deadline > story.ticks_ms, "nothing that is due was left undone");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn invariants_hold_and_everybody_is_answered(events in events()) {
        let mut story = Story::new();
        for event in events {
            let before = story.group.generation;
            tell(&mut story, event);
            story.sleep(0);
            check(&story);
            prop_assert!(story.group.generation >= before);
        }
        story.release_writes(Ok(()));
        story.sleep(3_600_000);
        check(&story);
        prop_assert!(matches!(story.group.state, GroupState::Empty | GroupState::Dead));
        prop_assert_eq!(story.group.next_deadline(), None);
        let answered = story.replies.len() as u64;
        prop_assert_eq!(answered, story.tickets, "every request has its answer");
    }
}
