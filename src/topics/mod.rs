//! Topics: which ones a pipeline takes (`selector`) and what they are called at the target
//! (`naming`).

pub mod ends;
pub mod naming;
pub mod overlap;
pub mod pattern;
pub mod provision;
pub mod selector;

pub use naming::{IllegalTopicName, InvalidTemplate, NamingTemplate};
pub use pattern::{InvalidPattern, Pattern};
pub use selector::{Explanation, TopicSelector};
