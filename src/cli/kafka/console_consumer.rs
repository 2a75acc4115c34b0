//! `kafka-console-consumer`: prints the records of a topic.
//!
//! With `--group` it is a member of that group, and its position is committed. Without, it reads
//! every partition by itself and leaves nothing behind; partitions added later are read from
//! their beginning.

use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use futures::FutureExt;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use strait_client::{ClientConfig, Cluster, Topics};
use strait_io::time::{self, Duration};

use super::brokers::Brokers;
use super::failure::{Failure, conclude};
use super::librdkafka;
use super::message_format::{MessageFormat, Shown, Timestamp};
use super::properties::Properties;
use super::topics_to_read::Selection;

/// How often a consumer without a group looks for new partitions.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Bytes collected before they are written.
const WRITE_BYTES: usize = 64 * 1024;

/// Print the records of a topic
#[derive(Debug, Parser)]
#[command(name = "kafka-console-consumer", no_binary_name = true)]
pub(super) struct Args {
    #[command(flatten)]
    brokers: Brokers,
    /// The topic to read
    #[arg(long, required_unless_present = "include")]
    topic: Option<String>,
    /// A pattern of topics to read; it must match whole names
    #[arg(long, alias = "whitelist", conflicts_with = "topic", value_name = "PATTERN")]
    include: Option<String>,
    /// Read only this partition
    #[arg(long, requires = "topic", conflicts_with = "group")]
    partition: Option<i32>,
    /// Where to start in that partition: earliest, latest or an offset
    #[arg(long, requires = "partition", allow_hyphen_values = true)]
    offset: Option<String>,
    /// Start at the oldest record where no position is committed
    #[arg(long, conflicts_with = "offset")]
    from_beginning: bool,
    /// Stop after this many records
    #[arg(long, value_name = "COUNT")]
    max_messages: Option<u64>,
    /// Stop when no record came for so long
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    /// The group to read as
    #[arg(long)]
    group: Option<String>,
    /// read_committed or read_uncommitted
    #[arg(long, default_value = "read_uncommitted", value_name = "LEVEL")]
    isolation_level: String,
    /// A property of the formatter: print.key, print.timestamp, key.separator, ...
    #[arg(long, value_name = "KEY=VALUE")]
    property: Vec<String>,
    /// The newer name of --property
    #[arg(long, value_name = "KEY=VALUE")]
    formatter_property: Vec<String>,
    /// A property of the consumer
    #[arg(long, value_name = "KEY=VALUE")]
    consumer_property: Vec<String>,
    /// The newer name of --consumer-property
    #[arg(long, value_name = "KEY=VALUE")]
    command_property: Vec<String>,
    /// A file of consumer properties
    #[arg(long = "consumer.config", value_name = "FILE")]
    consumer_config: Option<String>,
    /// A file of formatter properties
    #[arg(long, value_name = "FILE")]
    formatter_config: Option<String>,
    /// Accepted: a record that cannot be printed does not exist here
    #[arg(long)]
    skip_message_on_error: bool,
    /// Accepted; there is no other consumer
    #[arg(long)]
    new_consumer: bool,
}

/// Runs the command.
pub async fn run(args: Vec<String>) -> ExitCode {
    conclude(args, "", async |args: Args| {
        let format = MessageFormat::new(&formatter_properties(&args)?)?;
        let properties = consumer_properties(&args)?;
        let addresses = args.brokers.addresses()?;
        let cluster = properties
            .is_plaintext()
            .then(|| Cluster::new(ClientConfig::new(addresses.join(","), addresses.clone())));
        if let Some(cluster) = &cluster {
            cluster.metadata(Topics::Named(&[])).await?;
        }
        let consumer = consumer(&args, &addresses, &properties)?;
        let selection = Selection::new(args.topic.as_deref(), args.include.as_deref())?;
        let assigned = HashMap::new();
        let mut reading =
            Reading { args, consumer, cluster, selection, assigned, format, printed: 0 };
        let outcome = reading.run().await;
        eprintln!("Processed a total of {} messages", reading.printed);
        outcome
    })
    .await
}

fn formatter_properties(args: &Args) -> Result<Properties, Failure> {
    let file = args.formatter_config.as_deref().map(Properties::load).transpose()?;
    let given = Properties::from_args(&args.property)?;
    let newer = Properties::from_args(&args.formatter_property)?;
    Ok(file.unwrap_or_default().with(given).with(newer))
}

fn consumer_properties(args: &Args) -> Result<Properties, Failure> {
    let files = [&args.brokers.command_config, &args.consumer_config].into_iter().flatten();
    let mut properties = Properties::default();
    for file in files {
        properties = properties.with(Properties::load(file)?);
    }
    let given = Properties::from_args(&args.consumer_property)?;
    Ok(properties.with(given).with(Properties::from_args(&args.command_property)?))
}

fn consumer(
    args: &Args,
    addresses: &[String],
    properties: &Properties,
) -> Result<StreamConsumer, Failure> {
    let mut config = librdkafka::config(addresses, "console-consumer");
    let start = if args.from_beginning { "earliest" } else { "latest" };
    config.set("auto.offset.reset", start).set("isolation.level", &args.isolation_level);
    librdkafka::apply(&mut config, properties);
    // librdkafka wants a group id even where no group is joined.
    config.set("group.id", args.group.as_deref().unwrap_or("console-consumer"));
    config.set("enable.auto.commit", args.group.is_some().to_string());
    Ok(config.create()?)
}

/// A consumer at work.
struct Reading {
    args: Args,
    consumer: StreamConsumer,
    cluster: Option<Cluster>,
    selection: Selection,
    assigned: HashMap<String, i32>,
    format: MessageFormat,
    printed: u64,
}

/// What ends a wait.
enum Event<'a> {
    Message(Result<BorrowedMessage<'a>, KafkaError>),
    Look,
    Stop,
}

impl Reading {
    async fn run(&mut self) -> Result<(), Failure> {
        self.start().await?;
        let mut text = Vec::new();
        let outcome = self.print_all(&mut text).await;
        write(&mut text)?;
        if self.args.group.is_some() {
            // A group without a position yet has nothing to commit.
            let _ = self.consumer.commit_consumer_state(CommitMode::Sync);
        }
        outcome
    }

    async fn start(&mut self) -> Result<(), Failure> {
        match (&self.args.group, self.args.partition) {
            (Some(_), _) => self.subscribe(),
            (None, Some(partition)) => {
                let topic = self.args.topic.as_deref().expect("--partition requires --topic");
                self.assign(topic, partition, self.start_offset()?)
            }
            (None, None) => {
                let start = self.start_offset()?;
                self.look_for_partitions(start).await?;
                if self.assigned.is_empty() {
                    eprintln!("no such topic yet; waiting for it");
                }
                Ok(())
            }
        }
    }

    fn subscribe(&self) -> Result<(), Failure> {
        Ok(self.consumer.subscribe(&[&self.selection.subscription()])?)
    }

    fn start_offset(&self) -> Result<Offset, Failure> {
        let default = if self.args.from_beginning { "earliest" } else { "latest" };
        match self.args.offset.as_deref().unwrap_or(default) {
            "earliest" => Ok(Offset::Beginning),
            "latest" => Ok(Offset::End),
            number => match number.parse::<i64>() {
                Ok(offset) if offset >= 0 => Ok(Offset::Offset(offset)),
                _ => Err(Failure::Usage(format!(
                    "--offset {number} is neither earliest, latest nor an offset"
                ))),
            },
        }
    }

    fn assign(&self, topic: &str, partition: i32, offset: Offset) -> Result<(), Failure> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, offset)?;
        Ok(self.consumer.incremental_assign(&list)?)
    }

    /// Assigns the partitions that are not assigned yet, from `offset` on.
    async fn look_for_partitions(&mut self, offset: Offset) -> Result<(), Failure> {
        for (topic, count) in
            self.selection.partition_counts(self.cluster.as_ref(), &self.consumer).await?
        {
            let known = self.assigned.get(&topic).copied().unwrap_or(0);
            for partition in known..count {
                self.assign(&topic, partition, offset)?;
            }
            self.assigned.insert(topic, count.max(known));
        }
        Ok(())
    }

    async fn print_all(&mut self, text: &mut Vec<u8>) -> Result<(), Failure> {
        let mut stop = std::pin::pin!(stop_signal());
        let mut look = time::interval(LOOK_EVERY);
        look.tick().await;
        let own_partitions = self.args.group.is_none() && self.args.partition.is_none();
        while self.args.max_messages.is_none_or(|max| self.printed < max) {
            let event = match self.consumer.recv().now_or_never() {
                Some(message) => Event::Message(message),
                None if !write(text)? => Event::Stop,
                None => {
                    tokio::select! {
                        message = self.consumer.recv() => Event::Message(message),
                        _ = look.tick(), if own_partitions => Event::Look,
                        () = &mut stop => Event::Stop,
                        () = quiet(self.args.timeout_ms) => Event::Stop,
                    }
                }
            };
            match event {
                Event::Message(Ok(message)) => {
                    self.format.write(&shown(&message), text);
                    self.printed += 1;
                }
                Event::Message(Err(error)) => passing(error)?,
                Event::Look => self.look_for_partitions(Offset::Beginning).await?,
                Event::Stop => break,
            }
            if text.len() >= WRITE_BYTES && !write(text)? {
                break;
            }
        }
        Ok(())
    }
}

/// Ends on Ctrl-C and on SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).expect("the runtime handles signals");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// Ends after this much quiet; never without a limit.
async fn quiet(limit_ms: Option<u64>) {
    match limit_ms {
        Some(ms) => time::sleep(Duration::from_millis(ms)).await,
        None => std::future::pending().await,
    }
}

/// Tells errors that librdkafka gets over by itself, and returns the others.
fn passing(error: KafkaError) -> Result<(), Failure> {
    let fatal = [
        RDKafkaErrorCode::TopicAuthorizationFailed,
        RDKafkaErrorCode::GroupAuthorizationFailed,
        RDKafkaErrorCode::UnknownPartition,
        RDKafkaErrorCode::Fatal,
    ];
    match error.rdkafka_error_code() {
        Some(code) if !fatal.contains(&code) => {
            eprintln!("{error}");
            Ok(())
        }
        _ => Err(error.into()),
    }
}

fn shown<'a>(message: &'a BorrowedMessage<'_>) -> Shown<'a> {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Shown {
        timestamp: match message.timestamp() {
            rdkafka::Timestamp::NotAvailable => Timestamp::None,
            rdkafka::Timestamp::CreateTime(ms) => Timestamp::Create(ms),
            rdkafka::Timestamp::LogAppendTime(ms) => Timestamp::LogAppend(ms),
        },
        partition: message.partition(),
        offset: message.offset(),
        headers: headers.map(|header| (header.key, header.value)).collect(),
        key: message.key(),
        value: message.payload(),
    }
}

/// Writes what has been collected; `false` when the reader has gone away (`| head`).
fn write(text: &mut Vec<u8>) -> Result<bool, Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.flush());
    text.clear();
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Io { what: "standard output".to_owned(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_command_lines_parse() {
        let parse = |line: &str| Args::try_parse_from(line.split(' '));
        assert!(parse("--bootstrap-server a:1 --topic t --from-beginning --new-consumer").is_ok());
        assert!(parse("--zookeeper z:2181 --topic t --partition 0 --offset -1").is_ok());
        assert!(parse("--bootstrap-server a:1 --whitelist ord.* --group g").is_ok());
        assert!(parse("--bootstrap-server a:1").is_err(), "no topic");
        assert!(parse("--bootstrap-server a:1 --topic t --offset 3").is_err(), "no partition");
    }
}
