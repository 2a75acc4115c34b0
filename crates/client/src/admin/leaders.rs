//! Calls that each partition's leader must answer: group by leader, ask all at once, follow the
//! leaders that moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use strait_wire::{ErrorCode, Request};

use super::Each;
use crate::cluster::{Cluster, To};
use crate::error::{ClientError, Subject, is_stale_metadata};
use crate::view::TopicPartition;

/// What is asked of one partition.
type Ask<A> = (TopicPartition, A);
/// What a leader said of one partition.
pub(super) type Said<T> = (TopicPartition, Result<T, ErrorCode>);

impl Cluster {
    /// Asks the leaders of all partitions; the answers stand in the order of the asks.
    pub(super) async fn ask_leaders<A: Clone, R: Request, T>(
        &self,
        asks: &[Ask<A>],
        build: impl Fn(&[Ask<A>]) -> R,
        read: impl Fn(R::Response) -> Vec<Said<T>>,
    ) -> Each<TopicPartition, T> {
        let mut answers: HashMap<TopicPartition, Result<T, ClientError>> = HashMap::new();
        let mut open = asks.to_vec();
        let mut patience = self.patience();
        if let Err(error) = self.know_topics(&open).await {
            return asks.iter().map(|(p, _)| (p.clone(), Err(error.clone()))).collect();
        }
        loop {
            self.ask_round(&open, &build, &read, &mut answers).await;
            open.retain(|(partition, _)| may_pass(answers.get(partition)));
            if open.is_empty() || !patience.pause().await {
                break;
            }
            let _ = self.refresh(&topics_of(&open)).await;
        }
        let ordered = asks.iter().filter_map(|(p, _)| Some((p.clone(), answers.remove(p)?)));
        ordered.collect()
    }

    /// Asks for the metadata of those topics that the cache does not hold.
    async fn know_topics<A>(&self, asks: &[Ask<A>]) -> Result<(), ClientError> {
        let view = self.view();
        let known = |topic: &&str| view.as_ref().is_some_and(|view| view.topic(topic).is_some());
        let unknown: Vec<&str> = topics_of(asks).into_iter().filter(|t| !known(t)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.refresh(&unknown).await.map(drop)
    }

    async fn ask_round<A: Clone, R: Request, T>(
        &self,
        asks: &[Ask<A>],
        build: &impl Fn(&[Ask<A>]) -> R,
        read: &impl Fn(R::Response) -> Vec<Said<T>>,
        answers: &mut HashMap<TopicPartition, Result<T, ClientError>>,
    ) {
        let mut by_leader: BTreeMap<i32, Vec<Ask<A>>> = BTreeMap::new();
        let view = self.view().unwrap_or_default();
        for ask in asks {
            match self.leader_in(&view, &ask.0.topic, ask.0.partition) {
                Ok(leader) => by_leader.entry(leader).or_default().push(ask.clone()),
                Err(error) => drop(answers.insert(ask.0.clone(), Err(error))),
            }
        }
        let calls = by_leader.iter().map(|(leader, asks)| async move {
            (asks, self.call(To::Broker(*leader), build(asks)).await)
        });
        for (asks, outcome) in join_all(calls).await {
            match outcome {
                Ok(response) => self.note_said(asks, read(response), R::KEY, answers),
                Err(error) => answers.extend(
                    asks.iter().map(|(partition, _)| (partition.clone(), Err(error.clone()))),
                ),
            }
        }
    }

    fn note_said<A, T>(
        &self,
        asks: &[Ask<A>],
        said: Vec<Said<T>>,
        api: strait_wire::ApiKey,
        answers: &mut HashMap<TopicPartition, Result<T, ClientError>>,
    ) {
        let named = |p: &TopicPartition, code| {
            let subject = Subject::Partition(p.topic.clone(), p.partition);
            self.error(api, subject, code, None)
        };
        for (partition, _) in asks {
            let left_out = Err(named(partition, ErrorCode::UNKNOWN_SERVER_ERROR));
            answers.insert(partition.clone(), left_out);
        }
        for (partition, outcome) in said {
            let outcome = outcome.map_err(|code| named(&partition, code));
            answers.insert(partition, outcome);
        }
    }
}

/// The topics of these asks, each once.
fn topics_of<A>(asks: &[Ask<A>]) -> Vec<&str> {
    let topics: BTreeSet<&str> = asks.iter().map(|(p, _)| p.topic.as_str()).collect();
    topics.into_iter().collect()
}

/// The asks as requests carry them: partitions under their topics.
pub(super) fn by_topic<A: Clone>(asks: &[Ask<A>]) -> BTreeMap<String, Vec<(i32, A)>> {
    let mut topics: BTreeMap<String, Vec<(i32, A)>> = BTreeMap::new();
    for (partition, ask) in asks {
        let asks = topics.entry(partition.topic.clone()).or_default();
        asks.push((partition.partition, ask.clone()));
    }
    topics
}

/// Whether another attempt, after a look at the metadata, may go better. A topic nobody knows
/// is not waited for: names are often mistyped.
fn may_pass<T>(answer: Option<&Result<T, ClientError>>) -> bool {
    match answer {
        Some(Err(ClientError::Kafka { api: strait_wire::ApiKey::Metadata, code, .. })) => {
            *code == ErrorCode::LEADER_NOT_AVAILABLE
        }
        Some(Err(ClientError::Kafka { code, .. })) => {
            is_stale_metadata(*code) || *code == ErrorCode::OFFSET_NOT_AVAILABLE
        }
        Some(Err(error)) => error.is_retriable() && !error.is_unreachable(),
        Some(Ok(_)) | None => false,
    }
}
