//! A cluster: where its brokers are, who leads what, and whom to ask.
//!
//! Nothing is opened before the first call. Metadata is cached for leader discovery; callers that
//! learn from an error code that it is out of date ask for `refresh`, which bundles what many
//! callers want into one request and spaces these requests out. A call is repeated after
//! transport errors until its deadline, but only if repeating it cannot do anything twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use strait_io::rng;
use strait_io::time::{self, Duration, Instant};
use strait_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use strait_wire::{ApiKey, ErrorCode, Request};
use tokio::sync::Mutex as AsyncMutex;

use crate::config::ClientConfig;
use crate::connect::connect;
use crate::connection::Connection;
use crate::error::{Attempt, ClientError, Subject};
use crate::links::{Links, Peer};
use crate::view::ClusterView;

/// The least time between two refreshes.
const REFRESH_EVERY: Duration = Duration::from_millis(200);

/// A handle to a cluster; clones share connections and metadata.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    config: ClientConfig,
    region: Arc<str>,
    links: Links,
    view: Mutex<Option<Arc<ClusterView>>>,
    coordinators: Mutex<HashMap<String, i32>>,
    wanted: Mutex<BTreeSet<String>>,
    refreshed: AsyncMutex<Option<Instant>>,
}

/// Which topics a metadata request is about.
#[derive(Debug, Clone, Copy)]
pub enum Topics<'a> {
    /// Every topic of the cluster.
    All,
    /// These; an empty slice asks about brokers only.
    Named(&'a [&'a str]),
}

/// Whom to ask.
#[derive(Debug, Clone, Copy)]
pub enum To<'a> {
    /// Any broker.
    Any,
    /// The broker that carries out changes.
    Controller,
    /// The broker with this id.
    Broker(i32),
    /// The coordinator of this group.
    Coordinator(&'a str),
}

impl Cluster {
    /// A cluster by its configuration; no socket is opened yet.
    pub fn new(config: ClientConfig) -> Self {
        Self(Arc::new(Inner {
            region: config.name.as_str().into(),
            config,
            links: Links::default(),
            view: Mutex::default(),
            coordinators: Mutex::default(),
            wanted: Mutex::default(),
            refreshed: AsyncMutex::default(),
        }))
    }

    /// The region's name.
    pub fn region(&self) -> &Arc<str> {
        &self.0.region
    }

    /// What the cluster was configured with.
    pub fn config(&self) -> &ClientConfig {
        &self.0.config
    }

    /// Asks for metadata: exactly the topics asked for, each with its error if it has one.
    pub async fn metadata(&self, topics: Topics<'_>) -> Result<Arc<ClusterView>, ClientError> {
        let named = |name: &&str| MetadataRequestTopic {
            name: Some((*name).to_owned()),
            ..Default::default()
        };
        let request = MetadataRequest {
            topics: match topics {
                Topics::All => None,
                Topics::Named(names) => Some(names.iter().map(named).collect()),
            },
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        let response = self.repeat(&request, || self.anyone()).await?;
        self.check(ApiKey::Metadata, Subject::Request, response.error_code, None)?;
        let view = Arc::new(ClusterView::new(response));
        self.remember(&view, matches!(topics, Topics::All));
        Ok(view)
    }

    /// What earlier answers said, all topics together.
    pub fn view(&self) -> Option<Arc<ClusterView>> {
        lock(&self.0.view).clone()
    }

    /// Brings the cached view of these topics up to date. Many callers at once cause one request,
    /// and requests keep a distance, so a caller may call this after every error it meets.
    pub async fn refresh(&self, topics: &[&str]) -> Result<Arc<ClusterView>, ClientError> {
        lock(&self.0.wanted).extend(topics.iter().map(|t| (*t).to_owned()));
        let mut refreshed = self.0.refreshed.lock().await;
        let answered = || topics.iter().all(|t| !lock(&self.0.wanted).contains(*t));
        if let Some(view) = self.view().filter(|_| !topics.is_empty() && answered()) {
            return Ok(view);
        }
        if let Some(last) = *refreshed {
            time::sleep_until(last + REFRESH_EVERY).await;
        }
        let wanted = std::mem::take(&mut *lock(&self.0.wanted));
        let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let outcome = self.metadata(Topics::Named(&names)).await;
        *refreshed = Some(time::now());
        outcome.map(|asked| self.view().unwrap_or(asked))
    }

    /// The leader of a partition, from the cache if it knows one.
    pub async fn leader(&self, topic: &str, partition: i32) -> Result<i32, ClientError> {
        if let Some(leader) = self.view().and_then(|view| view.leader(topic, partition)) {
            return Ok(leader);
        }
        let view = self.refresh(&[topic]).await?;
        self.leader_in(&view, topic, partition)
    }

    /// The leader of a partition by this view, or why it names none.
    pub(crate) fn leader_in(
        &self,
        view: &ClusterView,
        topic: &str,
        partition: i32,
    ) -> Result<i32, ClientError> {
        view.leader(topic, partition).ok_or_else(|| {
            let known = view.partition(topic, partition).is_some();
            let unknown = view.topics.get(topic).and_then(|t| t.error);
            let code = match known {
                true => ErrorCode::LEADER_NOT_AVAILABLE,
                false => unknown.unwrap_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            let subject = Subject::Partition(topic.to_owned(), partition);
            self.error(ApiKey::Metadata, subject, code, None)
        })
    }

    /// Sends a request over a shared connection and waits for the answer.
    pub async fn call<R: Request>(
        &self,
        to: To<'_>,
        request: R,
    ) -> Result<R::Response, ClientError> {
        self.repeat(&request, || self.route(to)).await
    }

    /// A new connection to a broker, the caller's own.
    pub async fn connect(&self, broker: i32) -> Result<Connection, ClientError> {
        let address = self.address(broker).await?;
        let connection = connect(&self.0.config, &self.0.region, &address).await;
        if connection.is_err() {
            self.forget_address(broker);
        }
        connection
    }

    /// The shared connection to a broker, for calls that are rare and short.
    pub async fn shared(&self, broker: i32) -> Result<Connection, ClientError> {
        self.0.links.get(Peer::Broker(broker), self.connect(broker)).await
    }

    /// Forgets where a group's coordinator was, after an answer said it moved.
    pub fn forget_coordinator(&self, group: &str) {
        lock(&self.0.coordinators).remove(group);
    }

    /// The broker that coordinates a group.
    pub async fn coordinator(&self, group: &str) -> Result<i32, ClientError> {
        let known = lock(&self.0.coordinators).get(group).copied();
        if let Some(broker) = known {
            return Ok(broker);
        }
        let broker = self.find_coordinator(group).await?;
        lock(&self.0.coordinators).insert(group.to_owned(), broker);
        Ok(broker)
    }

    /// The shared connection for a request.
    async fn route(&self, to: To<'_>) -> Result<Connection, ClientError> {
        match to {
            To::Any => self.anyone().await,
            To::Broker(broker) => self.shared(broker).await,
            To::Controller => match self.controller().await? {
                Some(broker) => self.shared(broker).await,
                None => self.anyone().await,
            },
            To::Coordinator(group) => {
                let broker = self.coordinator(group).await?;
                let connection = self.shared(broker).await;
                if connection.is_err() {
                    self.forget_coordinator(group);
                }
                connection
            }
        }
    }

    /// A connection to whichever broker answers: known ones and bootstrap addresses, each once.
    pub(crate) async fn anyone(&self) -> Result<Connection, ClientError> {
        self.0.links.get(Peer::Anyone, self.connect_anyone()).await
    }

    async fn connect_anyone(&self) -> Result<Connection, ClientError> {
        let mut tried: Vec<Attempt> = Vec::new();
        for address in self.addresses() {
            match connect(&self.0.config, &self.0.region, &address).await {
                Ok(connection) => return Ok(connection),
                Err(ClientError::Unreachable { address, reason, hint, .. }) => {
                    tried.push(Attempt { address, reason, hint });
                }
                Err(other) => return Err(other),
            }
        }
        Err(ClientError::NoneReachable { region: self.0.region.clone(), tried })
    }

    /// Bootstrap addresses from a random one on, then the brokers' own.
    fn addresses(&self) -> Vec<String> {
        let mut addresses = self.0.config.bootstrap.clone();
        let first = rng::below(addresses.len() as u64) as usize;
        addresses.rotate_left(first);
        let view = self.view();
        for broker in view.iter().flat_map(|view| view.brokers.values()) {
            let address = broker.address();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    async fn controller(&self) -> Result<Option<i32>, ClientError> {
        match self.view() {
            Some(view) => Ok(view.controller),
            None => Ok(self.metadata(Topics::Named(&[])).await?.controller),
        }
    }

    async fn address(&self, broker: i32) -> Result<String, ClientError> {
        let known = |view: &ClusterView| view.brokers.get(&broker).map(|b| b.address());
        if let Some(address) = self.view().and_then(|view| known(&view)) {
            return Ok(address);
        }
        let view = self.metadata(Topics::Named(&[])).await?;
        let region = self.0.region.clone();
        known(&view).ok_or(ClientError::UnknownBroker { region, broker })
    }

    /// Makes the next caller ask again where a broker is.
    fn forget_address(&self, broker: i32) {
        let mut view = lock(&self.0.view);
        if let Some(old) = view.as_ref() {
            let mut new = ClusterView::clone(old);
            new.brokers.remove(&broker);
            *view = Some(Arc::new(new));
        }
    }

    fn remember(&self, newer: &Arc<ClusterView>, all: bool) {
        let mut view = lock(&self.0.view);
        *view = match view.as_ref().filter(|_| !all) {
            Some(old) => Some(Arc::new(old.updated(newer))),
            None => Some(newer.clone()),
        };
    }

    pub(crate) fn error(
        &self,
        api: ApiKey,
        subject: Subject,
        code: ErrorCode,
        message: Option<String>,
    ) -> ClientError {
        let message = message.filter(|words| !words.is_empty());
        ClientError::Kafka { code, region: self.0.region.clone(), api, subject, message }
    }

    pub(crate) fn check(
        &self,
        api: ApiKey,
        subject: Subject,
        code: ErrorCode,
        message: Option<String>,
    ) -> Result<(), ClientError> {
        code.ok().map_err(|code| self.error(api, subject, code, message))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock can panic")
}
