//! Where one partition's log begins or ends.

use strait_client::admin::OffsetSpec;
use strait_client::{ClientError, Cluster, TopicPartition};

/// One offset of one partition; 0 for a log that has none to offer.
pub async fn list_offset(
    cluster: &Cluster,
    topic: &str,
    partition: i32,
    which: OffsetSpec,
) -> Result<i64, ClientError> {
    let asks = [(TopicPartition::new(topic, partition), which)];
    let mut answers = cluster.list_offsets(&asks).await;
    let (_, answer) = answers.pop().expect("one answer to one question");
    Ok(answer?.offset.unwrap_or_default())
}
