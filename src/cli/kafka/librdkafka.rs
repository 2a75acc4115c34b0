//! librdkafka's side of the console commands: its settings, and a first look at the cluster so
//! that a wrong address is an error at once and not after minutes of retries.

use std::sync::Arc;

use strait_client::{ClientConfig, Cluster, ClusterView, Topics};

use super::failure::Failure;
use super::properties::Properties;

/// Asks the cluster once, with the native client.
pub(super) async fn probe(
    addresses: &[String],
    topics: Topics<'_>,
) -> Result<Arc<ClusterView>, Failure> {
    let config = ClientConfig::new(addresses.join(","), addresses.to_vec());
    Ok(Cluster::new(config).metadata(topics).await?)
}

/// Settings for a client of these brokers.
pub(super) fn config(addresses: &[String], client_id: &str) -> rdkafka::ClientConfig {
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", addresses.join(",")).set("client.id", client_id);
    config
}

/// Adds a user's properties; those that only Java clients know are named and left out.
pub(super) fn apply(config: &mut rdkafka::ClientConfig, properties: &Properties) {
    for (key, value) in properties.iter() {
        let key = match key {
            "sasl.mechanism" => "sasl.mechanisms",
            "bootstrap.servers" => continue,
            key => key,
        };
        let mut alone = rdkafka::ClientConfig::new();
        match alone.set(key, value).create_native_config() {
            Ok(_) => drop(config.set(key, value)),
            Err(error) => eprintln!("note: property {key} is left out: {error}"),
        }
    }
}
