//! Reading source partitions: raw batches, long polls, one connection per broker. Nothing is read
//! behind the last stable offset: what a transaction's end may still take back is not copied.
//!
//! A lane [follows](Source::follow) a partition from an offset and gets a [`Feed`] of chunks. The
//! reader of each broker asks for all its lanes in one fetch, reserves the bytes from the
//! worker's budget first, and never gets further ahead of a lane than [`CHUNKS_AHEAD_MAX`].
//! What a fault means for the lane is the lane's to decide.

mod fault;
mod feed;
mod follower;
mod reader;

pub use fault::SourceFault;
pub use feed::{Chunk, Feed};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use strait_client::Cluster;
use strait_wire::Uuid;
use tokio::sync::mpsc;

use crate::memory::Budget;
use crate::model::SourceOffset;
use crate::status::LaneStatus;
use follower::Follower;
use reader::Reader;

/// Chunks a lane may have waiting before its partition is left out of fetches.
pub const CHUNKS_AHEAD_MAX: usize = 1;
/// Lanes waiting to be taken up by a reader.
const FOLLOWS_WAITING_MAX: usize = 1024;

/// What a lane wants to read.
#[derive(Debug, Clone)]
pub struct Follow {
    /// The topic's name.
    pub topic: String,
    /// Its id; nil where the source has none.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The broker that leads it.
    pub leader: i32,
    /// The leader's epoch, as the metadata says; -1 unknown.
    pub leader_epoch: i32,
    /// The epoch of the last batch read; -1 unknown.
    pub last_epoch: i32,
    /// The first offset wanted.
    pub position: SourceOffset,
}

/// A source cluster as one pipeline reads it.
pub struct Source {
    cluster: Cluster,
    budget: Budget,
    readers: Mutex<HashMap<i32, mpsc::Sender<Follower>>>,
}

impl Source {
    /// A source without connections.
    pub fn new(cluster: Cluster, budget: Budget) -> Self {
        Self { cluster, budget, readers: Mutex::default() }
    }

    /// The cluster behind it.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Starts to read a partition. The feed ends with a fault, or when it is dropped.
    pub async fn follow(&self, follow: Follow, status: Arc<LaneStatus>) -> Feed {
        let leader = follow.leader;
        let (follower, feed) = Follower::new(follow, status);
        let mut follower = Some(follower);
        while let Some(waiting) = follower.take() {
            let reader = self.reader_of(leader);
            // A reader that has ended gives the follower back; a new reader takes its place.
            follower = reader.send(waiting).await.err().map(|refused| refused.0);
            if follower.is_some() {
                self.readers.lock().expect("no holder panics").remove(&leader);
            }
        }
        feed
    }

    fn reader_of(&self, broker: i32) -> mpsc::Sender<Follower> {
        let mut readers = self.readers.lock().expect("no holder panics");
        let start = || {
            let (sender, follows) = mpsc::channel(FOLLOWS_WAITING_MAX);
            let reader = Reader::new(self.cluster.clone(), broker, self.budget.clone(), follows);
            tokio::spawn(reader.run());
            sender
        };
        readers.entry(broker).or_insert_with(start).clone()
    }
}
