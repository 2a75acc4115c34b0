//! The ledger as anybody can read it: JSON records of `__strait_ledger` at the target.

use std::collections::HashMap;

use serde_json::Value;

use crate::support::librdkafka;

/// The latest entry of each lane, by pipeline, source topic and partition.
pub struct Ledger(HashMap<(String, String, i64), Value>);

impl Ledger {
    /// Reads the target's.
    pub fn read(target: &str) -> Self {
        let mut lanes = HashMap::new();
        if librdkafka::partitions(target, "__strait_ledger") == 0 {
            return Self(lanes);
        }
        for record in librdkafka::read(target, "__strait_ledger") {
            let json = |bytes: &Option<Vec<u8>>| -> Value {
                let bytes = bytes.as_deref().expect("entries have keys and values");
                serde_json::from_slice(bytes).expect("entries are JSON")
            };
            let (key, value) = (json(&record.key), json(&record.value));
            let text = |field: &str| key[field].as_str().expect("a text").to_owned();
            let partition = key["partition"].as_i64().expect("a number");
            lanes.insert((text("pipeline"), text("topic"), partition), value);
        }
        Self(lanes)
    }

    /// The target offset up to which a lane's records are accounted for; 0 before its first run.
    pub fn target_end(&self, pipeline: &str, topic: &str, partition: i32) -> i64 {
        let lane = self.lane(pipeline, topic, partition);
        lane.and_then(|lane| lane["run"]["target_end"].as_i64()).unwrap_or(0)
    }

    /// A lane's latest entry.
    pub fn lane(&self, pipeline: &str, topic: &str, partition: i32) -> Option<&Value> {
        self.0.get(&(pipeline.to_owned(), topic.to_owned(), i64::from(partition)))
    }
}
