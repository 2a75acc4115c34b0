//! Produce: checks each batch, appends it, and answers when `acks` says so.
//!
//! Everything up to the wait happens at the first poll, so requests of one connection append in
//! the order they came.

use std::sync::Arc;

use strait_io::time::{self, Duration};
use strait_wire::messages::produce::{
    BatchIndexAndErrorMessage, PartitionProduceData, PartitionProduceResponse, ProduceRequest,
    ProduceResponse, TopicProduceData, TopicProduceResponse,
};
use strait_wire::{ErrorCode, Request, Uuid};

use crate::dispatch::{Call, Outcome, undecodable};
use crate::node::Node;
use crate::partition::check::{Refusal, Rules, check};
use crate::partition::{AppendFault, Appended, Partition, wait};
use crate::topics::{Topic, name};

/// Versions 0 to 2 carry message formats of before Kafka 0.11; they are announced because old
/// librdkafka deduces its codecs from them, and refused.
const VERSION_MIN: i16 = 3;

type Place = (usize, usize);

struct Work {
    node: Arc<Node>,
    version: i16,
    response: ProduceResponse,
    targets: Vec<(Arc<Partition>, i64)>,
    places: Vec<Place>,
}

/// Appends what the request holds.
pub async fn handle(call: Call) -> Outcome {
    let request = match call.decode::<ProduceRequest>() {
        Ok(request) => request,
        Err(error) => return undecodable(ProduceRequest::KEY, &error),
    };
    let node = call.node.clone();
    node.metrics.produce_requests.add(1);
    let (acks, timeout) = (request.acks, request.timeout_ms.max(0) as u64);
    let version = call.caller.version;
    let mut work = Work {
        node,
        version,
        response: ProduceResponse::default(),
        targets: Vec::new(),
        places: Vec::new(),
    };
    match refusal_of_all(&request, version) {
        Some((code, message)) => work.refuse_all(request, code, message),
        None => work.append_all(request),
    }
    if acks == -1 {
        work.wait_until_safe(Duration::from_millis(timeout)).await;
    }
    if acks != 0 {
        return call.answer::<ProduceRequest>(&work.response);
    }
    match work.first_fault() {
        None => Outcome::Silent,
        Some(code) => Outcome::Close(format!("a produce with acks=0 failed: {code}")),
    }
}

fn refusal_of_all(request: &ProduceRequest, version: i16) -> Option<(ErrorCode, &'static str)> {
    if version < VERSION_MIN {
        let what = "message formats of before Kafka 0.11 are not kept";
        return Some((ErrorCode::UNSUPPORTED_VERSION, what));
    }
    if !(-1..=1).contains(&request.acks) {
        return Some((ErrorCode::INVALID_REQUIRED_ACKS, "acks is -1, 0 or 1"));
    }
    if request.transactional_id.is_some() {
        let what = "transactions are not served by this broker";
        return Some((ErrorCode::INVALID_TXN_STATE, what));
    }
    None
}

impl Work {
    fn append_all(&mut self, request: ProduceRequest) {
        for data in request.topic_data {
            let topic = self.find(&data);
            let mut answers = Vec::with_capacity(data.partition_data.len());
            for partition in data.partition_data {
                let (index, place) =
                    (partition.index, (self.response.responses.len(), answers.len()));
                let done = topic.clone().and_then(|topic| self.append(&topic, partition, place));
                answers.push(answer(index, done));
            }
            self.push_topic(data.name, data.topic_id, answers);
        }
    }

    fn find(&self, data: &TopicProduceData) -> Result<Arc<Topic>, Refusal> {
        let topics = &self.node.topics;
        let found = match data.topic_id {
            id if id.is_nil() => {
                topics.named(&data.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
            }
            id => topics.with_id(id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let topic = found.map_err(|code| refusal(code, "there is no such topic".to_owned()))?;
        if name::is_internal(&topic.name) {
            let what = format!("{} belongs to the broker; clients may not write it", topic.name);
            return Err(refusal(ErrorCode::INVALID_TOPIC_EXCEPTION, what));
        }
        if topic.settings().mirror_owned {
            let what = format!(
                "topic {} is owned by a mirror pipeline (strait.mirror=preserve) and read-only \
                 to everybody else",
                topic.name
            );
            return Err(refusal(ErrorCode::POLICY_VIOLATION, what));
        }
        Ok(topic)
    }

    fn append(
        &mut self,
        topic: &Topic,
        data: PartitionProduceData,
        place: Place,
    ) -> Result<(Appended, i64), Refusal> {
        let partition = topic.partition(data.index).ok_or_else(|| {
            let what = format!("topic {} has no partition {}", topic.name, data.index);
            refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what)
        })?;
        let settings = topic.settings();
        let now_ms = time::wall_ms();
        let rules = Rules {
            settings: &settings,
            version: self.version,
            now_ms,
            inflated_max: self.node.config.limits.inflated_batch_bytes,
        };
        let fit = check(data.records.into_bytes(), rules)?;
        self.node.metrics.records_decoded.add(fit.decoded);
        let count = fit.header.count as u64;
        let appended = partition.append(fit, now_ms)?;
        self.node.metrics.records_produced.add(count);
        self.targets.push((partition, appended.end_offset));
        self.places.push(place);
        Ok((appended, if settings.log_append_time { now_ms } else { -1 }))
    }

    fn refuse_all(&mut self, request: ProduceRequest, code: ErrorCode, message: &str) {
        for data in request.topic_data {
            let indexes = data.partition_data.iter().map(|partition| partition.index);
            let refused = |index| answer(index, Err(refusal(code, message.to_owned())));
            let answers = indexes.map(refused).collect();
            self.push_topic(data.name, data.topic_id, answers);
        }
    }

    fn push_topic(&mut self, name: String, id: Uuid, answers: Vec<PartitionProduceResponse>) {
        let topic = TopicProduceResponse { name, topic_id: id, partition_responses: answers };
        self.response.responses.push(topic);
    }

    async fn wait_until_safe(&mut self, timeout: Duration) {
        let results = wait::safe(&self.targets, time::now() + timeout).await;
        for ((topic, partition), result) in self.places.drain(..).zip(results) {
            if let Err(code) = result {
                let answer = &mut self.response.responses[topic].partition_responses[partition];
                answer.error_code = code;
                answer.base_offset = -1;
            }
        }
    }

    fn first_fault(&self) -> Option<ErrorCode> {
        let answers = self.response.responses.iter().flat_map(|topic| &topic.partition_responses);
        answers.map(|answer| answer.error_code).find(|code| !code.is_ok())
    }
}

fn answer(index: i32, done: Result<(Appended, i64), Refusal>) -> PartitionProduceResponse {
    match done {
        Ok((appended, log_append_time_ms)) => PartitionProduceResponse {
            index,
            base_offset: appended.base_offset,
            log_append_time_ms,
            log_start_offset: appended.log_start,
            ..Default::default()
        },
        Err(refusal) => PartitionProduceResponse {
            index,
            error_code: refusal.code,
            base_offset: -1,
            record_errors: refusal.records.into_iter().map(record_error).collect(),
            error_message: Some(refusal.message),
            ..Default::default()
        },
    }
}

fn record_error((batch_index, message): (i32, String)) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage { batch_index, batch_index_error_message: Some(message) }
}

fn refusal(code: ErrorCode, message: String) -> Refusal {
    Refusal { code, message, records: Vec::new() }
}

impl From<AppendFault> for Refusal {
    fn from(fault: AppendFault) -> Self {
        let message = fault.message.unwrap_or_else(|| fault.code.to_string());
        refusal(fault.code, message)
    }
}
