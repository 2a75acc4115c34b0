//! One task per source broker: all its lanes in one fetch, again and again.
//!
//! The wait at the broker is long while every lane has room, and short while one has not, so
//! that a lane held back never waits for its neighbours' silence. Lanes take turns at the front
//! of the request, because a broker promises a batch above the size limit only to the first.

use std::sync::Arc;

use strait_client::fetch::{FetchAsk, FetchLimits, fetch};
use strait_client::{ClientError, Cluster, Connection};
use strait_io::time::{self, Duration};
use tokio::sync::mpsc;

use super::follower::Follower;
use crate::memory::Budget;

/// Bytes of one fetch, at most; also what it reserves from the worker's budget.
const FETCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of one partition in one fetch.
const PARTITION_BYTES_MAX: i32 = 1024 * 1024;
/// How long a broker may hold a fetch that finds nothing.
const WAIT_IDLE: Duration = Duration::from_millis(250);
/// The same while a lane has no room.
const WAIT_HELD_BACK: Duration = Duration::from_millis(10);
/// Lanes that join within this time share their first fetch.
const JOIN_TOGETHER: Duration = Duration::from_millis(3);

/// Fetches from one broker for the lanes that follow its partitions.
pub struct Reader {
    cluster: Cluster,
    broker: i32,
    budget: Budget,
    follows: mpsc::Receiver<Follower>,
    followers: Vec<Follower>,
}

impl Reader {
    /// A reader without lanes.
    pub fn new(
        cluster: Cluster,
        broker: i32,
        budget: Budget,
        follows: mpsc::Receiver<Follower>,
    ) -> Self {
        Self { cluster, broker, budget, follows, followers: Vec::new() }
    }

    /// Fetches until nobody can follow any more. A connection that breaks is handed to every
    /// lane as a fault; they come back when they have looked for the leader anew.
    pub async fn run(mut self) {
        while self.gather().await {
            if let Err(fault) = self.read().await {
                self.followers.drain(..).for_each(|lane| {
                    lane.fail(fault.clone().into());
                });
            }
        }
    }

    /// Waits for lanes; `false` when there can be none any more.
    async fn gather(&mut self) -> bool {
        let Some(first) = self.follows.recv().await else { return false };
        self.followers.push(first);
        time::sleep(JOIN_TOGETHER).await;
        true
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        let connection = self.cluster.connect(self.broker).await?;
        loop {
            while let Ok(joined) = self.follows.try_recv() {
                self.followers.push(joined);
            }
            self.followers.retain(Follower::is_wanted);
            if self.followers.is_empty() {
                return Ok(());
            }
            self.fetch_once(&connection).await?;
        }
    }

    async fn fetch_once(&mut self, connection: &Connection) -> Result<(), ClientError> {
        self.followers.rotate_left(1);
        let (asked, asks) = self.asks();
        if asks.is_empty() {
            self.wait_for_room().await;
            return Ok(());
        }
        let held_back = asks.len() < self.followers.len();
        let mut reserved = self.budget.reserve(self.fetch_bytes()).await;
        let answer = fetch(connection, &asks, self.limits(held_back)).await?;
        let came = answer.iter().map(|partition| partition.records.len()).sum();
        let reserved = Arc::new(reserved.split(came));
        let mut wanted = vec![true; self.followers.len()];
        for (index, fetched) in asked.into_iter().zip(answer) {
            wanted[index] = self.followers[index].take(fetched, &reserved);
        }
        let mut wanted = wanted.into_iter();
        self.followers.retain(|_| wanted.next().unwrap_or(true));
        Ok(())
    }

    fn asks(&self) -> (Vec<usize>, Vec<FetchAsk>) {
        let with_room = self.followers.iter().enumerate().filter(|(_, lane)| lane.has_room());
        with_room.map(|(index, lane)| (index, ask(lane))).unzip()
    }

    fn limits(&self, held_back: bool) -> FetchLimits {
        FetchLimits {
            max_wait: if held_back { WAIT_HELD_BACK } else { WAIT_IDLE },
            min_bytes: 1,
            max_bytes: self.fetch_bytes() as i32,
            read_committed: true,
        }
    }

    fn fetch_bytes(&self) -> usize {
        FETCH_BYTES_MAX.min(self.budget.limit() / 2)
    }

    async fn wait_for_room(&self) {
        let rooms = self.followers.iter().map(|lane| Box::pin(lane.room()));
        // Timed as well, for a lane that leaves without taking its chunks.
        let _ = time::timeout(WAIT_IDLE, futures::future::select_all(rooms)).await;
    }
}

fn ask(lane: &Follower) -> FetchAsk {
    let want = &lane.want;
    FetchAsk {
        topic: want.topic.clone(),
        topic_id: want.topic_id,
        partition: want.partition,
        offset: want.position.0,
        current_leader_epoch: want.leader_epoch,
        last_fetched_epoch: want.last_epoch,
        max_bytes: PARTITION_BYTES_MAX,
    }
}
