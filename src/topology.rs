//! Regions and pipelines as a graph: what cannot be mirrored as written, and what merges. Pure.
//!
//! Every finding about topics comes with a topic that proves it, taken from the patterns
//! themselves. A loop is a way round the graph on which a topic comes back to its first region
//! and is taken again, under its own name or one that grows with every turn. Two ways under one
//! name would need the registry of producers that each batch came through; until there is one,
//! such a loop is refused.

mod finding;
mod survey;

use crate::model::{PipelineName, RegionName};
use crate::topics::{NamingTemplate, TopicSelector};

pub use finding::{Finding, FindingKind};
pub use survey::survey;

/// A pipeline as an edge of the graph.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The pipeline's name.
    pub name: &'a PipelineName,
    /// The source region.
    pub from: &'a RegionName,
    /// The target region.
    pub to: &'a RegionName,
    /// Which topics.
    pub selector: &'a TopicSelector,
    /// What they are called at the target.
    pub naming: &'a NamingTemplate,
}

#[cfg(test)]
mod tests;
