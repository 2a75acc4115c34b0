//! What the lanes of one pipeline share.

use std::sync::Arc;

use crate::config::{PipelineSettings, WorkerSettings};
use crate::ledger::LedgerTopic;
use crate::sink::Sink;
use crate::source::Source;
use crate::status::board::PipelineStatus;

/// One pipeline's two clusters, its ledger and its settings.
pub struct Route {
    /// As configured.
    pub settings: PipelineSettings,
    /// The worker's rhythms.
    pub worker: WorkerSettings,
    /// The cluster it reads.
    pub source: Source,
    /// The source cluster's own id.
    pub source_cluster: String,
    /// The cluster it writes.
    pub sink: Sink,
    /// The ledger at the target.
    pub ledger: LedgerTopic,
    /// The pipeline's place on the board.
    pub status: Arc<PipelineStatus>,
}
