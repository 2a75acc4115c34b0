//! Where a command finds its cluster: `--bootstrap-server`, its older spellings, and ZooKeeper
//! addresses, which are explained and not used.

use clap::Args;
use strait_client::{ClientConfig, Cluster};

use super::failure::Failure;
use super::properties::Properties;

/// Stands in for `--bootstrap-server` where that is not given.
pub const ENVIRONMENT: &str = "STRAIT_BOOTSTRAP_SERVER";
const KAFKA_PORT: u16 = 9092;

/// The flags that lead to a cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct Brokers {
    /// The brokers to ask first, as HOST:PORT[,HOST:PORT...]
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', num_args = 1)]
    pub bootstrap_server: Vec<String>,
    /// The older name of --bootstrap-server
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', num_args = 1)]
    pub broker_list: Vec<String>,
    /// Accepted for the sake of old command lines; Kafka no longer has a ZooKeeper
    #[arg(long, value_name = "HOST:PORT")]
    pub zookeeper: Option<String>,
    /// A file of client properties
    #[arg(long, value_name = "FILE")]
    pub command_config: Option<String>,
}

impl Brokers {
    /// The addresses to ask first.
    pub fn addresses(&self) -> Result<Vec<String>, Failure> {
        let environment = std::env::var(ENVIRONMENT).ok();
        let (addresses, note) = self.resolve(environment.as_deref())?;
        if let Some(note) = note {
            eprintln!("{note}");
        }
        Ok(addresses)
    }

    /// A client of the cluster for questions and changes.
    pub fn cluster(&self) -> Result<Cluster, Failure> {
        let properties = match &self.command_config {
            Some(path) => Properties::load(path)?,
            None => Properties::default(),
        };
        properties.require_plaintext()?;
        let addresses = self.addresses()?;
        Ok(Cluster::new(ClientConfig::new(addresses.join(","), addresses)))
    }

    /// The addresses, and what to tell about how they came about.
    fn resolve(&self, environment: Option<&str>) -> Result<(Vec<String>, Option<String>), Failure> {
        let named = [&self.bootstrap_server, &self.broker_list].into_iter().find(|n| !n.is_empty());
        let addresses = match (named, environment, &self.zookeeper) {
            (Some(named), _, _) => named.clone(),
            (None, Some(named), _) => named.split(',').map(str::to_owned).collect(),
            (None, None, Some(zookeeper)) => vec![broker_beside(zookeeper)],
            (None, None, None) => {
                let message = format!(
                    "say where the cluster is: --bootstrap-server HOST:PORT (or {ENVIRONMENT})"
                );
                return Err(Failure::Usage(message));
            }
        };
        let note = self.zookeeper.as_ref().map(|_| {
            format!(
                "note: --zookeeper is not used, the brokers keep the metadata themselves; \
                 asking {} (choose with --bootstrap-server)",
                addresses.join(",")
            )
        });
        Ok((addresses, note))
    }
}

/// The usual broker on the host of a ZooKeeper address (`host:port,host:port/chroot`).
fn broker_beside(zookeeper: &str) -> String {
    let first = zookeeper.split([',', '/']).next().unwrap_or(zookeeper);
    let host = first.rsplit_once(':').map_or(first, |(host, _)| host);
    format!("{host}:{KAFKA_PORT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(brokers: Brokers, environment: Option<&str>) -> (Vec<String>, Option<String>) {
        brokers.resolve(environment).expect("an address is given")
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        let brokers = Brokers { bootstrap_server: vec!["a:1".into()], ..Default::default() };
        assert_eq!(resolve(brokers, Some("b:2")).0, ["a:1"]);
        assert_eq!(resolve(Brokers::default(), Some("b:2,c:3")).0, ["b:2", "c:3"]);
    }

    #[test]
    fn a_zookeeper_address_leads_to_the_broker_beside_it_and_is_explained() {
        let zookeeper = Some("zk1:2181,zk2:2181/kafka".to_owned());
        let (addresses, note) = resolve(Brokers { zookeeper, ..Default::default() }, None);
        assert_eq!(addresses, ["zk1:9092"]);
        assert!(note.expect("it is explained").contains("not used"));
    }

    #[test]
    fn no_address_at_all_is_a_usage_error() {
        assert!(matches!(Brokers::default().resolve(None), Err(Failure::Usage(_))));
    }
}
