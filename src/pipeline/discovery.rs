//! Which topics and partitions there are, whether the target has them, and which lanes are new.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use strait_client::admin::OffsetSpec;
use strait_client::{ClientError, ClusterView, PartitionView, TopicPartition, TopicView, Topics};
use strait_wire::{ApiKey, ErrorCode, Uuid};

use super::lane::{Lane, LaneSpec};
use super::route::Route;
use crate::config::{Delivery, PipelineSettings};
use crate::ledger::{LaneKey, LaneRecord};
use crate::model::Mode;
use crate::status::Stage;
use crate::status::lane::{LaneName, LaneStatus};
use crate::topics::Explanation;
use crate::topics::provision::{MIRROR_CONFIG, Wanted, mark, provision};

/// A pipeline's view of its two clusters.
pub struct Discovery {
    route: Arc<Route>,
    siblings: Vec<PipelineSettings>,
    records: HashMap<LaneKey, LaneRecord>,
    running: HashSet<LaneKey>,
    mirror_append: Option<bool>,
    /// By id and name: a source may give its topics no ids.
    modes: HashMap<(Uuid, String), Mode>,
}

/// What one look found, for the board.
#[derive(Default)]
struct Findings {
    topics: Vec<String>,
    excluded: Vec<(String, String)>,
    unmirrored: Vec<(String, String)>,
}

impl Discovery {
    /// Knows nothing yet but the ledger.
    pub fn new(
        route: Arc<Route>,
        siblings: Vec<PipelineSettings>,
        records: HashMap<LaneKey, LaneRecord>,
    ) -> Self {
        let (running, modes) = (HashSet::new(), HashMap::new());
        Self { route, siblings, records, running, mirror_append: None, modes }
    }

    /// Looks once; the lanes that are new. A cluster that does not answer is trouble on the
    /// board until it does.
    pub async fn look(&mut self) -> Vec<Lane> {
        let looked = self.try_look().await;
        let (lanes, trouble) = match looked {
            Ok(lanes) => (lanes, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        self.route.status.note(|facts| facts.trouble = trouble);
        lanes
    }

    async fn try_look(&mut self) -> Result<Vec<Lane>, ClientError> {
        let source = self.route.source.cluster().metadata(Topics::All).await?;
        let target = self.route.sink.cluster().metadata(Topics::All).await?;
        let ours = self.target_is_ours().await?;
        let mut findings = Findings::default();
        let mut lanes = Vec::new();
        for topic in source.topics.values().filter(|topic| topic.error.is_none()) {
            if let Some(reason) = self.why_not(topic) {
                findings.excluded.push((topic.name.clone(), reason));
                continue;
            }
            findings.topics.push(topic.name.clone());
            match self.lanes_of(topic, &target, ours).await {
                Ok(new) => lanes.extend(new),
                Err(reason) => findings.unmirrored.push((topic.name.clone(), reason)),
            }
        }
        self.publish(findings, ours);
        Ok(lanes)
    }

    fn why_not(&self, topic: &TopicView) -> Option<String> {
        match self.route.settings.selector.explain(&topic.name) {
            Explanation::Selected { .. } => None,
            reason => Some(reason.to_string()),
        }
    }

    /// Lanes of a topic that are not running yet, its target topic made ready first.
    async fn lanes_of(
        &mut self,
        topic: &TopicView,
        target: &ClusterView,
        ours: bool,
    ) -> Result<Vec<Lane>, String> {
        let naming = &self.route.settings.naming;
        let name = naming.target_topic(&topic.name).map_err(|e| e.to_string())?;
        let mode = match self.is_another_source(topic, &name) {
            // Its lanes only say so; the copy of the topic before it is left as it is.
            true => Mode::AtLeastOnce,
            false => self.settle(topic, target.topic(&name).map(Arc::as_ref), &name, ours).await?,
        };
        let specs = topic.partitions.iter().map(|p| self.spec(topic, p.partition, &name, mode));
        let specs: Vec<_> = specs.collect();
        let new = specs.into_iter().filter(|spec| self.running.insert(spec.key.clone()));
        let new: Vec<_> = new.collect();
        Ok(new.into_iter().filter_map(|spec| self.lane(spec)).collect())
    }

    fn is_another_source(&self, topic: &TopicView, name: &str) -> bool {
        let probe = self.spec(topic, 0, name, Mode::AtLeastOnce);
        self.another_source(&probe.key).is_some()
    }

    /// The topic's delivery, with its target topic made ready.
    async fn settle(
        &mut self,
        topic: &TopicView,
        existing: Option<&TopicView>,
        name: &str,
        ours: bool,
    ) -> Result<Mode, String> {
        let mode = match self.modes.get(&(topic.id, topic.name.clone())) {
            Some(mode) => *mode,
            None => self.decide_mode(topic, name, existing, ours).await?,
        };
        let partitions = topic.partitions.len();
        if existing.is_none_or(|t| t.partitions.len() < partitions) {
            self.make_ready(topic, existing, name, mode).await?;
        }
        Ok(mode)
    }

    /// Decides how the topic is delivered, once, and marks a target topic that was there before.
    async fn decide_mode(
        &mut self,
        topic: &TopicView,
        name: &str,
        existing: Option<&TopicView>,
        ours: bool,
    ) -> Result<Mode, String> {
        let mode = self.mode(topic, name, existing, ours).await.map_err(|e| e.to_string())?;
        if existing.is_some() && mode != Mode::AtLeastOnce {
            mark(self.route.sink.cluster(), name, mode).await?;
        }
        self.modes.insert((topic.id, topic.name.clone()), mode);
        Ok(mode)
    }

    async fn make_ready(
        &self,
        topic: &TopicView,
        existing: Option<&TopicView>,
        name: &str,
        mode: Mode,
    ) -> Result<(), String> {
        let ours = mode != Mode::AtLeastOnce;
        let extra = ours.then(|| (MIRROR_CONFIG.to_owned(), mode.name().to_owned()));
        let wanted = Wanted {
            name: name.to_owned(),
            partitions: topic.partitions.len() as i32,
            replication_factor: self.route.settings.replication_factor,
            extra: extra.into_iter().collect(),
        };
        let (source, target) = (self.route.source.cluster(), self.route.sink.cluster());
        match provision(source, target, topic, existing, wanted).await {
            // Another pipeline that feeds the same topic was faster.
            Err(e) if e.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS) => Ok(()),
            Err(error) => Err(error.to_string()),
            Ok(()) => {
                let pipeline = &self.route.settings.name;
                tracing::info!(%pipeline, topic = name, "target topic ready");
                Ok(())
            }
        }?;
        target.refresh(&[name]).await.map(|_| ()).map_err(|e| e.to_string())
    }

    /// How the topic's lanes are delivered. Under `auto` a lane goes on as the ledger knows it; a
    /// new one keeps the source's offsets if nobody else writes, or wrote, into its topic.
    async fn mode(
        &self,
        topic: &TopicView,
        target: &str,
        existing: Option<&TopicView>,
        ours: bool,
    ) -> Result<Mode, ClientError> {
        let before = self.records.iter().find(|(key, _)| {
            key.pipeline == self.route.settings.name.as_str()
                && key.topic == topic.name
                && key.target_topic == target
        });
        let usual = self.usual_mode(ours);
        if self.route.settings.delivery != Delivery::Auto || usual == Mode::AtLeastOnce {
            return Ok(usual);
        }
        Ok(match before {
            Some((_, record)) => record.mode,
            None if self.is_fed_by_others(topic, target) => Mode::Merge,
            None if self.holds_records(existing).await? => Mode::Merge,
            None => usual,
        })
    }

    /// The delivery of a new topic that nobody else writes.
    fn usual_mode(&self, ours: bool) -> Mode {
        match self.route.settings.delivery {
            Delivery::AtLeastOnce => Mode::AtLeastOnce,
            Delivery::Merge => Mode::Merge,
            Delivery::Preserve => Mode::Preserve,
            Delivery::Auto if ours => Mode::Preserve,
            Delivery::Auto => Mode::AtLeastOnce,
        }
    }

    async fn holds_records(&self, existing: Option<&TopicView>) -> Result<bool, ClientError> {
        let Some(topic) = existing else { return Ok(false) };
        let ask =
            |p: &PartitionView| (TopicPartition::new(&topic.name, p.partition), OffsetSpec::Latest);
        let asks: Vec<_> = topic.partitions.iter().map(ask).collect();
        let mut any = false;
        for (_, end) in self.route.sink.cluster().list_offsets(&asks).await {
            any |= end?.offset.is_some_and(|offset| offset > 0);
        }
        Ok(any)
    }

    /// Whether another pipeline brings a topic of this name to the same target topic.
    fn is_fed_by_others(&self, topic: &TopicView, target: &str) -> bool {
        self.siblings.iter().any(|other| {
            other.to.name == self.route.settings.to.name
                && other.selector.selects(&topic.name)
                && other.naming.target_topic(&topic.name).is_ok_and(|name| name == target)
        })
    }

    async fn target_is_ours(&mut self) -> Result<bool, ClientError> {
        if let Some(known) = self.mirror_append {
            return Ok(known);
        }
        let cluster = self.route.sink.cluster();
        let view = cluster.metadata(Topics::Named(&[])).await?;
        let mut ours = !view.brokers.is_empty();
        for broker in view.brokers.keys() {
            ours &= cluster.shared(*broker).await?.supports(ApiKey::MirrorAppend);
        }
        self.mirror_append = Some(ours);
        Ok(ours)
    }

    fn spec(&self, topic: &TopicView, partition: i32, target: &str, mode: Mode) -> LaneSpec {
        let key = LaneKey {
            pipeline: self.route.settings.name.to_string(),
            source_cluster: self.route.source_cluster.clone(),
            topic_id: topic.id.to_string(),
            topic: topic.name.clone(),
            partition,
            target_topic: target.to_owned(),
        };
        LaneSpec { key, topic_id: topic.id, mode }
    }

    /// The lane, or none if the ledger knows its name for another topic or cluster: that lane
    /// is on the board, stopped.
    fn lane(&self, spec: LaneSpec) -> Option<Lane> {
        let settings = &self.route.settings;
        let status = Arc::new(LaneStatus::new(LaneName {
            pipeline: settings.name.clone(),
            from: settings.from.name.clone(),
            to: settings.to.name.clone(),
            topic: spec.key.topic.clone(),
            target_topic: spec.key.target_topic.clone(),
            partition: spec.key.partition,
        }));
        self.route.status.add_lane(Arc::clone(&status));
        if let Some(reason) = self.another_source(&spec.key) {
            tracing::error!(pipeline = %settings.name, "stopped: {reason}");
            status.enter(Stage::Stopped(reason));
            return None;
        }
        let record = self.records.get(&spec.key).cloned();
        Some(Lane::new(Arc::clone(&self.route), spec, status, record))
    }

    fn another_source(&self, key: &LaneKey) -> Option<String> {
        let same_name = |other: &&LaneKey| {
            other.pipeline == key.pipeline
                && other.topic == key.topic
                && other.partition == key.partition
                && other.target_topic == key.target_topic
                && *other != key
        };
        let other = self.records.keys().chain(&self.running).find(same_name)?;
        let what = if other.source_cluster == key.source_cluster {
            format!("topic {} was deleted and created anew", key.topic)
        } else {
            format!("another cluster answers for region {}", self.route.settings.from.name)
        };
        Some(format!(
            "{what} since this lane began (it was cluster {} topic id {}, it is cluster {} topic \
             id {}); nothing was appended to the old copy. Next: give the pipeline a new name and \
             its copy a new topic, or remove the old one",
            other.source_cluster, other.topic_id, key.source_cluster, key.topic_id
        ))
    }

    fn publish(&self, findings: Findings, ours: bool) {
        let mut modes: BTreeSet<_> = self.modes.values().map(|mode| mode.name()).collect();
        if modes.is_empty() {
            modes.insert(self.usual_mode(ours).name());
        }
        self.route.status.note(|facts| {
            facts.delivery = modes.into_iter().collect::<Vec<_>>().join("+");
            facts.topics = findings.topics;
            facts.excluded = findings.excluded;
            facts.unmirrored = findings.unmirrored;
        });
    }
}
