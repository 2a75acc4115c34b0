//! Writes posts into one source region at a steady rate, in batches, as an ordinary idempotent
//! producer would: batches of one partition go in order, and a batch is repeated as it was
//! until it is acknowledged.

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
const LINGER: Duration = Duration::from_millis(20);
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
    producer: Option<ProducerId>,
    sequences: BTreeMap<i32, i32>,
}

impl Generator {
    /// A generator of `rate` posts a second.
    pub fn new(region: RegionName, cluster: Cluster, posts: Posts, rate: u32) -> Self {
        let (made, producer, sequences) = (0, None, BTreeMap::new());
        Self { region, cluster, posts, rate, made, producer, sequences }
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
        let mut gathered = BTreeMap::new();
        while let Err(error) = self.post(count, &mut gathered).await {
            if drain.is_started() {
                return;
            }
            tracing::warn!(region = %self.region, "posts are held up: {error}");
            time::sleep(PAUSE_AFTER_FAULT).await;
        }
    }

    /// Sends what is gathered (gathering it first, once), and forgets what was acknowledged.
    async fn post(
        &mut self,
        count: u64,
        gathered: &mut BTreeMap<i32, (Bytes, i32)>,
    ) -> Result<(), ClientError> {
        if gathered.is_empty() {
            *gathered = self.gather(count).await?;
        }
        let leader = self.cluster.leader(TOPIC, 0).await?;
        let connection = self.cluster.shared(leader).await?;
        let batches = gathered.iter().map(|(partition, (bytes, _))| batch(*partition, bytes));
        let answers = produce(&connection, batches.collect(), TIMEOUT).await?;
        let mut refused = None;
        for answer in answers {
            if answer.error.is_ok() {
                self.acknowledged(answer.partition, gathered);
            } else {
                refused = Some(answer.error);
            }
        }
        match refused {
            None => Ok(()),
            Some(code) => Err(ClientError::Closed {
                region: self.cluster.region().clone(),
                address: connection.address().clone(),
                reason: format!("a post was refused: {code}"),
            }),
        }
    }

    fn acknowledged(&mut self, partition: i32, gathered: &mut BTreeMap<i32, (Bytes, i32)>) {
        if let Some((_, records)) = gathered.remove(&partition) {
            let sequence = self.sequences.entry(partition).or_default();
            *sequence = sequence_after(*sequence, i64::from(records));
        }
    }

    async fn gather(&mut self, count: u64) -> Result<BTreeMap<i32, (Bytes, i32)>, ClientError> {
        let producer = match self.producer {
            Some(producer) => producer,
            None => *self.producer.insert(self.cluster.init_producer_id().await?),
        };
        let view = self.cluster.metadata(Topics::Named(&[TOPIC])).await?;
        let partitions = view.topic(TOPIC).map_or(1, |topic| topic.partitions.len().max(1)) as u64;
        let mut builders: BTreeMap<i32, BatchBuilder> = BTreeMap::new();
        let now = time::wall_ms();
        for number in self.made - count..self.made {
            let partition = (number % partitions) as i32;
            let sequence = self.sequences.get(&partition).copied().unwrap_or_default();
            let new = || BatchBuilder::default().producer(producer.id, producer.epoch, sequence);
            let (key, text) = self.posts.post(self.region.as_str(), number, now);
            let builder = builders.entry(partition).or_insert_with(new);
            builder.add(now, Some(key.as_bytes()), Some(text.as_bytes()));
        }
        let finish = |(partition, builder): (i32, BatchBuilder)| {
            let records = builder.count();
            let bytes = builder.finish(Compression::None, None).expect("no codec, no fault");
            (partition, (bytes, records))
        };
        Ok(builders.into_iter().map(finish).collect())
    }
}

fn batch(partition: i32, bytes: &Bytes) -> ProduceBatch {
    ProduceBatch {
        topic: TOPIC.to_owned(),
        topic_id: Default::default(),
        partition,
        records: Records::Bytes(bytes.clone()),
    }
}
