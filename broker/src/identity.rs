//! Whose data folder it is: the lock that keeps a second process out, `meta.properties` that
//! names cluster and node as Kafka's does, and the marker of a clean stop.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use strait_io::fs::{self, File};
use strait_io::rng;
use strait_wire::Uuid;

use crate::config::BrokerConfig;
use crate::log::Shutdown;
use crate::log::partition_metadata::format_id;
use crate::server::StartError;

const LOCK_FILE: &str = ".lock";
const META_FILE: &str = "meta.properties";
const CLEAN_FILE: &str = ".kafka_cleanshutdown";

/// A data folder that is ours as long as this lives.
pub struct Identity {
    /// The cluster the folder belongs to.
    pub cluster_id: String,
    /// How the last process that had the folder ended.
    pub shutdown: Shutdown,
    folder: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Identity {
    /// Takes the folder, or says why it cannot be ours.
    pub fn take(config: &BrokerConfig) -> Result<Self, StartError> {
        let folder = &config.data_dir;
        let fault = |source| StartError::Folder { path: folder.clone(), source };
        fs::create_dir_all(folder).map_err(fault)?;
        let lock = File::open_or_create(&folder.join(LOCK_FILE)).map_err(fault)?;
        if !lock.try_lock().map_err(fault)? {
            return Err(StartError::FolderLocked { path: folder.clone() });
        }
        let cluster_id = match read_meta(folder).map_err(fault)? {
            Some(meta) => meta.check(config)?,
            None => found(config).map_err(fault)?,
        };
        let marker = folder.join(CLEAN_FILE);
        let clean = fs::exists(&marker);
        if clean {
            fs::remove_file(&marker).and_then(|()| fs::sync_dir(folder)).map_err(fault)?;
        }
        let shutdown = if clean { Shutdown::Clean } else { Shutdown::Unclean };
        Ok(Self { cluster_id, shutdown, folder: folder.clone(), lock: Mutex::new(Some(lock)) })
    }

    /// Lets the next process in; nothing may be written afterwards.
    pub fn release(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Leaves the mark of a clean stop: all logs are closed.
    pub fn mark_clean(&self) -> std::io::Result<()> {
        fs::write_atomic(&self.folder.join(CLEAN_FILE), b"{\"version\":0}")
    }
}

struct Meta {
    path: PathBuf,
    cluster_id: String,
    node_id: String,
}

impl Meta {
    fn check(self, config: &BrokerConfig) -> Result<String, StartError> {
        let foreign = |found: String, expected: String| {
            Err(StartError::ForeignFolder { path: self.path.clone(), found, expected })
        };
        if self.node_id != config.node_id.to_string() {
            return foreign(format!("node {}", self.node_id), format!("node {}", config.node_id));
        }
        match &config.cluster_id {
            Some(id) if *id != self.cluster_id => {
                foreign(format!("cluster {}", self.cluster_id), format!("cluster {id}"))
            }
            _ => Ok(self.cluster_id),
        }
    }
}

fn read_meta(folder: &Path) -> std::io::Result<Option<Meta>> {
    let path = folder.join(META_FILE);
    if !fs::exists(&path) {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let value = |key: &str| {
        let line = text.lines().filter_map(|line| line.split_once('=')).find(|(k, _)| *k == key);
        line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    Ok(Some(Meta { cluster_id: value("cluster.id"), node_id: value("node.id"), path }))
}

fn found(config: &BrokerConfig) -> std::io::Result<String> {
    let cluster_id = config.cluster_id.clone().unwrap_or_else(new_id);
    let text = format!(
        "version=1\ncluster.id={cluster_id}\nnode.id={}\ndirectory.id={}\n",
        config.node_id,
        new_id()
    );
    fs::write_atomic(&config.data_dir.join(META_FILE), text.as_bytes())?;
    Ok(cluster_id)
}

/// A random id as Kafka prints them.
fn new_id() -> String {
    format_id(Uuid::from_bytes(rng::id()))
}
