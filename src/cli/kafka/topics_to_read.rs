//! Which topics the console consumer reads, and how many partitions they have.

use rdkafka::consumer::{Consumer, StreamConsumer};
use regex::Regex;
use strait_client::{Cluster, Topics};
use strait_io::time::Duration;

use super::failure::Failure;

/// One topic, or all whose whole name matches.
#[derive(Debug, Clone)]
pub(super) enum Selection {
    Topic(String),
    Matching(Regex),
}

impl Selection {
    /// From `--topic` or `--include`; commas in the latter stand for `|`, as Kafka reads them.
    pub fn new(topic: Option<&str>, include: Option<&str>) -> Result<Self, Failure> {
        match (topic, include) {
            (Some(topic), _) => Ok(Selection::Topic(topic.to_owned())),
            (None, Some(list)) => match Regex::new(&format!("^(?:{})$", list.replace(',', "|"))) {
                Ok(pattern) => Ok(Selection::Matching(pattern)),
                Err(error) => Err(Failure::Usage(format!("--include {list}: {error}"))),
            },
            (None, None) => Err(Failure::Usage("say which topic: --topic or --include".into())),
        }
    }

    /// What a member of a group subscribes to; a caret makes librdkafka take it as a pattern.
    pub fn subscription(&self) -> String {
        match self {
            Selection::Topic(topic) => topic.clone(),
            Selection::Matching(pattern) => pattern.to_string(),
        }
    }

    /// The topics that exist, each with its partition count. Without a native client, for logins
    /// it does not speak, librdkafka is asked.
    pub async fn partition_counts(
        &self,
        cluster: Option<&Cluster>,
        consumer: &StreamConsumer,
    ) -> Result<Vec<(String, i32)>, Failure> {
        let mut counts = match cluster {
            Some(cluster) => self.ask_cluster(cluster).await?,
            None => self.ask_librdkafka(consumer)?,
        };
        if let Selection::Matching(pattern) = self {
            counts.retain(|(name, _)| pattern.is_match(name) && !name.starts_with("__"));
        }
        Ok(counts)
    }

    async fn ask_cluster(&self, cluster: &Cluster) -> Result<Vec<(String, i32)>, Failure> {
        let view = match self {
            Selection::Topic(topic) => cluster.metadata(Topics::Named(&[topic])).await?,
            Selection::Matching(_) => cluster.metadata(Topics::All).await?,
        };
        let known = view.topics.values().filter(|topic| topic.error.is_none());
        Ok(known.map(|topic| (topic.name.clone(), topic.partitions.len() as i32)).collect())
    }

    fn ask_librdkafka(&self, consumer: &StreamConsumer) -> Result<Vec<(String, i32)>, Failure> {
        let topic = match self {
            Selection::Topic(topic) => Some(topic.as_str()),
            Selection::Matching(_) => None,
        };
        let metadata = consumer.fetch_metadata(topic, Duration::from_secs(30))?;
        let known = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(known.map(|t| (t.name().to_owned(), t.partitions().len() as i32)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_commas_and_match_whole_names() {
        let selection = Selection::new(None, Some("ord.*,pay")).expect("a pattern");
        assert_eq!(selection.subscription(), "^(?:ord.*|pay)$");
        assert!(Selection::new(None, Some("(")).is_err());
        assert_eq!(Selection::new(Some("t.1"), None).expect("a name").subscription(), "t.1");
    }
}
