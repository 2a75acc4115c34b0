//! `kafka-console-producer`: a line of standard input is a record.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use strait_client::Topics;
use strait_io::time::Duration;

use super::brokers::Brokers;
use super::failure::{Failure, conclude};
use super::librdkafka;
use super::line_reader::{LineReader, LineRecord};
use super::properties::Properties;

const QUEUE_FULL_WAIT: Duration = Duration::from_millis(50);

/// Send the lines of standard input as records
#[derive(Debug, Parser)]
#[command(name = "kafka-console-producer", no_binary_name = true)]
pub(super) struct Args {
    #[command(flatten)]
    brokers: Brokers,
    /// The topic to write to
    #[arg(long)]
    topic: String,
    /// none, gzip, snappy, lz4 or zstd; gzip if the flag stands alone
    #[arg(long, num_args = 0..=1, default_missing_value = "gzip", value_name = "CODEC")]
    compression_codec: Option<String>,
    /// A property of the line reader: parse.key, key.separator, parse.headers, null.marker, ...
    #[arg(long = "property", value_name = "KEY=VALUE")]
    property: Vec<String>,
    /// The newer name of --property
    #[arg(long, value_name = "KEY=VALUE")]
    reader_property: Vec<String>,
    /// A property of the producer
    #[arg(long, value_name = "KEY=VALUE")]
    producer_property: Vec<String>,
    /// The newer name of --producer-property
    #[arg(long, value_name = "KEY=VALUE")]
    command_property: Vec<String>,
    /// A file of producer properties
    #[arg(long = "producer.config", value_name = "FILE")]
    producer_config: Option<String>,
    /// A file of line reader properties
    #[arg(long, value_name = "FILE")]
    reader_config: Option<String>,
    /// Wait for each record's acknowledgement before reading the next line
    #[arg(long)]
    sync: bool,
    /// 0, 1, -1 or all
    #[arg(long, allow_hyphen_values = true, value_name = "ACKS")]
    request_required_acks: Option<String>,
    /// Bytes of a batch
    #[arg(long, value_name = "BYTES")]
    batch_size: Option<u32>,
    /// How long a batch waits for more records, in milliseconds
    #[arg(long, value_name = "MS")]
    timeout: Option<u32>,
    /// How often a record is sent again
    #[arg(long, value_name = "TIMES")]
    message_send_max_retries: Option<u32>,
    /// Milliseconds between two attempts
    #[arg(long, value_name = "MS")]
    retry_backoff_ms: Option<u32>,
    /// How long a broker may take to answer, in milliseconds
    #[arg(long, value_name = "MS")]
    request_timeout_ms: Option<u32>,
    /// Accepted; memory is bounded by the client
    #[arg(long, value_name = "BYTES")]
    max_memory_bytes: Option<u64>,
    /// Accepted; memory is bounded by the client
    #[arg(long, value_name = "BYTES")]
    max_partition_memory_bytes: Option<u64>,
    /// Accepted; a full queue is waited for
    #[arg(long, value_name = "MS")]
    max_block_ms: Option<u64>,
    /// Accepted; metadata is refreshed when needed
    #[arg(long, value_name = "MS")]
    metadata_expiry_ms: Option<u64>,
    /// Accepted; the system sizes socket buffers
    #[arg(long, value_name = "BYTES")]
    socket_buffer_size: Option<i64>,
    /// Accepted; lines are read by Kafka's line reader
    #[arg(long, value_name = "CLASS")]
    line_reader: Option<String>,
}

/// Runs the command.
pub async fn run(args: Vec<String>) -> ExitCode {
    conclude(args, "", async |args: Args| {
        let properties = producer_properties(&args)?;
        let addresses = args.brokers.addresses()?;
        if properties.is_plaintext() {
            let topics = [args.topic.as_str()];
            librdkafka::probe(&addresses, Topics::Named(&topics)).await?;
        }
        let config = producer_config(&args, &addresses, &properties)?;
        let reading = move || produce_lines(&args, &config);
        tokio::task::spawn_blocking(reading).await.expect("reading lines does not panic")
    })
    .await
}

fn producer_properties(args: &Args) -> Result<Properties, Failure> {
    let files = [&args.brokers.command_config, &args.producer_config].into_iter().flatten();
    let mut properties = Properties::default();
    for file in files {
        properties = properties.with(Properties::load(file)?);
    }
    let given = Properties::from_args(&args.producer_property)?;
    Ok(properties.with(given).with(Properties::from_args(&args.command_property)?))
}

fn producer_config(
    args: &Args,
    addresses: &[String],
    properties: &Properties,
) -> Result<ClientConfig, Failure> {
    let mut config = librdkafka::config(addresses, "console-producer");
    // As Kafka's own producer places keys, so that both put a key into the same partition.
    config.set("partitioner", "murmur2_random").set("message.timeout.ms", "30000");
    // Lines without keys that are typed together stay together, and so keep their order.
    config.set("sticky.partitioning.linger.ms", "1000");
    let flags = [
        ("compression.type", args.compression_codec.clone()),
        ("acks", args.request_required_acks.clone()),
        ("batch.size", args.batch_size.map(|n| n.to_string())),
        ("linger.ms", args.timeout.map(|n| n.to_string())),
        ("retries", args.message_send_max_retries.map(|n| n.to_string())),
        ("retry.backoff.ms", args.retry_backoff_ms.map(|n| n.to_string())),
        ("request.timeout.ms", args.request_timeout_ms.map(|n| n.to_string())),
    ];
    for (key, value) in flags {
        if let Some(value) = value {
            config.set(key, value);
        }
    }
    librdkafka::apply(&mut config, properties);
    Ok(config)
}

/// Counts the records that did not arrive, and says why each did not.
struct Deliveries(Arc<AtomicU64>);

impl rdkafka::ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            self.0.fetch_add(1, Ordering::Relaxed);
            eprintln!("a record for topic {} was not written: {error}", message.topic());
        }
    }
}

fn produce_lines(args: &Args, config: &ClientConfig) -> Result<(), Failure> {
    let reader = LineReader::new(&reader_properties(args)?)?;
    let lost = Arc::new(AtomicU64::new(0));
    let producer: ThreadedProducer<Deliveries> =
        config.create_with_context(Deliveries(lost.clone()))?;
    // Before it knows the partitions, librdkafka spreads lines without keys over all of them.
    producer.client().fetch_metadata(Some(&args.topic), Duration::from_secs(30))?;
    let outcome = send_lines(args, &reader, &producer);
    producer.flush(Duration::from_secs(60))?;
    outcome?;
    match lost.load(Ordering::Relaxed) {
        0 => Ok(()),
        count => Err(Failure::Said(format!("{count} records were not written"))),
    }
}

fn reader_properties(args: &Args) -> Result<Properties, Failure> {
    let file = match &args.reader_config {
        Some(path) => Properties::load(path)?,
        None => Properties::default(),
    };
    let given = Properties::from_args(&args.property)?;
    Ok(file.with(given).with(Properties::from_args(&args.reader_property)?))
}

fn send_lines(
    args: &Args,
    reader: &LineReader,
    producer: &ThreadedProducer<Deliveries>,
) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    let prompts = input_is_terminal();
    let mut line = Vec::new();
    for number in 1.. {
        prompt(prompts);
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        let what = || "standard input".to_owned();
        if read.map_err(|error| Failure::Io { what: what(), error })? == 0 {
            break;
        }
        let record = reader.read(without_newline(&line), number)?;
        send(&args.topic, &record, producer)?;
        if args.sync {
            producer.flush(Duration::from_secs(60))?;
        }
    }
    Ok(())
}

fn send(
    topic: &str,
    record: &LineRecord<'_>,
    producer: &ThreadedProducer<Deliveries>,
) -> Result<(), Failure> {
    let mut sent = BaseRecord::<[u8], [u8]>::to(topic);
    sent.key = record.key;
    sent.payload = record.value;
    if !record.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(record.headers.len());
        sent.headers =
            Some(record.headers.iter().fold(headers, |headers, (key, value)| {
                headers.insert(Header { key, value: *value })
            }));
    }
    loop {
        match producer.send(sent) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) => {
                sent = returned;
                producer.poll(QUEUE_FULL_WAIT);
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}

fn input_is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn prompt(prompts: bool) {
    if prompts {
        let mut out = std::io::stdout();
        let _ = out.write_all(b">").and_then(|()| out.flush());
    }
}

fn without_newline(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_may_stand_alone() {
        let parse = |line: &str| Args::try_parse_from(line.split(' ')).expect("Kafka's own line");
        let args = parse("--broker-list a:1 --topic t --compression-codec");
        assert_eq!(args.compression_codec.as_deref(), Some("gzip"));
        let args = parse("--broker-list a:1 --topic t --compression-codec lz4 --sync");
        assert_eq!(args.compression_codec.as_deref(), Some("lz4"));
        let args = parse("--broker-list a:1 --topic t --request-required-acks -1");
        assert_eq!(args.request_required_acks.as_deref(), Some("-1"));
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        assert_eq!(without_newline(b"a \r\n"), b"a ");
        assert_eq!(without_newline(b"last"), b"last");
    }
}
