//! `kafka-consumer-groups --reset-offsets`: a plan, shown, and carried out with `--execute`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use strait_client::admin::{OffsetCommit, OffsetSpec};
use strait_client::{Cluster, TopicPartition, Topics};
use strait_io::{fs, time};
use strait_wire::ErrorCode;

use super::consumer_groups::{Args, Reset, committed_offsets, named_groups};
use super::failure::Failure;
use super::instants::{datetime_ms, duration_ms};
use super::{group_tables, print};

const NO_SCENARIO: &str = "--reset-offsets needs one of --to-earliest, --to-latest, --to-current, \
    --to-offset, --shift-by, --to-datetime, --by-duration, --from-file";

/// A group's new positions.
type Plan = BTreeMap<TopicPartition, i64>;
/// New positions by group.
type Plans = BTreeMap<String, Plan>;

/// Runs the action.
pub(super) async fn run(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let reset = &args.reset;
    if !reset.execute && !reset.dry_run && !reset.export {
        eprintln!("WARN: No action will be performed as the --execute option is missing.");
    }
    let mut plans = Plans::new();
    for group in named_groups(cluster, args, "--reset-offsets").await? {
        require_inactive(cluster, &group).await?;
        let plan = plan(cluster, &group, reset).await?;
        if reset.execute {
            commit(cluster, &group, &plan).await?;
        }
        plans.insert(group, plan);
    }
    print(&if reset.export { csv(&plans) } else { table(&plans) });
    Ok(())
}

/// Members would overwrite what is committed here.
async fn require_inactive(cluster: &Cluster, group: &str) -> Result<(), Failure> {
    let described = cluster.describe_groups(&[group]).await;
    for (_, outcome) in described {
        match outcome {
            Ok(found) if matches!(found.state.as_str(), "Empty" | "Dead") => {}
            Ok(found) => {
                return Err(Failure::Said(format!(
                    "Assignments can only be reset if the group '{group}' is inactive, \
                     but the current state is {}.",
                    found.state
                )));
            }
            Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn plan(cluster: &Cluster, group: &str, reset: &Reset) -> Result<Plan, Failure> {
    if let Some(path) = &reset.from_file {
        let text = fs::read_to_string(Path::new(path))
            .map_err(|error| Failure::Io { what: path.clone(), error })?;
        return in_range(cluster, from_csv(&text, group)?).await;
    }
    let committed = committed_offsets(cluster, group).await?;
    let current: Plan = committed.into_iter().map(|(p, position)| (p, position.offset)).collect();
    let partitions = match reset.all_topics {
        true => current.keys().cloned().collect(),
        false => partitions(cluster, &reset.topic).await?,
    };
    let to = |offset: i64| partitions.iter().map(|p| (p.clone(), offset)).collect::<Plan>();
    if reset.to_earliest {
        listed(cluster, &partitions, OffsetSpec::Earliest).await
    } else if reset.to_latest {
        listed(cluster, &partitions, OffsetSpec::Latest).await
    } else if let Some(offset) = reset.to_offset {
        in_range(cluster, to(offset)).await
    } else if let Some(count) = reset.shift_by {
        in_range(cluster, shifted(&current, &partitions, count)?).await
    } else if let Some(timestamp) = timestamp(reset)? {
        listed(cluster, &partitions, OffsetSpec::At(timestamp)).await
    } else if reset.to_current {
        let mut plan = listed(cluster, &partitions, OffsetSpec::Latest).await?;
        plan.iter_mut()
            .for_each(|(p, offset)| *offset = current.get(p).copied().unwrap_or(*offset));
        Ok(plan)
    } else {
        Err(Failure::Usage(NO_SCENARIO.to_owned()))
    }
}

/// The time a scenario names.
fn timestamp(reset: &Reset) -> Result<Option<i64>, Failure> {
    let (given, read) = match (&reset.to_datetime, &reset.by_duration) {
        (Some(text), _) => (text, datetime_ms(text)),
        (None, Some(text)) => (text, duration_ms(text).map(|ms| time::wall_ms() - ms)),
        (None, None) => return Ok(None),
    };
    let wanted = "a time like 2024-01-31T12:00:00.000 or a duration like P1DT2H";
    read.map(Some).ok_or_else(|| Failure::Usage(format!("`{given}` is not {wanted}")))
}

fn shifted(current: &Plan, partitions: &[TopicPartition], count: i64) -> Result<Plan, Failure> {
    let shift = |partition: &TopicPartition| match current.get(partition) {
        Some(offset) => Ok((partition.clone(), offset.saturating_add(count))),
        None => Err(Failure::Said(format!(
            "Cannot shift offset for partition {partition} \
             since there is no current committed offset"
        ))),
    };
    partitions.iter().map(shift).collect()
}

/// The partitions that `--topic` names: `topic`, or `topic:0,1`.
async fn partitions(cluster: &Cluster, topics: &[String]) -> Result<Vec<TopicPartition>, Failure> {
    if topics.is_empty() {
        let message = "--reset-offsets needs --all-topics or --topic";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut all = Vec::new();
    for argument in topics {
        match argument.split_once(':') {
            Some((topic, list)) => all.extend(listed_partitions(argument, topic, list)?),
            None => {
                let view = cluster.metadata(Topics::Named(&[argument])).await?;
                let found = view
                    .topic(argument)
                    .ok_or_else(|| Failure::Said(format!("Topic '{argument}' does not exist")))?;
                let partitions = found.partitions.iter();
                all.extend(partitions.map(|p| TopicPartition::new(argument, p.partition)));
            }
        }
    }
    Ok(all)
}

fn listed_partitions(
    argument: &str,
    topic: &str,
    list: &str,
) -> Result<Vec<TopicPartition>, Failure> {
    let partition = |text: &str| match text.trim().parse() {
        Ok(partition) => Ok(TopicPartition::new(topic, partition)),
        Err(_) => Err(Failure::Usage(format!(
            "Invalid partition '{text}' specified in topic arg '{argument}'"
        ))),
    };
    list.split(',').map(partition).collect()
}

/// Offsets as the brokers list them; where no record is that young, the end.
async fn listed(
    cluster: &Cluster,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
) -> Result<Plan, Failure> {
    let asks: Vec<_> = partitions.iter().map(|p| (p.clone(), spec)).collect();
    let mut plan = Plan::new();
    let mut without = Vec::new();
    for (partition, listed) in cluster.list_offsets(&asks).await {
        match listed?.offset {
            Some(offset) => drop(plan.insert(partition, offset)),
            None => without.push((partition, OffsetSpec::Latest)),
        }
    }
    for (partition, listed) in cluster.list_offsets(&without).await {
        eprintln!(
            "\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.",
            partition.partition, partition.topic
        );
        plan.insert(partition, listed?.offset.unwrap_or(0));
    }
    Ok(plan)
}

/// The plan with every offset inside its log.
async fn in_range(cluster: &Cluster, mut plan: Plan) -> Result<Plan, Failure> {
    let partitions: Vec<TopicPartition> = plan.keys().cloned().collect();
    let starts = listed(cluster, &partitions, OffsetSpec::Earliest).await?;
    let ends = listed(cluster, &partitions, OffsetSpec::Latest).await?;
    for (partition, offset) in &mut plan {
        let limits = starts.get(partition).zip(ends.get(partition));
        let (start, end) = limits.expect("every partition was listed, or the listing failed");
        let (side, limit) = match *offset {
            low if low < *start => ("lower than earliest", *start),
            high if high > *end => ("higher than latest", *end),
            _ => continue,
        };
        eprintln!(
            "WARN: New offset ({offset}) is {side} offset for topic partition {partition}. \
             Value will be set to {limit}"
        );
        *offset = limit;
    }
    Ok(plan)
}

async fn commit(cluster: &Cluster, group: &str, plan: &Plan) -> Result<(), Failure> {
    let commits = plan.iter().map(|(partition, offset)| OffsetCommit {
        partition: partition.clone(),
        offset: *offset,
        leader_epoch: -1,
        metadata: None,
    });
    let commits: Vec<OffsetCommit> = commits.collect();
    for (_, outcome) in cluster.commit_offsets(group, &commits).await? {
        outcome?;
    }
    Ok(())
}

fn table(plans: &Plans) -> String {
    let rows = plans.iter().flat_map(|(group, plan)| {
        plan.iter().map(|(p, offset)| (group.as_str(), p.topic.as_str(), p.partition, *offset))
    });
    group_tables::new_offsets(rows)
}

/// With the group in front only where there are several.
fn csv(plans: &Plans) -> String {
    let lines = plans.iter().flat_map(|(group, plan)| {
        let prefix = if plans.len() > 1 { format!("{group},") } else { String::new() };
        plan.iter()
            .map(move |(p, offset)| format!("{prefix}{},{},{offset}\n", p.topic, p.partition))
    });
    lines.collect::<String>() + "\n"
}

/// The lines of a file that are about this group; lines without a group are about every group.
fn from_csv(text: &str, group: &str) -> Result<Plan, Failure> {
    let mut plan = HashMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let fields: Vec<&str> =
            line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        let (topic, partition, offset) = match fields[..] {
            [topic, partition, offset] => (topic, partition, offset),
            [owner, ..] if fields.len() == 4 && owner != group => continue,
            [_, topic, partition, offset] => (topic, partition, offset),
            _ => return Err(unreadable(line)),
        };
        let (Ok(partition), Ok(offset)) = (partition.parse(), offset.parse()) else {
            return Err(unreadable(line));
        };
        plan.insert(TopicPartition::new(topic, partition), offset);
    }
    match plan.is_empty() {
        true => Err(Failure::Said(format!("No reset plan for group {group} found"))),
        false => Ok(plan.into_iter().collect()),
    }
}

fn unreadable(line: &str) -> Failure {
    Failure::Said(format!("`{line}` is not TOPIC,PARTITION,OFFSET or GROUP,TOPIC,PARTITION,OFFSET"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(entries: &[(&str, i32, i64)]) -> Plan {
        entries.iter().map(|(t, p, offset)| (TopicPartition::new(*t, *p), *offset)).collect()
    }

    #[test]
    fn what_is_exported_can_be_read_back() {
        let one = plan(&[("orders", 0, 1), ("orders", 1, 2)]);
        let exported = csv(&Plans::from([("g".to_owned(), one.clone())]));
        assert_eq!(exported, "orders,0,1\norders,1,2\n\n");
        assert_eq!(from_csv(&exported, "g").expect("our own lines"), one);
        let other = plan(&[("pay", 0, 9)]);
        let both = Plans::from([("g".to_owned(), one.clone()), ("h".to_owned(), other.clone())]);
        assert_eq!(from_csv(&csv(&both), "g").expect("our own lines"), one);
        assert_eq!(from_csv(&csv(&both), "h").expect("our own lines"), other);
        assert!(from_csv(&csv(&both), "x").is_err());
        assert!(from_csv("orders,zero,1", "g").is_err());
    }

    #[test]
    fn only_committed_positions_shift() {
        let current = plan(&[("t", 0, 5)]);
        let partitions = [TopicPartition::new("t", 0)];
        assert_eq!(shifted(&current, &partitions, -2).expect("committed"), plan(&[("t", 0, 3)]));
        assert!(shifted(&current, &[TopicPartition::new("t", 1)], -2).is_err());
    }

    #[test]
    fn partitions_are_listed_behind_a_colon() {
        let listed = listed_partitions("t:0,2", "t", "0,2").expect("numbers");
        assert_eq!(listed, [TopicPartition::new("t", 0), TopicPartition::new("t", 2)]);
        assert!(listed_partitions("t:x", "t", "x").is_err());
    }
}
