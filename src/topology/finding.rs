//! What a survey finds, in words.

use super::Route;
use crate::model::listed;

/// Something about the graph that a person must change or should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The routes that make it, by their place in the survey's list; the last one is to be
    /// changed.
    pub routes: Vec<usize>,
    /// The finding in a sentence.
    pub what: String,
    /// What to do about it.
    pub next_step: String,
}

/// The kinds of finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A route from a region to itself.
    SameRegion,
    /// Two routes copy one topic into the same target topic.
    CopiedTwice {
        /// Such a topic at the source.
        topic: String,
    },
    /// A topic comes back to where it began.
    Loop {
        /// Such a topic at the first route's source.
        topic: String,
        /// What it is called when it comes back.
        returns_as: String,
    },
    /// Several source topics become one target topic; that is allowed.
    Merge {
        /// Such a topic at the target.
        target_topic: String,
    },
    /// The patterns are too large to be compared.
    Undecided,
}

impl Finding {
    /// Whether it must be changed before anything runs.
    pub fn is_problem(&self) -> bool {
        !matches!(self.kind, FindingKind::Merge { .. } | FindingKind::Undecided)
    }

    pub(super) fn same_region(index: usize, route: &Route<'_>) -> Self {
        Self {
            kind: FindingKind::SameRegion,
            routes: vec![index],
            what: format!("`{}` goes from `{}` to itself", route.name, route.from),
            next_step: "`from` and `to` name two different regions".into(),
        }
    }

    pub(super) fn copied_twice(indexes: [usize; 2], routes: &[Route<'_>], topic: String) -> Self {
        let [first, second] = indexes.map(|index| &routes[index]);
        Self {
            what: format!(
                "`{}` and `{}` would both copy a topic such as `{topic}` from `{}` into the same \
                 topic in `{}`",
                first.name, second.name, second.from, second.to
            ),
            next_step: format!(
                "exclude it from one of them, or give `{}` another `naming`",
                second.name
            ),
            routes: indexes.to_vec(),
            kind: FindingKind::CopiedTwice { topic },
        }
    }

    pub(super) fn round(
        indexes: &[usize],
        routes: &[Route<'_>],
        topic: String,
        returns_as: String,
    ) -> Self {
        let hops = indexes.iter().map(|&index| {
            let route = &routes[index];
            format!(" to `{}` by `{}`", route.to, route.name)
        });
        let start = routes[indexes[0]].from;
        let hops: Vec<_> = hops.collect();
        let what = format!(
            "a loop: a topic such as `{topic}` would go from `{start}`{}, arrive as \
             `{returns_as}` and be taken again",
            hops.join(" and")
        );
        Self {
            next_step: way_out(&topic, &returns_as, start.as_str()),
            what,
            routes: indexes.to_vec(),
            kind: FindingKind::Loop { topic, returns_as },
        }
    }

    pub(super) fn merge(indexes: Vec<usize>, routes: &[Route<'_>], target_topic: String) -> Self {
        let names = listed(indexes.iter().map(|&index| routes[index].name.as_str()));
        let to = routes[indexes[0]].to;
        Self {
            what: format!("{names} merge into one topic in `{to}`, for example `{target_topic}`"),
            next_step: "each source keeps its own order; to keep the topics apart write `naming: \
                 \"{source}.{topic}\"`"
                .into(),
            routes: indexes,
            kind: FindingKind::Merge { target_topic },
        }
    }

    pub(super) fn undecided(indexes: Vec<usize>, routes: &[Route<'_>]) -> Self {
        let names = listed(indexes.iter().map(|&index| routes[index].name.as_str()));
        Self {
            kind: FindingKind::Undecided,
            routes: indexes,
            what: format!("the patterns of {names} are too large to be compared"),
            next_step: "loops and merges among them were not looked for; simpler patterns can be"
                .into(),
        }
    }
}

/// How to break a loop: other names, or, where names already differ, an exclusion.
fn way_out(topic: &str, returns_as: &str, start: &str) -> String {
    if topic == returns_as {
        return "give what arrives another name, `naming: \"{source}.{topic}\"`, and exclude such \
             names from the way back; mirroring both ways under one name is not available in this \
             version"
            .to_owned();
    }
    match returns_as.split_once(topic) {
        Some((before, _)) if !before.is_empty() => format!(
            "exclude what came from `{start}` from the way back, for example `exclude: \
             [\"{start}\\\\..*\"]`"
        ),
        _ => format!("exclude what came from `{start}` from the way back"),
    }
}
