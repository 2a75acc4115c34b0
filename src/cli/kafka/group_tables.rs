//! The tables of `kafka-consumer-groups`. Pure; columns are those of the 4.1 tools.

use strait_client::admin::{DescribedGroup, DescribedMember, ListedGroup};

use super::consumer_protocol::assignment;
use super::table::{Table, Width};

/// "Nothing to say."
const NONE: &str = "-";

/// One partition of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupPartition {
    pub topic: String,
    pub partition: i32,
    pub leader_epoch: Option<i32>,
    pub current: Option<i64>,
    pub end: Option<i64>,
    pub owner: Option<Owner>,
}

/// The member that reads a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub consumer_id: String,
    pub host: String,
    pub client_id: String,
}

/// What to list beside the names of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListColumns {
    pub kind: bool,
    pub state: bool,
}

/// `--list`, with `--state` or `--type`.
pub(super) fn list(groups: &[ListedGroup], columns: ListColumns) -> String {
    if !columns.kind && !columns.state {
        return groups.iter().map(|group| format!("{}\n", group.group)).collect();
    }
    let longest = groups.iter().map(|group| group.group.chars().count()).max().unwrap_or(0);
    let mut heads = vec![("GROUP", Width::Fixed(longest.max(15) + 10))];
    heads.extend(columns.kind.then_some(("TYPE", Width::Fixed(20))));
    heads.extend(columns.state.then_some(("STATE", Width::Fixed(20))));
    let mut table = Table::new(heads);
    for group in groups {
        let mut row = vec![group.group.clone()];
        row.extend(columns.kind.then(|| capitalised(&group.kind)));
        row.extend(columns.state.then(|| group.state.clone()));
        table.row(row);
    }
    table.render()
}

/// `--describe`; nothing for a group that reads nothing.
pub(super) fn offsets(group: &str, partitions: &[GroupPartition], verbose: bool) -> String {
    if partitions.is_empty() {
        return String::new();
    }
    let mut heads = vec![
        ("GROUP", Width::AtLeast(15)),
        ("TOPIC", Width::AtLeast(15)),
        ("PARTITION", Width::Fixed(10)),
    ];
    heads.extend(verbose.then_some(("LEADER-EPOCH", Width::Fixed(15))));
    heads.extend([
        ("CURRENT-OFFSET", Width::Fixed(15)),
        ("LOG-END-OFFSET", Width::Fixed(15)),
        ("LAG", Width::Fixed(15)),
        ("CONSUMER-ID", Width::AtLeast(15)),
        ("HOST", Width::AtLeast(15)),
        ("CLIENT-ID", Width::Free),
    ]);
    let mut table = Table::new(heads);
    for p in partitions {
        let mut row = vec![group.to_owned(), p.topic.clone(), p.partition.to_string()];
        row.extend(verbose.then(|| or_none(p.leader_epoch)));
        let lag = p.current.zip(p.end).map(|(current, end)| (end - current).max(0));
        row.extend([or_none(p.current), or_none(p.end), or_none(lag)]);
        let owner = p.owner.as_ref();
        row.push(owner.map_or(NONE.to_owned(), |owner| owner.consumer_id.clone()));
        row.push(owner.map_or(NONE.to_owned(), |owner| owner.host.clone()));
        row.push(owner.map_or(NONE.to_owned(), |owner| owner.client_id.clone()));
        table.row(row);
    }
    format!("\n{}", table.render())
}

/// `--describe --members`.
pub(super) fn members(group: &DescribedGroup, verbose: bool) -> String {
    let mut heads = vec![("GROUP", Width::AtLeast(15)), ("CONSUMER-ID", Width::AtLeast(15))];
    let named = group.members.iter().any(|member| member.instance_id.is_some());
    heads.extend(named.then_some(("GROUP-INSTANCE-ID", Width::AtLeast(17))));
    heads.extend([
        ("HOST", Width::AtLeast(15)),
        ("CLIENT-ID", Width::AtLeast(15)),
        ("#PARTITIONS", Width::Fixed(15)),
    ]);
    if verbose {
        heads.extend([
            ("CURRENT-EPOCH", Width::Fixed(15)),
            ("CURRENT-ASSIGNMENT", Width::AtLeast(20)),
            ("TARGET-EPOCH", Width::Fixed(15)),
            ("TARGET-ASSIGNMENT", Width::Fixed(20)),
        ]);
    }
    let mut table = Table::new(heads);
    for member in by_share(group) {
        table.row(member_row(&group.group, member, named, verbose));
    }
    let table = if verbose { table } else { table.ending_in_space() };
    format!("\n{}", table.render())
}

fn member_row(group: &str, member: &DescribedMember, named: bool, verbose: bool) -> Vec<String> {
    let assigned = assignment(&member.assignment);
    let count: usize = assigned.iter().map(|(_, partitions)| partitions.len()).sum();
    let mut row = vec![group.to_owned(), member.member_id.clone()];
    row.extend(named.then(|| or_none(member.instance_id.as_deref())));
    row.extend([member.host.clone(), member.client_id.clone(), count.to_string()]);
    if verbose {
        let topics = assigned.iter().map(|(topic, partitions)| {
            let ids: Vec<String> = partitions.iter().map(i32::to_string).collect();
            format!("{topic}:{}", ids.join(","))
        });
        let topics = topics.collect::<Vec<_>>().join(";");
        let current = if topics.is_empty() { NONE.to_owned() } else { topics };
        // Only groups of the newer protocol have epochs and a target that differs.
        row.extend([NONE.to_owned(), current, NONE.to_owned(), NONE.to_owned()]);
    }
    row
}

/// `--describe --state`.
pub(super) fn state(group: &DescribedGroup, coordinator: &str) -> String {
    let mut table = Table::new([
        ("GROUP", Width::AtLeast(15)),
        ("COORDINATOR (ID)", Width::AtLeast(25)),
        ("ASSIGNMENT-STRATEGY", Width::Fixed(20)),
        ("STATE", Width::Fixed(20)),
        ("#MEMBERS", Width::Free),
    ]);
    let strategy = Some(group.protocol.as_str()).filter(|protocol| !protocol.is_empty());
    table.row(vec![
        group.group.clone(),
        format!("{coordinator}  ({})", group.coordinator),
        or_none(strategy),
        group.state.clone(),
        group.members.len().to_string(),
    ]);
    format!("\n{}", table.render())
}

/// `--reset-offsets`.
pub(super) fn new_offsets<'a>(rows: impl Iterator<Item = (&'a str, &'a str, i32, i64)>) -> String {
    let mut table = Table::new([
        ("GROUP", Width::Fixed(30)),
        ("TOPIC", Width::Fixed(30)),
        ("PARTITION", Width::Fixed(10)),
        ("NEW-OFFSET", Width::Fixed(15)),
    ]);
    for (group, topic, partition, offset) in rows {
        let values =
            [group.to_owned(), topic.to_owned(), partition.to_string(), offset.to_string()];
        table.row(values.to_vec());
    }
    format!("\n{}", table.render())
}

/// Members by how much they read, most first.
pub(super) fn by_share(group: &DescribedGroup) -> Vec<&DescribedMember> {
    let share = |member: &DescribedMember| -> usize {
        assignment(&member.assignment).iter().map(|(_, partitions)| partitions.len()).sum()
    };
    let mut members: Vec<_> = group.members.iter().collect();
    members.sort_by(|a, b| share(b).cmp(&share(a)).then_with(|| a.member_id.cmp(&b.member_id)));
    members
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or(NONE.to_owned(), |value| value.to_string())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strait_wire::Bytes;

    // What Apache Kafka 4.1.1's own tools printed of the same groups.
    const DESCRIBE_LIVE: &str = include_str!("golden/describe-live.txt");
    const DESCRIBE_READERS: &str = include_str!("golden/describe-readers.txt");
    const LIST_STATE: &str = include_str!("golden/list-state.txt");
    const LIST_TYPE: &str = include_str!("golden/list-type.txt");
    const MEMBERS: &str = include_str!("golden/members.txt");
    const MEMBERS_VERBOSE: &str = include_str!("golden/members-verbose.txt");
    const RESET: &str = include_str!("golden/reset.txt");
    const STATE: &str = include_str!("golden/state.txt");

    const CONSUMER: &str = "console-consumer-4e5afeee-fb0e-4b6e-a0be-1ee4377ed2b3";

    fn group() -> DescribedGroup {
        let mut bytes = vec![0, 3, 0, 0, 0, 1, 0, 6];
        bytes.extend(b"orders");
        bytes.extend([0, 0, 0, 4]);
        (0..4u32).for_each(|partition| bytes.extend(partition.to_be_bytes()));
        let member = DescribedMember {
            member_id: CONSUMER.to_owned(),
            instance_id: None,
            client_id: "console-consumer".to_owned(),
            host: "/127.0.0.1".to_owned(),
            metadata: Bytes::new(),
            assignment: bytes.into(),
        };
        DescribedGroup {
            group: "live".to_owned(),
            state: "Stable".to_owned(),
            protocol_type: "consumer".to_owned(),
            protocol: "range".to_owned(),
            members: vec![member],
            coordinator: 1,
        }
    }

    fn partition(partition: i32, current: i64, end: i64, owner: Option<&Owner>) -> GroupPartition {
        GroupPartition {
            topic: "orders".to_owned(),
            partition,
            leader_epoch: None,
            current: Some(current),
            end: Some(end),
            owner: owner.cloned(),
        }
    }

    #[test]
    fn a_group_with_a_member_looks_as_kafka_prints_it() {
        let owner = Owner {
            consumer_id: CONSUMER.to_owned(),
            host: "/127.0.0.1".to_owned(),
            client_id: "console-consumer".to_owned(),
        };
        let ends = [2, 4, 1, 3].into_iter().zip(0..);
        let rows: Vec<_> = ends.map(|(end, p)| partition(p, end, end, Some(&owner))).collect();
        assert_eq!(offsets("live", &rows, false), DESCRIBE_LIVE);
        assert_eq!(offsets("live", &[], false), "");
    }

    #[test]
    fn a_group_without_members_has_dashes() {
        let rows = [partition(0, 1, 2, None), partition(1, 4, 4, None), partition(3, 2, 3, None)];
        assert_eq!(offsets("readers", &rows, false), DESCRIBE_READERS);
    }

    #[test]
    fn members_and_states_look_as_kafka_prints_them() {
        assert_eq!(members(&group(), false), MEMBERS);
        assert_eq!(members(&group(), true), MEMBERS_VERBOSE);
        assert_eq!(state(&group(), "127.0.0.1:29190"), STATE);
    }

    #[test]
    fn lists_look_as_kafka_prints_them() {
        // The listing this was taken from had a longer name in it.
        let listed = |group: &str, state: &str| ListedGroup {
            group: group.to_owned(),
            protocol_type: "consumer".to_owned(),
            state: state.to_owned(),
            kind: "classic".to_owned(),
        };
        let groups = [
            listed("readers", "Empty"),
            listed("live", "Stable"),
            listed("console-consumer-51895", "Empty"),
        ];
        let but_the_last =
            |text: String| text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
        let by_state = list(&groups, ListColumns { kind: false, state: true });
        assert_eq!(but_the_last(by_state), LIST_STATE);
        let by_kind = list(&groups, ListColumns { kind: true, state: false });
        assert_eq!(but_the_last(by_kind), LIST_TYPE);
        let names = list(&groups, ListColumns { kind: false, state: false });
        assert_eq!(names, "readers\nlive\nconsole-consumer-51895\n");
    }

    #[test]
    fn new_offsets_look_as_kafka_prints_them() {
        let rows = [("readers", "orders", 1, 3), ("readers", "orders", 2, 0)];
        assert_eq!(new_offsets(rows.into_iter()), RESET);
    }
}
