//! A topic as `kafka-topics --describe` prints it. Pure; the lines are those of the 4.1 tools.

use std::fmt::Write;

use strait_client::admin::{ConfigEntry, ConfigSource};
use strait_client::{PartitionView, TopicView, Uuid};

/// What is left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Show {
    pub only_overridden: bool,
    pub only_under_replicated: bool,
    pub only_unavailable: bool,
}

/// The lines of one topic.
pub(super) fn describe(topic: &TopicView, entries: &[ConfigEntry], show: Show) -> String {
    let own = entries.iter().filter(|entry| entry.source != ConfigSource::Default);
    let set: Vec<String> = own
        .map(|entry| format!("{}={}", entry.name, entry.value.as_deref().unwrap_or_default()))
        .collect();
    let only_partitions = show.only_under_replicated || show.only_unavailable;
    let overridden = entries.iter().any(|entry| entry.source == ConfigSource::Topic);
    if show.only_overridden && !overridden {
        return String::new();
    }
    let mut text = String::new();
    if !only_partitions {
        text.push_str(&head_line(topic, &set));
    }
    if !show.only_overridden {
        let shown = topic.partitions.iter().filter(|p| is_shown(p, show));
        shown.for_each(|partition| text.push_str(&partition_line(&topic.name, partition)));
    }
    text
}

fn head_line(topic: &TopicView, set: &[String]) -> String {
    let mut line = format!("Topic: {}", topic.name);
    if topic.id != Uuid::nil() {
        let _ = write!(line, "\tTopicId: {}", topic_id(topic.id));
    }
    let replicas = topic.partitions.first().map_or(0, |p| p.replicas.len());
    let _ = writeln!(
        line,
        "\tPartitionCount: {}\tReplicationFactor: {replicas}\tConfigs: {}",
        topic.partitions.len(),
        set.join(",")
    );
    line
}

/// One partition; metadata does not tell its eligible leaders (KIP-966).
fn partition_line(topic: &str, partition: &PartitionView) -> String {
    format!(
        "\tTopic: {topic}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}\t\
         Elr: N/A\tLastKnownElr: N/A\n",
        partition.partition,
        partition.leader.map_or("none".to_owned(), |id| id.to_string()),
        ids(&partition.replicas),
        ids(&partition.isr),
    )
}

fn is_shown(partition: &PartitionView, show: Show) -> bool {
    let under_replicated = partition.isr.len() < partition.replicas.len();
    (!show.only_under_replicated || under_replicated)
        && (!show.only_unavailable || partition.leader.is_none())
}

fn ids(brokers: &[i32]) -> String {
    brokers.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// A topic id as Kafka writes it: base64 for URLs, without padding.
fn topic_id(id: Uuid) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = id.as_u128();
    let digit = |shift: i32| {
        let six = if shift >= 0 { bits >> shift } else { bits << -shift };
        char::from(DIGITS[(six & 63) as usize])
    };
    (0..22).map(|nth| digit(122 - 6 * nth)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_described_in_the_columns_of_kafka_4_1() {
        let partition = PartitionView {
            partition: 0,
            leader: None,
            leader_epoch: 0,
            replicas: vec![1, 2],
            isr: vec![2],
            offline: vec![1],
        };
        let topic = TopicView {
            name: "orders".to_owned(),
            id: Uuid::from_u128(0xa4e7_46dd_093c_431a_8a29_6f34_1e8d_bd4b),
            internal: false,
            partitions: vec![partition],
            error: None,
        };
        let entry = |name: &str, source| ConfigEntry {
            name: name.to_owned(),
            value: Some("1".to_owned()),
            source,
            read_only: false,
            sensitive: false,
        };
        let entries = [
            entry("min.insync.replicas", ConfigSource::DynamicDefaultBroker),
            entry("retention.ms", ConfigSource::Topic),
            entry("segment.ms", ConfigSource::Default),
        ];
        assert_eq!(
            describe(&topic, &entries, Show::default()),
            "Topic: orders\tTopicId: pOdG3Qk8QxqKKW80Ho29Sw\t\
             PartitionCount: 1\tReplicationFactor: 2\t\
             Configs: min.insync.replicas=1,retention.ms=1\n\
             \tTopic: orders\tPartition: 0\tLeader: none\tReplicas: 1,2\tIsr: 2\t\
             Elr: N/A\tLastKnownElr: N/A\n"
        );
    }
}
