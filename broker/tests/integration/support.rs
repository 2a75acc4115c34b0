//! A broker in a temporary folder and a client that speaks whole requests.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use strait_broker::{Broker, BrokerConfig, StartError};
use strait_io::net::{self, TcpStream};
use strait_io::time::{self, Duration};
use strait_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use strait_wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData,
};
use strait_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, TopicProduceData,
};
use strait_wire::{BatchBuilder, Compression, ErrorCode, Piece, RawBatch, Records, Request, frame};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct Running {
    pub broker: Broker,
    pub folder: TempDir,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut BrokerConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let broker = start_in(&folder, change).await;
        Self { broker, folder }
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.broker.address()).await
    }

    pub async fn with_topic(topic: &str, configs: &[(&str, &str)]) -> (Self, Client) {
        let running = Self::start().await;
        let mut client = running.client().await;
        assert_eq!(client.create_topic(topic, 2, configs).await, ErrorCode::NONE);
        (running, client)
    }
}

pub async fn start_in(folder: &TempDir, change: impl FnOnce(&mut BrokerConfig)) -> Broker {
    let mut config = BrokerConfig { data_dir: folder.path().to_owned(), ..BrokerConfig::default() };
    change(&mut config);
    Broker::start(config).await.expect("the broker starts")
}

/// Starts again after a broker was dropped: its tasks let go of the folder in a moment.
pub async fn restart_in(folder: &TempDir) -> Broker {
    let config = BrokerConfig { data_dir: folder.path().to_owned(), ..BrokerConfig::default() };
    for _ in 0..500 {
        match Broker::start(config.clone()).await {
            Ok(broker) => return broker,
            Err(StartError::FolderLocked { .. }) => time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the folder stays locked");
}

pub struct Client {
    stream: TcpStream,
    next_id: i32,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream =
            net::connect(address, Duration::from_secs(5)).await.expect("the broker listens");
        Self { stream, next_id: 1 }
    }

    pub async fn send<R: Request>(&mut self, version: i16, request: &R) -> i32 {
        let id = self.next_id;
        self.next_id += 1;
        for piece in frame::encode_request(request, version, id, "test") {
            let Piece::Bytes(bytes) = piece else { panic!("requests hold no file ranges") };
            self.send_raw(&bytes).await;
        }
        id
    }

    pub async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the broker reads");
    }

    /// The next frame without its length; `None` if the broker closed.
    pub async fn receive(&mut self) -> Option<Bytes> {
        let length = self.stream.read_u32().await.ok()?;
        let mut body = BytesMut::zeroed(length as usize);
        self.stream.read_exact(&mut body).await.expect("a whole frame");
        Some(body.freeze())
    }

    pub async fn answer_to<R: Request>(&mut self, version: i16, id: i32) -> R::Response {
        let frame = self.receive().await.expect("an answer");
        assert_eq!(frame::correlation_id(&frame), Ok(id), "answers come in order");
        frame::decode_response::<R>(frame, version).expect("the answer decodes")
    }

    pub async fn call<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        let id = self.send(version, request).await;
        self.answer_to::<R>(version, id).await
    }

    pub async fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        configs: &[(&str, &str)],
    ) -> ErrorCode {
        let configs = configs.iter().map(|(name, value)| CreatableTopicConfig {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
        });
        let topic = CreatableTopic {
            name: name.to_owned(),
            num_partitions: partitions,
            replication_factor: 1,
            configs: configs.collect(),
            ..Default::default()
        };
        let request = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
        self.call(7, &request).await.topics[0].error_code
    }

    pub async fn produce(&mut self, topic: &str, batch: Bytes) -> PartitionProduceResponse {
        let request = produce_request(topic, 0, -1, batch);
        self.call(9, &request).await.responses.remove(0).partition_responses.remove(0)
    }

    pub async fn fetch(&mut self, topic: &str, offset: i64) -> PartitionData {
        let request = fetch_request(topic, offset, 0, 1);
        only_partition(self.call(11, &request).await)
    }

    /// All values of partition 0 from `offset` on.
    pub async fn values(&mut self, topic: &str, offset: i64) -> Vec<(i64, String)> {
        values(self.fetch(topic, offset).await.records)
    }
}

pub fn produce_request(topic: &str, partition: i32, acks: i16, batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData { index: partition, records: Records::Bytes(batch) };
    let topic = TopicProduceData {
        name: topic.to_owned(),
        partition_data: vec![data],
        ..Default::default()
    };
    ProduceRequest { acks, timeout_ms: 5_000, topic_data: vec![topic], ..Default::default() }
}

pub fn fetch_request(topic: &str, offset: i64, wait_ms: i32, min_bytes: i32) -> FetchRequest {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..Default::default() };
    let topic =
        FetchTopic { topic: topic.to_owned(), partitions: vec![partition], ..Default::default() };
    FetchRequest {
        max_wait_ms: wait_ms,
        min_bytes,
        max_bytes: 1 << 24,
        topics: vec![topic],
        ..Default::default()
    }
}

pub fn only_partition(mut response: FetchResponse) -> PartitionData {
    assert_eq!(response.error_code, ErrorCode::NONE);
    response.responses.remove(0).partitions.remove(0)
}

pub fn batches(records: Records) -> Vec<RawBatch> {
    assert_ne!(records, Records::Null, "records are empty, never null");
    let batches = strait_wire::batch::batches(records.into_bytes());
    batches.map(|batch| batch.expect("whole batches")).collect()
}

pub fn values(records: Records) -> Vec<(i64, String)> {
    let mut out = Vec::new();
    for batch in batches(records) {
        batch.verify().expect("an intact batch");
        for record in batch.records(1 << 20).expect("it opens") {
            let record = record.expect("a whole record");
            let value = record.value.expect("a value");
            out.push((record.offset, String::from_utf8(value.to_vec()).expect("text")));
        }
    }
    out
}

pub fn batch(values: &[&str]) -> Bytes {
    batch_with(BatchBuilder::default(), values, Compression::None)
}

pub fn batch_with(mut builder: BatchBuilder, values: &[&str], codec: Compression) -> Bytes {
    let now = strait_io::time::wall_ms();
    for value in values {
        builder.add(now, Some(b"k"), Some(value.as_bytes()));
    }
    builder.finish(codec, None).expect("it closes")
}

pub fn numbered(from: i64, values: &[&str]) -> Vec<(i64, String)> {
    (from..).zip(values.iter().map(|value| (*value).to_owned())).collect()
}
