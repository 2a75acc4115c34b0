//! Three regions on loopback: us and sg, where posts land, and ad, which gathers both.

use std::net::SocketAddr;

use strait_broker::{Broker, BrokerConfig, StartError};
use strait_client::admin::{NewTopic, OffsetSpec};
use strait_client::{ClientConfig, ClientError, Cluster, TopicPartition, Topics};
use strait_io::time::Duration;
use strait_wire::ErrorCode;

use super::{DevError, DevOptions, PARTITIONS, REPLICATION, TOPIC};
use crate::model::RegionName;
use crate::topics::provision::create_topic;

const NAMES: [&str; 3] = ["us", "sg", "ad"];
const DRAIN: Duration = Duration::from_secs(5);

/// The three brokers.
pub struct Regions {
    brokers: Vec<Broker>,
}

impl Regions {
    /// Starts all three.
    pub async fn start(options: &DevOptions) -> Result<Self, StartError> {
        let mut brokers = Vec::new();
        for (name, listen) in NAMES.into_iter().zip(options.listen) {
            let config = BrokerConfig {
                name: name.to_owned(),
                listen,
                data_dir: options.data.join(name),
                ..Default::default()
            };
            brokers.push(Broker::start(config).await?);
        }
        Ok(Self { brokers })
    }

    /// Where us, sg and ad listen.
    pub fn addresses(&self) -> [SocketAddr; 3] {
        [0, 1, 2].map(|region| self.brokers[region].address())
    }

    /// us and sg.
    pub fn sources(&self) -> Vec<(RegionName, Cluster)> {
        NAMES
            .into_iter()
            .zip(self.addresses())
            .take(2)
            .map(|(n, a)| (name(n), client(n, a)))
            .collect()
    }

    /// Creates the topic in us and sg; the mirror creates it in ad.
    pub async fn create_topic(&self) -> Result<(), DevError> {
        let created = self.sources().into_iter().map(|(_, cluster)| async move {
            let topic = NewTopic {
                name: TOPIC.to_owned(),
                partitions: Some(PARTITIONS),
                replication_factor: Some(REPLICATION),
                ..Default::default()
            };
            match create_topic(&cluster, topic).await {
                Err(error) if error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => Ok(()),
                created => created,
            }
        });
        futures::future::try_join_all(created).await?;
        Ok(())
    }

    /// Stops all three; acknowledged records are on disk.
    pub async fn drain(self) {
        for broker in self.brokers {
            broker.drain(DRAIN).await;
        }
    }
}

fn name(name: &str) -> RegionName {
    RegionName::new(name).expect("the regions' names are names")
}

fn client(name: &str, address: SocketAddr) -> Cluster {
    Cluster::new(ClientConfig::new(name, vec![address.to_string()]))
}

/// The sum of the topic's end offsets.
pub async fn ends(cluster: &Cluster) -> Result<i64, ClientError> {
    let view = cluster.metadata(Topics::Named(&[TOPIC])).await?;
    let partitions = view.topic(TOPIC).map_or(0, |topic| topic.partitions.len() as i32);
    let latest = |p| (TopicPartition::new(TOPIC, p), OffsetSpec::Latest);
    let asks: Vec<_> = (0..partitions).map(latest).collect();
    let mut sum = 0;
    for (_, answer) in cluster.list_offsets(&asks).await {
        sum += answer?.offset.unwrap_or_default();
    }
    Ok(sum)
}
