//! `kafka-topics`: create, list, describe, widen and delete topics.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Parser};
use regex::Regex;
use strait_client::admin::{ConfigEntry, NewTopic, Resource};
use strait_client::{Cluster, Each, TopicView, Topics};
use strait_wire::ErrorCode;

use super::brokers::Brokers;
use super::failure::{Failure, conclude};
use super::print;
use super::topic_lines::{self, Show};

const COLLISION: &str = "WARNING: Due to limitations in metric names, topics with a period ('.') \
    or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n";

/// Create, list, describe, widen and delete topics
#[derive(Debug, Parser)]
#[command(name = "kafka-topics", no_binary_name = true)]
#[command(group(ArgGroup::new("action").required(true)))]
pub(super) struct Args {
    #[command(flatten)]
    brokers: Brokers,
    /// Create a topic
    #[arg(long, group = "action")]
    create: bool,
    /// List the names of topics
    #[arg(long, group = "action")]
    list: bool,
    /// Show the partitions of topics
    #[arg(long, group = "action")]
    describe: bool,
    /// Add partitions to topics
    #[arg(long, group = "action")]
    alter: bool,
    /// Delete topics
    #[arg(long, group = "action")]
    delete: bool,
    /// The topic; for all but --create a pattern that must match the whole name
    #[arg(long)]
    topic: Option<String>,
    /// How many partitions
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// How many replicas each partition has
    #[arg(long, value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// The brokers of each partition, as 1:2,2:3 for two partitions of two replicas
    #[arg(long, value_name = "BROKERS", conflicts_with_all = ["partitions", "replication_factor"])]
    replica_assignment: Option<String>,
    /// A setting of the new topic
    #[arg(long, value_name = "NAME=VALUE")]
    config: Vec<String>,
    /// Do nothing if the topic exists
    #[arg(long)]
    if_not_exists: bool,
    /// Do nothing if the topic does not exist
    #[arg(long)]
    if_exists: bool,
    /// Leave out Kafka's own topics
    #[arg(long)]
    exclude_internal: bool,
    /// Show only topics with settings of their own
    #[arg(long)]
    topics_with_overrides: bool,
    /// Show only partitions that miss replicas in their ISR
    #[arg(long)]
    under_replicated_partitions: bool,
    /// Show only partitions without a leader
    #[arg(long)]
    unavailable_partitions: bool,
    /// Accepted; replicas are placed by the cluster
    #[arg(long)]
    disable_rack_aware: bool,
    /// Accepted; nothing is asked
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub async fn run(args: Vec<String>) -> ExitCode {
    conclude(args, "Error while executing topic command : ", async |args: Args| {
        let cluster = args.brokers.cluster()?;
        if args.create {
            create(&cluster, &args).await
        } else if args.list {
            list(&cluster, &args).await
        } else if args.describe {
            describe(&cluster, &args).await
        } else if args.alter {
            alter(&cluster, &args).await
        } else {
            delete(&cluster, &args).await
        }
    })
    .await
}

async fn create(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let topic = new_topic(args)?;
    let name = topic.name.clone();
    if name.contains(['.', '_']) {
        print(COLLISION);
    }
    for (_, outcome) in cluster.create_topics(&[topic], false).await? {
        match outcome {
            Err(error)
                if args.if_not_exists && error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => {}
            outcome => {
                outcome?;
                print(&format!("Created topic {name}.\n"));
            }
        }
    }
    Ok(())
}

fn new_topic(args: &Args) -> Result<NewTopic, Failure> {
    let missing = || Failure::Usage("--create needs --topic".to_owned());
    let configs = args.config.iter().map(|config| {
        let pair = config.split_once('=').map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()));
        pair.ok_or_else(|| {
            Failure::Usage(format!("--config {config} is not of the form name=value"))
        })
    });
    Ok(NewTopic {
        name: args.topic.clone().ok_or_else(missing)?,
        partitions: args.partitions,
        replication_factor: args.replication_factor,
        assignments: assignments(args.replica_assignment.as_deref().unwrap_or_default())?,
        configs: configs.collect::<Result<_, _>>()?,
    })
}

/// Reads `1:2,2:3`: partitions by commas, brokers by colons.
fn assignments(text: &str) -> Result<Vec<Vec<i32>>, Failure> {
    let partitions = text.split(',').filter(|part| !part.is_empty());
    let brokers = partitions.map(|part| part.split(':').map(|id| id.trim().parse()).collect());
    brokers.collect::<Result<_, _>>().map_err(|_| {
        Failure::Usage(format!("--replica-assignment {text} is not of the form 1:2,2:3"))
    })
}

async fn list(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let mut text = String::new();
    for topic in selected(cluster, args).await? {
        text.push_str(&topic.name);
        text.push('\n');
    }
    print(&text);
    Ok(())
}

async fn describe(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let topics = selected(cluster, args).await?;
    require_some(&topics, args)?;
    let resources: Vec<_> = topics.iter().map(|t| Resource::Topic(t.name.clone())).collect();
    let described = cluster.describe_configs(&resources).await?.into_iter();
    // A topic deleted meanwhile, or one whose settings we may not read, is shown without them.
    let mut configs: HashMap<Resource, Vec<ConfigEntry>> =
        described.filter_map(|(resource, entries)| Some((resource, entries.ok()?))).collect();
    let show = Show {
        only_overridden: args.topics_with_overrides,
        only_under_replicated: args.under_replicated_partitions,
        only_unavailable: args.unavailable_partitions,
    };
    let mut text = String::new();
    for (topic, resource) in topics.iter().zip(&resources) {
        let entries = configs.remove(resource).unwrap_or_default();
        text.push_str(&topic_lines::describe(topic, &entries, show));
    }
    print(&text);
    Ok(())
}

async fn alter(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    if !args.config.is_empty() {
        return Err(Failure::Usage("settings are changed by kafka-configs --alter".to_owned()));
    }
    let Some(partitions) = args.partitions else {
        return Err(Failure::Usage("--alter needs --partitions".to_owned()));
    };
    let topics = named(cluster, args, "--alter").await?;
    let counts: Vec<_> = topics.iter().map(|topic| (topic.name.as_str(), partitions)).collect();
    every(cluster.create_partitions(&counts, false).await?)
}

async fn delete(cluster: &Cluster, args: &Args) -> Result<(), Failure> {
    let topics = named(cluster, args, "--delete").await?;
    let names: Vec<_> = topics.iter().map(|topic| topic.name.as_str()).collect();
    match names.is_empty() {
        true => Ok(()),
        false => every(cluster.delete_topics(&names).await?),
    }
}

/// The topics an action that needs `--topic` is about.
async fn named(
    cluster: &Cluster,
    args: &Args,
    action: &str,
) -> Result<Vec<Arc<TopicView>>, Failure> {
    if args.topic.is_none() {
        return Err(Failure::Usage(format!("{action} needs --topic")));
    }
    let topics = selected(cluster, args).await?;
    require_some(&topics, args)?;
    Ok(topics)
}

/// The topics whose whole name matches, in the order of their names.
async fn selected(cluster: &Cluster, args: &Args) -> Result<Vec<Arc<TopicView>>, Failure> {
    let view = cluster.metadata(Topics::All).await?;
    let pattern = args.topic.as_deref().map(whole_name).transpose()?;
    let matches = |topic: &&Arc<TopicView>| {
        let internal = topic.internal || topic.name.starts_with("__");
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(&topic.name))
            && !(args.exclude_internal && internal)
    };
    Ok(view.topics.values().filter(matches).cloned().collect())
}

/// A topic list as Kafka reads it: a pattern for the whole name, with commas for `|`.
fn whole_name(list: &str) -> Result<Regex, Failure> {
    let alternatives = list.trim().trim_matches(['"', '\'']).replace(',', "|");
    Regex::new(&format!("^(?:{alternatives})$"))
        .map_err(|error| Failure::Usage(format!("--topic {list} is no pattern: {error}")))
}

fn require_some(topics: &[Arc<TopicView>], args: &Args) -> Result<(), Failure> {
    match &args.topic {
        Some(topic) if topics.is_empty() && !args.if_exists => {
            Err(Failure::Said(format!("Topic '{topic}' does not exist as expected")))
        }
        _ => Ok(()),
    }
}

/// Success if all succeeded; every failure but the last is told here, the last by the caller.
fn every(outcomes: Each<String, ()>) -> Result<(), Failure> {
    let mut errors: Vec<_> =
        outcomes.into_iter().filter_map(|(_, outcome)| outcome.err()).collect();
    let last = errors.pop();
    errors.into_iter().for_each(|error| eprintln!("{}", Failure::from(error)));
    last.map_or(Ok(()), |error| Err(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_command_lines_parse() {
        let line = "--create --zookeeper localhost:2181 --replication-factor 3 --partitions 10 \
            --topic t --config retention.ms=1 --if-not-exists";
        let args = Args::try_parse_from(line.split(' ')).expect("Kafka's own line");
        let topic = new_topic(&args).expect("complete");
        assert_eq!((topic.partitions, topic.replication_factor), (Some(10), Some(3)));
        assert!(Args::try_parse_from(["--bootstrap-server", "a:1"]).is_err(), "no action");
        assert!(Args::try_parse_from(["--list", "--create"]).is_err(), "two actions");
    }

    #[test]
    fn patterns_match_whole_names() {
        let pattern = whole_name("ord.*,pay").expect("a pattern");
        assert!(pattern.is_match("orders") && pattern.is_match("pay"));
        assert!(!pattern.is_match("reorders") && !pattern.is_match("payments"));
    }

    #[test]
    fn replicas_are_assigned_by_commas_and_colons() {
        assert_eq!(assignments("1:2,2:3").expect("well formed"), [[1, 2], [2, 3]]);
        assert!(assignments("1:x").is_err());
    }
}
