//! Removes segments past their topic's retention, now and then.

use std::sync::Arc;

use strait_io::time;

use crate::node::Node;

/// Looks every `retention_interval`; whoever spawns the task ends it.
pub(crate) async fn run(node: Arc<Node>) {
    loop {
        time::sleep(node.config.retention_interval).await;
        run_once(node.clone()).await;
    }
}

/// Looks once.
pub(crate) async fn run_once(node: Arc<Node>) {
    let looked = tokio::task::spawn_blocking(move || sweep(&node)).await;
    if let Err(error) = looked {
        tracing::error!(%error, "retention stopped early");
    }
}

fn sweep(node: &Node) {
    let now_ms = time::wall_ms();
    for partition in node.topics.partitions() {
        let swept =
            partition.change(|log, high_watermark| log.apply_retention(now_ms, high_watermark));
        for removed in swept.into_iter().flatten() {
            tracing::info!(
                topic = partition.topic(),
                partition = partition.index(),
                ?removed,
                "segment removed"
            );
        }
    }
}
