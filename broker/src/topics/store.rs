//! `topics.json`: the topics of this node, replaced as a whole so that a crash leaves the old
//! list or the new one. It is the commit point of creating and deleting a topic.

use std::path::Path;

use serde::{Deserialize, Serialize};
use strait_io::fs;
use strait_wire::Uuid;

use crate::topics::settings::Configs;

const FILE: &str = "topics.json";
const VERSION: u32 = 1;

/// A topic as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredTopic {
    /// Its name.
    pub name: String,
    /// Its id, 32 hex digits.
    pub id: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// The replication factor it was granted.
    pub replication_factor: i16,
    /// The configs it was given.
    #[serde(default)]
    pub configs: Configs,
}

impl StoredTopic {
    /// The id as a value.
    pub fn uuid(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.id).ok()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    topics: Vec<StoredTopic>,
}

/// The list of a data folder; empty if it has none yet. The error is in words.
pub fn load(folder: &Path) -> Result<Vec<StoredTopic>, String> {
    let path = folder.join(FILE);
    if !fs::exists(&path) {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let stored: Stored = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{} is damaged: {error}", path.display()))?;
    if stored.version != VERSION {
        return Err(format!(
            "{} has version {}, this broker reads {VERSION}",
            path.display(),
            stored.version
        ));
    }
    if let Some(bad) = stored.topics.iter().find(|t| t.uuid().is_none() || t.partitions < 1) {
        return Err(format!("{}: the entry of topic {} is damaged", path.display(), bad.name));
    }
    Ok(stored.topics)
}

/// Replaces the list.
pub fn save(folder: &Path, topics: Vec<StoredTopic>) -> std::io::Result<()> {
    let stored = Stored { version: VERSION, topics };
    let bytes = serde_json::to_vec_pretty(&stored).expect("names and numbers are always JSON");
    fs::write_atomic(&folder.join(FILE), &bytes)
}
