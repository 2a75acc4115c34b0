//! `kafka-consumer-groups`: list, describe, reset and delete consumer groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::ExitCode;

use clap::{ArgGroup, Args as FlagGroup, Parser};
use strait_client::admin::{CommittedOffset, DescribedGroup, ListedGroup, OffsetSpec};
use strait_client::{ClientError, Cluster, Each, TopicPartition, Topics};
use strait_wire::ErrorCode;

use super::brokers::Brokers;
use super::consumer_protocol::assignment;
use super::failure::{Failure, conclude, words};
use super::group_tables::{self as tables, GroupPartition, ListColumns, Owner, by_share};
use super::{print, reset_offsets};

/// List, describe, reset and delete consumer groups
#[derive(Debug, Parser)]
#[command(name = "kafka-consumer-groups", no_binary_name = true)]
#[command(group(ArgGroup::new("action").required(true)))]
pub(super) struct Args {
    #[command(flatten)]
    brokers: Brokers,
    /// List the names of groups
    #[arg(long, group = "action")]
    list: bool,
    /// Show what groups read, how far they are, and who reads
    #[arg(long, group = "action")]
    describe: bool,
    /// Delete groups without members
    #[arg(long, group = "action")]
    delete: bool,
    /// Move the positions of groups without members
    #[arg(long, group = "action")]
    reset_offsets: bool,
    /// A group; may be given several times
    #[arg(long, conflicts_with = "all_groups")]
    pub(super) group: Vec<String>,
    /// All groups
    #[arg(long)]
    pub(super) all_groups: bool,
    /// With --describe: the members
    #[arg(long, conflicts_with_all = ["offsets", "state"])]
    members: bool,
    /// With --describe: the positions, which is what is shown anyway
    #[arg(long, conflicts_with = "state")]
    offsets: bool,
    /// With --describe: the group as a whole; with --list: its state, or only these states
    #[arg(long, num_args = 0..=1, default_missing_value = "", value_name = "STATES")]
    state: Option<String>,
    /// With --list: the kind of group, or only these kinds
    #[arg(long = "type", num_args = 0..=1, default_missing_value = "", value_name = "TYPES")]
    kind: Option<String>,
    /// Say more
    #[arg(long)]
    verbose: bool,
    /// How long to wait for the group to settle, in milliseconds
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
    #[command(flatten)]
    pub(super) reset: Reset,
}

/// What `--reset-offsets` moves, and to where.
#[derive(Debug, Clone, Default, FlagGroup)]
#[command(group(ArgGroup::new("scenario")))]
pub(super) struct Reset {
    /// A topic, or TOPIC:PARTITION,PARTITION; may be given several times
    #[arg(long, conflicts_with = "all_topics")]
    pub topic: Vec<String>,
    /// Every topic the group has positions in
    #[arg(long)]
    pub all_topics: bool,
    /// To the oldest record
    #[arg(long, group = "scenario")]
    pub to_earliest: bool,
    /// To the end
    #[arg(long, group = "scenario")]
    pub to_latest: bool,
    /// To where it is
    #[arg(long, group = "scenario")]
    pub to_current: bool,
    /// To an offset
    #[arg(long, group = "scenario", value_name = "OFFSET")]
    pub to_offset: Option<i64>,
    /// By a number of records, forward or (negative) back
    #[arg(long, group = "scenario", allow_negative_numbers = true, value_name = "COUNT")]
    pub shift_by: Option<i64>,
    /// To the first record of a time, YYYY-MM-DDTHH:mm:ss.sss
    #[arg(long, group = "scenario", value_name = "TIME")]
    pub to_datetime: Option<String>,
    /// To the first record of so long ago, PnDTnHnMnS
    #[arg(long, group = "scenario", value_name = "DURATION")]
    pub by_duration: Option<String>,
    /// To what a file says: TOPIC,PARTITION,OFFSET or GROUP,TOPIC,PARTITION,OFFSET per line
    #[arg(long, group = "scenario", value_name = "FILE")]
    pub from_file: Option<String>,
    /// Really move
    #[arg(long, conflicts_with = "dry_run")]
    pub execute: bool,
    /// Only show what would move, which is what happens without --execute
    #[arg(long)]
    pub dry_run: bool,
    /// Print lines that --from-file understands
    #[arg(long)]
    pub export: bool,
}

/// Runs the command.
pub async fn run(args: Vec<String>) -> ExitCode {
    conclude(args, "Error: ", async |args: Args| {
        let cluster = args.brokers.cluster()?;
        if args.list {
            list(&cluster, &args).await
        } else if args.describe {
            describe(&cluster, &args).await
        } else if args.delete {
            delete(&cluster, &args).await
        } else {
            reset_offsets::run(&cluster, &args).await
        }
    })
    .await
}

async fn list(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let columns = ListColumns { kind: args.kind.is_some(), state: args.state.is_some() };
    let mut groups = consumer_groups(cluster).await?;
    groups.retain(|group| {
        is_wanted(args.state.as_deref(), &group.state)
            && is_wanted(args.kind.as_deref(), &group.kind)
    });
    print(&tables::list(&groups, columns));
    Ok(())
}

/// Whether a value is among those a flag names; a bare flag names all.
fn is_wanted(flag: Option<&str>, value: &str) -> bool {
    let named = flag.unwrap_or_default();
    named.is_empty() || named.split(',').any(|name| name.trim().eq_ignore_ascii_case(value))
}

/// Groups of consumers: other users of the group protocol (Connect, mirrors) are not listed.
async fn consumer_groups(cluster: &Cluster) -> Result<Vec<ListedGroup>, Failure> {
    let mut groups = cluster.list_groups().await?;
    groups.retain(|group| matches!(group.protocol_type.as_str(), "" | "consumer"));
    Ok(groups)
}

/// The groups that `--group` or `--all-groups` names, sorted.
pub(super) async fn named_groups(
    cluster: &Cluster,
    args: &Args,
    action: &str,
) -> Result<Vec<String>, Failure> {
    if args.all_groups {
        let groups = consumer_groups(cluster).await?;
        return Ok(groups.into_iter().map(|group| group.group).collect());
    }
    if args.group.is_empty() {
        return Err(Failure::Usage(format!("{action} needs --group or --all-groups")));
    }
    let sorted: BTreeSet<String> = args.group.iter().cloned().collect();
    Ok(sorted.into_iter().collect())
}

async fn describe(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let names = named_groups(cluster, args, "--describe").await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut failure = None;
    for (name, outcome) in cluster.describe_groups(&names).await {
        let shown = match outcome {
            Ok(group) if group.state == "Dead" => Err(missing(&name)),
            Ok(group) => describe_one(cluster, args, &group).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = shown
            && let Some(earlier) = failure.replace(error)
        {
            eprintln!("Error: {earlier}");
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn describe_one(
    cluster: &Cluster,
    args: &Args,
    group: &DescribedGroup,
) -> Result<(), Failure> {
    note_state(group);
    if args.members {
        print(&tables::members(group, args.verbose));
    } else if args.state.is_some() {
        print(&tables::state(group, &coordinator_address(cluster, group).await?));
    } else {
        let partitions = group_partitions(cluster, group).await?;
        print(&tables::offsets(&group.group, &partitions, args.verbose));
    }
    Ok(())
}

fn note_state(group: &DescribedGroup) {
    match group.state.as_str() {
        "Empty" => eprintln!("\nConsumer group '{}' has no active members.", group.group),
        "PreparingRebalance" | "CompletingRebalance" => {
            eprintln!("\nWarning: Consumer group '{}' is rebalancing.", group.group);
        }
        _ => {}
    }
}

async fn coordinator_address(cluster: &Cluster, group: &DescribedGroup) -> Result<String, Failure> {
    let view = cluster.metadata(Topics::Named(&[])).await?;
    let address = view.brokers.get(&group.coordinator).map(|broker| broker.address());
    Ok(address.unwrap_or_else(|| "unknown".to_owned()))
}

/// What the group reads: first by member, then what is committed and nobody reads.
async fn group_partitions(
    cluster: &Cluster,
    group: &DescribedGroup,
) -> Result<Vec<GroupPartition>, Failure> {
    let mut owned: Vec<(TopicPartition, Option<Owner>)> = Vec::new();
    for member in by_share(group) {
        let owner = Owner {
            consumer_id: member.instance_id.clone().unwrap_or_else(|| member.member_id.clone()),
            host: member.host.clone(),
            client_id: member.client_id.clone(),
        };
        for (topic, partitions) in assignment(&member.assignment) {
            let assigned = partitions.into_iter().map(|p| TopicPartition::new(&topic, p));
            owned.extend(assigned.map(|partition| (partition, Some(owner.clone()))));
        }
    }
    let committed = committed_offsets(cluster, &group.group).await?;
    let read: BTreeSet<_> = owned.iter().map(|(partition, _)| partition.clone()).collect();
    let idle = committed.keys().filter(|partition| !read.contains(*partition));
    owned.extend(idle.map(|partition| (partition.clone(), None)));
    let ends = end_offsets(cluster, owned.iter().map(|(partition, _)| partition)).await;
    let rows = owned.into_iter().map(|(partition, owner)| {
        let position = committed.get(&partition);
        GroupPartition {
            leader_epoch: position.map(|p| p.leader_epoch).filter(|epoch| *epoch >= 0),
            current: position.map(|p| p.offset),
            end: ends.get(&partition).copied(),
            topic: partition.topic,
            partition: partition.partition,
            owner,
        }
    });
    Ok(rows.collect())
}

/// A group's positions, sorted by partition.
pub(super) async fn committed_offsets(
    cluster: &Cluster,
    group: &str,
) -> Result<BTreeMap<TopicPartition, CommittedOffset>, Failure> {
    let fetched = cluster.fetch_offsets(group, None).await?.into_iter();
    let all: Result<_, ClientError> =
        fetched.map(|(partition, outcome)| Ok((partition, outcome?))).collect();
    Ok(all?)
}

/// The ends of logs; a partition that has no leader, or is gone, has none.
async fn end_offsets<'a>(
    cluster: &Cluster,
    partitions: impl Iterator<Item = &'a TopicPartition>,
) -> HashMap<TopicPartition, i64> {
    let asks: Vec<_> = partitions.map(|p| (p.clone(), OffsetSpec::Latest)).collect();
    let listed = cluster.list_offsets(&asks).await.into_iter();
    listed.filter_map(|(partition, listed)| Some((partition, listed.ok()?.offset?))).collect()
}

async fn delete(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let names = named_groups(cluster, args, "--delete").await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (deleted, failed) = sorted_out(cluster.delete_groups(&names).await);
    if failed.is_empty() {
        print(&format!("Deletion of requested consumer groups ({deleted}) was successful.\n"));
        return Ok(());
    }
    let mut message = "Deletion of some consumer groups failed:".to_owned();
    for (group, reason) in failed {
        message.push_str(&format!("\n* Group '{group}' could not be deleted due to: {reason}"));
    }
    if !deleted.is_empty() {
        let rest = format!("\n\nThese consumer groups were deleted successfully: {deleted}");
        message.push_str(&rest);
    }
    Err(Failure::Said(message))
}

fn sorted_out(outcomes: Each<String, ()>) -> (String, Vec<(String, String)>) {
    let mut deleted = Vec::new();
    let mut failed = Vec::new();
    for (group, outcome) in outcomes {
        match outcome {
            Ok(()) => deleted.push(format!("'{group}'")),
            Err(error) => failed.push((group, reason(&error))),
        }
    }
    (deleted.join(", "), failed)
}

fn reason(error: &ClientError) -> String {
    match error.code() {
        Some(ErrorCode::NON_EMPTY_GROUP) => "the group has members".to_owned(),
        Some(ErrorCode::GROUP_ID_NOT_FOUND) => "there is no such group".to_owned(),
        _ => words(error),
    }
}

fn missing(group: &str) -> Failure {
    Failure::Said(format!("Consumer group '{group}' does not exist."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn flags_with_optional_values_parse() {
        let args = parse("--bootstrap-server a:1 --list --state").expect("a bare --state");
        assert_eq!(args.state.as_deref(), Some(""));
        let args = parse("--bootstrap-server a:1 --list --state Stable,Empty").expect("a filter");
        assert!(is_wanted(args.state.as_deref(), "Empty"));
        assert!(!is_wanted(args.state.as_deref(), "Dead"));
    }

    #[test]
    fn resets_take_one_scenario_and_negative_shifts() {
        let line = "--bootstrap-server a:1 --reset-offsets --group g --topic t:0,1 --shift-by -5";
        assert_eq!(parse(line).expect("Kafka's own line").reset.shift_by, Some(-5));
        assert!(parse(&format!("{line} --to-latest")).is_err(), "two scenarios");
        assert!(parse("--bootstrap-server a:1 --list --describe").is_err(), "two actions");
    }
}
