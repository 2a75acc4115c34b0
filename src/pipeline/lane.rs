//! A lane: one source partition on its way into one target partition.
//!
//! Claim it, follow the source, send what it brings, write down what the target acknowledged;
//! on a fault, say which and begin again, or stop and wait for a person.
//! `checkpoint <= acknowledged <= sent <= fetched`, and a checkpoint is only what the ledger
//! holds durably. The order *target acknowledges, then ledger, then checkpoint* is the delivery
//! guarantee; it is `mirror` below.

use std::sync::Arc;

use strait_client::Backoff;
use strait_client::admin::OffsetSpec;
use strait_io::rng;
use strait_io::time::{self, Duration};

use super::claim::claim;
use super::course::Course;
use super::fault::LaneFault;
use super::identity::{Identity, source_offset};
use super::route::Route;
use crate::drain::Drain;
use crate::ledger::{LaneKey, LaneRecord};
use crate::model::{Mode, SourceOffset};
use crate::sink::{SinkFault, SinkLane};
use crate::source::{Feed, Follow, SourceFault};
use crate::status::Stage;
use crate::status::lane::{LaneStatus, add, set};
use strait_wire::{ErrorCode, Uuid};

/// How long a lane that ends in a fault may take to write down where it stands.
const PARTING: Duration = Duration::from_secs(2);

/// What a lane is, for as long as it lives.
#[derive(Debug, Clone)]
pub struct LaneSpec {
    /// Its identity in the ledger.
    pub key: LaneKey,
    /// The source topic's id; nil where the source has none.
    pub topic_id: Uuid,
    /// How it is delivered.
    pub mode: Mode,
}

/// A lane about to run.
pub struct Lane {
    route: Arc<Route>,
    spec: LaneSpec,
    status: Arc<LaneStatus>,
    identity: Identity,
}

impl Lane {
    /// A lane with what the ledger said of it.
    pub fn new(
        route: Arc<Route>,
        spec: LaneSpec,
        status: Arc<LaneStatus>,
        record: Option<LaneRecord>,
    ) -> Self {
        let identity = Identity::new(record);
        Self { route, spec, status, identity }
    }

    /// Mirrors until drained, or until a fault that only a person can lift.
    pub async fn run(mut self, mut drain: Drain) {
        let mut backoff = Backoff::default();
        while let Err(fault) = self.mirror(&mut drain, &mut backoff).await {
            add(&self.status.faults, 1);
            let fault = self.look_into(fault).await;
            if !fault.passes() {
                return self.stop(&fault);
            }
            self.retry(&fault);
            let pause = backoff.next(rng::below(1024));
            tokio::select! {
                () = time::sleep(pause) => self.look_again().await,
                () = drain.started() => return,
            }
        }
    }

    /// One life of the lane, from claim to fault or drain.
    async fn mirror(&mut self, drain: &mut Drain, backoff: &mut Backoff) -> Result<(), LaneFault> {
        self.status.enter(Stage::Resuming);
        // A claim given up half-way is made anew by whoever starts next.
        let claim = tokio::select! {
            claim = claim(&self.route, &self.spec, &mut self.identity) => claim?,
            () = drain.started() => return Ok(()),
        };
        let follow = self.follow(&claim.record, claim.position).await?;
        let feed = self.route.source.follow(follow, Arc::clone(&self.status)).await;
        let sink = self.route.sink.open(claim.place.clone(), claim.terms).await;
        let mut course = Course::new(&self.route, &self.spec, &self.status, claim);
        self.status.enter(Stage::Mirroring);
        let ended = self.steer(&mut course, feed, sink, drain, backoff).await;
        if ended.as_ref().is_err_and(|fault| !fault.is_fenced()) {
            // What cannot be written down now is carried on, or found at the target again.
            let _ = time::timeout(PARTING, self.part(&mut course)).await;
        }
        if self.spec.mode == Mode::AtLeastOnce {
            // A stock Kafka cannot say what landed; what it acknowledged must not be forgotten.
            self.identity.carried = Some(course.into_ledger());
        }
        ended
    }

    async fn steer(
        &mut self,
        course: &mut Course,
        mut feed: Feed,
        mut sink: SinkLane,
        drain: &mut Drain,
        backoff: &mut Backoff,
    ) -> Result<(), LaneFault> {
        let mut parting = None;
        while !course.is_drained() {
            let save_at = course.next_save();
            tokio::select! {
                biased;
                written = sink.written(), if course.awaits_the_target() => {
                    course.acknowledge(written?, &mut self.identity);
                    *backoff = Backoff::default();
                }
                saved = course.saved(), if course.is_saving() => {
                    self.identity.record = Some(saved?);
                }
                () = time::sleep_until(save_at), if course.wants_checkpoint() => course.save(),
                () = drain.started(), if !course.is_draining() => {
                    self.status.enter(Stage::Draining);
                    course.drain();
                }
                chunk = feed.next(), if course.takes_more() => {
                    let sent = match chunk {
                        Ok(chunk) => course.send(chunk, &sink, &mut self.identity).await,
                        Err(fault) => Err(fault.into()),
                    };
                    if let Err(fault) = sent {
                        // What was read before it still arrives.
                        parting = Some(fault);
                        course.drain();
                    }
                }
            }
        }
        parting.map_or(Ok(()), Err)
    }

    /// Writes down what the target acknowledged before the fault.
    async fn part(&mut self, course: &mut Course) -> Result<(), LaneFault> {
        if course.is_saving() {
            self.identity.record = Some(course.saved().await?);
        }
        if course.wants_checkpoint() {
            course.save();
            self.identity.record = Some(course.saved().await?);
        }
        Ok(())
    }

    async fn follow(
        &self,
        record: &LaneRecord,
        position: SourceOffset,
    ) -> Result<Follow, LaneFault> {
        let (topic, partition) = (self.spec.key.topic.clone(), self.spec.key.partition);
        let cluster = self.route.source.cluster();
        let leader = cluster.leader(&topic, partition).await?;
        let view = cluster.view();
        let known = view.as_ref().and_then(|view| view.partition(&topic, partition));
        let leader_epoch = known.map_or(-1, |partition| partition.leader_epoch);
        let at_the_record = position == record.position && record.run.is_some();
        Ok(Follow {
            topic,
            topic_id: self.spec.topic_id,
            partition,
            leader,
            leader_epoch,
            last_epoch: if at_the_record { record.leader_epoch } else { -1 },
            position,
        })
    }

    /// Asks the source's cluster about what one of its brokers said.
    async fn look_into(&self, fault: LaneFault) -> LaneFault {
        match fault {
            LaneFault::Source(SourceFault::OutOfRange { position, .. }) => {
                self.with_its_range(position).await
            }
            LaneFault::Source(SourceFault::TopicGone(code)) => self.gone_or_moved(code).await,
            fault => fault,
        }
    }

    /// A broker may not have heard yet of a partition that the cluster has given it.
    async fn gone_or_moved(&self, code: ErrorCode) -> LaneFault {
        let LaneKey { topic, partition, .. } = &self.spec.key;
        let view = match self.route.source.cluster().refresh(&[topic]).await {
            Ok(view) => view,
            Err(fault) => return fault.into(),
        };
        let same = view.topic(topic).filter(|known| known.id == self.spec.topic_id);
        match same.and_then(|known| known.partition(*partition)) {
            Some(_) => SourceFault::LeaderMoved(code).into(),
            None => SourceFault::TopicGone(code).into(),
        }
    }

    /// A broker that refuses an offset does not always say where its log begins and ends.
    async fn with_its_range(&self, position: SourceOffset) -> LaneFault {
        let (route, spec) = (&self.route, &self.spec);
        let log_start = source_offset(route, spec, OffsetSpec::Earliest).await;
        let log_end = source_offset(route, spec, OffsetSpec::Latest).await;
        match (log_start, log_end) {
            (Ok(log_start), Ok(log_end)) if (log_start..=log_end).contains(&position) => {
                SourceFault::LeaderMoved(ErrorCode::OFFSET_OUT_OF_RANGE).into()
            }
            (Ok(log_start), Ok(log_end)) => {
                SourceFault::OutOfRange { position, log_start, log_end }.into()
            }
            (Err(fault), _) | (_, Err(fault)) => fault,
        }
    }

    /// Looks for leaders anew before the next try.
    async fn look_again(&self) {
        let key = &self.spec.key;
        // A refresh that fails is repeated by the claim, whose fault is the one to report.
        let _ = self.route.source.cluster().refresh(&[&key.topic]).await;
        let _ = self.route.sink.cluster().refresh(&[&key.target_topic]).await;
    }

    fn retry(&mut self, fault: &LaneFault) {
        if let LaneFault::Sink(SinkFault::OutOfSequence(_)) = fault {
            self.identity.forget_producer();
        }
        if self.status.enter(Stage::Retrying(fault.to_string())) {
            tracing::warn!(lane = %self.name(), "{fault}; trying again");
        }
    }

    fn stop(&self, fault: &LaneFault) {
        let text = format!("{fault}. Next: {}", fault.next_step());
        tracing::error!(lane = %self.name(), "stopped: {text}");
        self.status.enter(Stage::Stopped(text));
        set(&self.status.fetched, crate::status::lane::get(&self.status.acknowledged));
    }

    fn name(&self) -> String {
        let key = &self.spec.key;
        format!("{} {}-{}", key.pipeline, key.topic, key.partition)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = "ended by a bug. Next: see the log, restart the worker, and report it";
            self.status.enter(Stage::Stopped(text.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::fixture;

    #[tokio::test]
    async fn a_lane_that_panics_is_stopped_on_the_board() {
        let status = fixture::status();
        let lane = Lane::new(fixture::route(), fixture::spec(), Arc::clone(&status), None);
        let bug = tokio::spawn(async move {
            let _lane = lane;
            panic!("a bug");
        });
        assert!(bug.await.is_err());
        assert_eq!(status.stage().word(), "stopped");
    }
}
