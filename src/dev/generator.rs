//! Writes posts into one source region at a steady rate, as an ordinary idempotent producer with
//! a sticky partitioner would: what gathers in a moment is one batch of one partition, the next
//! moment's goes to the next, and a batch is repeated as it was until it is acknowledged.

use std::collections::BTreeMap;

use strait_client::produce::{ProduceBatch, produce};
use strait_client::{ClientError, Cluster, Topics, admin::ProducerId};
use strait_io::time::{self, Duration};
use strait_wire::batch::BatchBuilder;
use strait_wire::{Bytes, Compression, Records};

use super::TOPIC;
use super::posts::Posts;
use crate::batch::stamp::sequence_after;
use crate::drain::Drain;
use crate::model::RegionName;

/// Posts gather for this long before they are sent.
const LINGER: Duration = Duration::from_millis(50);
/// Posts made in one go at most, so that a pause is not followed by a flood.
const POSTS_PER_TICK_MAX: u64 = 20_000;
const TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(200);

/// The producer of one region.
pub struct Generator {
    region: RegionName,
    cluster: Cluster,
    posts: Posts,
    rate: u32,
    made: u64,
    turn: i32,
    producer: Option<ProducerId>,
    sequences: BTreeMap<i32, i32>,
}

/// A moment's posts.
struct Gathered {
    partition: i32,
    records: i64,
    bytes: Bytes,
}

impl Generator {
    /// A generator of `rate` posts a second.
    pub fn new(region: RegionName, cluster: Cluster, posts: Posts, rate: u32) -> Self {
        let sequences = BTreeMap::new();
        Self { region, cluster, posts, rate, made: 0, turn: 0, producer: None, sequences }
    }

    /// Posts until drained; what was made is acknowledged before it ends.
    pub async fn run(mut self, mut drain: Drain) {
        let (began, mut tick) = (time::now(), time::interval(LINGER));
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = drain.started() => return,
            }
            let due = (began.elapsed().as_secs_f64() * f64::from(self.rate)) as u64 + 1;
            let count = due.saturating_sub(self.made).min(POSTS_PER_TICK_MAX);
            self.made = due.max(self.made);
            if count > 0 {
                self.post_until_acknowledged(count, &drain).await;
            }
        }
    }

    async fn post_until_acknowledged(&mut self, count: u64, drain: &Drain) {
        let mut gathered = None;
        while let Err(error) = self.post(count, &mut gathered).await {
            if drain.is_started() {
                return;
            }
            tracing::warn!(region = %self.region, "posts are held up: {error}");
            time::sleep(PAUSE_AFTER_FAULT).await;
        }
    }

    /// Sends what is gathered; gathers it first, once.
    async fn post(
        &mut self,
        count: u64,
        gathered: &mut Option<Gathered>,
    ) -> Result<(), ClientError> {
        let gathered = match gathered {
            Some(gathered) => gathered,
            None => gathered.insert(self.gather(count).await?),
        };
        let leader = self.cluster.leader(TOPIC, gathered.partition).await?;
        let connection = self.cluster.shared(leader).await?;
        let answers = produce(&connection, vec![gathered.batch()], TIMEOUT).await?;
        if let Some(code) = answers.iter().find_map(|answer| answer.error.ok().err()) {
            return Err(ClientError::Closed {
                region: self.cluster.region().clone(),
                address: connection.address().clone(),
                reason: format!("a post was refused: {code}"),
            });
        }
        let sequence = self.sequences.entry(gathered.partition).or_default();
        *sequence = sequence_after(*sequence, gathered.records);
        Ok(())
    }

    async fn gather(&mut self, count: u64) -> Result<Gathered, ClientError> {
        let producer = match self.producer {
            Some(producer) => producer,
            None => *self.producer.insert(self.cluster.init_producer_id().await?),
        };
        let view = self.cluster.metadata(Topics::Named(&[TOPIC])).await?;
        let partitions = view.topic(TOPIC).map_or(1, |topic| topic.partitions.len().max(1));
        self.turn = (self.turn + 1) % partitions as i32;
        let sequence = self.sequences.get(&self.turn).copied().unwrap_or_default();
        let mut batch = BatchBuilder::default().producer(producer.id, producer.epoch, sequence);
        let now = time::wall_ms();
        for number in self.made - count..self.made {
            let (key, text) = self.posts.post(self.region.as_str(), number, now);
            batch.add(now, Some(key.as_bytes()), Some(text.as_bytes()));
        }
        let bytes = batch.finish(Compression::None, None).expect("no codec, no fault");
        Ok(Gathered { partition: self.turn, records: count as i64, bytes })
    }
}

impl Gathered {
    fn batch(&self) -> ProduceBatch {
        ProduceBatch {
            topic: TOPIC.to_owned(),
            topic_id: Default::default(),
            partition: self.partition,
            records: Records::Bytes(self.bytes.clone()),
        }
    }
}
