//! Target topics: created with the source's partition count and the configs that matter to a
//! copy, widened when the source grows. Never narrowed, never deleted.

use strait_client::admin::{ConfigChange, ConfigSource, NewTopic, Resource};
use strait_client::{ClientError, Cluster, TopicView};

use crate::model::Mode;

/// Configs that travel with a topic: they decide what a copy may hold and for how long.
pub const CONFIGS_COPIED: [&str; 7] = [
    "cleanup.policy",
    "compression.type",
    "max.message.bytes",
    "message.timestamp.type",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
];

/// Marks a topic of our broker as a mirror's: `preserve` is read-only to others, `merge` never
/// forgets where its lanes stand.
pub const MIRROR_CONFIG: &str = "strait.mirror";

/// What a target topic should be like.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name at the target.
    pub name: String,
    /// Partitions, as many as the source has.
    pub partitions: i32,
    /// Replicas; `None` for the target's default.
    pub replication_factor: Option<i16>,
    /// Configs beside those of the source.
    pub extra: Vec<(String, String)>,
}

/// Creates the topic; the error is the target's.
pub async fn create_topic(cluster: &Cluster, topic: NewTopic) -> Result<(), ClientError> {
    let mut each = cluster.create_topics(&[topic], false).await?;
    let (_, created) = each.pop().expect("one answer to one topic");
    created.map(|_| ())
}

/// Creates the target topic, or widens the one there is. `existing` is the target's own view.
pub async fn provision(
    source: &Cluster,
    target: &Cluster,
    topic: &TopicView,
    existing: Option<&TopicView>,
    wanted: Wanted,
) -> Result<(), ClientError> {
    let Some(existing) = existing else {
        let configs = [copied_configs(source, &topic.name).await?, wanted.extra].concat();
        let new = NewTopic {
            name: wanted.name,
            partitions: Some(wanted.partitions),
            replication_factor: wanted.replication_factor,
            configs,
            ..Default::default()
        };
        return create_topic(target, new).await;
    };
    if existing.partitions.len() < wanted.partitions as usize {
        let counts = [(wanted.name.as_str(), wanted.partitions)];
        let mut each = target.create_partitions(&counts, false).await?;
        each.pop().expect("one answer to one topic").1?;
    }
    Ok(())
}

/// Marks a topic of our broker that was there before for a mode, unless it is another's.
pub async fn mark(target: &Cluster, name: &str, mode: Mode) -> Result<(), String> {
    let topic = Resource::Topic(name.to_owned());
    let described = target.describe_configs(std::slice::from_ref(&topic)).await;
    let (_, entries) =
        described.map_err(|e| e.to_string())?.pop().expect("one answer to one topic");
    let entries = entries.map_err(|e| e.to_string())?;
    let marked = entries.into_iter().find(|entry| entry.name == MIRROR_CONFIG);
    match marked.and_then(|entry| entry.value).as_deref().unwrap_or("none") {
        now if now == mode.name() => return Ok(()),
        "none" => {}
        other => {
            return Err(format!(
                "target topic {name} is a {other} copy already, and this pipeline would {}: give \
                 it a name of its own with `naming`",
                mode.name()
            ));
        }
    }
    let change = (MIRROR_CONFIG.to_owned(), ConfigChange::Set(mode.name().to_owned()));
    let altered = target.incremental_alter_configs(&[(topic, vec![change])], false).await;
    let (_, result) = altered.map_err(|e| e.to_string())?.pop().expect("one answer to one topic");
    result.map_err(|e| e.to_string())
}

/// The source topic's own settings among those that travel.
async fn copied_configs(
    source: &Cluster,
    topic: &str,
) -> Result<Vec<(String, String)>, ClientError> {
    let mut each = source.describe_configs(&[Resource::Topic(topic.to_owned())]).await?;
    let (_, entries) = each.pop().expect("one answer to one topic");
    let travels = |name: &str| CONFIGS_COPIED.contains(&name);
    let set = entries?.into_iter().filter(|e| e.source == ConfigSource::Topic && travels(&e.name));
    Ok(set.filter_map(|entry| Some((entry.name, entry.value?))).collect())
}
