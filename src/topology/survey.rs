//! The look at the whole graph: every pair of routes, and every way round of up to
//! `HOPS_MAX` hops.

use super::{Finding, FindingKind, Route};
use crate::topics::overlap::{Automaton, Undecided, View, common_topic};

/// The longest way round that is looked for.
const HOPS_MAX: usize = 6;
/// The most questions asked of the automata; a mesh of 20 regions stays below it.
const QUESTIONS_MAX: usize = 20_000;

/// Everything worth saying about `routes`.
pub fn survey(routes: &[Route<'_>]) -> Vec<Finding> {
    let automata: Vec<_> = routes.iter().map(|r| Automaton::new(r.selector)).collect();
    let mut survey = Survey { routes, automata, findings: Vec::new(), questions: 0 };
    survey.same_regions();
    survey.copies();
    survey.loops();
    survey.merges();
    survey.findings
}

struct Survey<'a> {
    routes: &'a [Route<'a>],
    automata: Vec<Result<Automaton, Undecided>>,
    findings: Vec<Finding>,
    questions: usize,
}

/// A route's selector, looking at a name with something around it.
type Look = (usize, String, String);

impl Survey<'_> {
    fn same_regions(&mut self) {
        let loops = self.routes.iter().enumerate().filter(|(_, route)| route.from == route.to);
        self.findings.extend(loops.map(|(index, route)| Finding::same_region(index, route)));
    }

    fn copies(&mut self) {
        for [a, b] in pairs(self.routes.len()) {
            let (first, second) = (&self.routes[a], &self.routes[b]);
            let same_ends = (first.from, first.to) == (second.from, second.to);
            if !same_ends || sides(first) != sides(second) {
                continue;
            }
            let looks = [a, b].map(|index| (index, String::new(), String::new()));
            if let Some(topic) = self.ask(&looks) {
                self.findings.push(Finding::copied_twice([a, b], self.routes, topic));
            }
        }
    }

    /// Layer by layer, so that the shortest way round is found first; routes already in a loop
    /// take no part in the search for longer ones.
    fn loops(&mut self) {
        let leaves = |index: &usize| self.routes[*index].from != self.routes[*index].to;
        let mut paths: Vec<Vec<usize>> =
            (0..self.routes.len()).filter(leaves).map(|index| vec![index]).collect();
        for _ in 1..HOPS_MAX {
            let mut longer = Vec::new();
            for path in paths.drain(..) {
                self.go_on(&path, &mut longer);
            }
            paths = longer;
        }
    }

    /// Adds one route to `path` in every way there is: back to the first region, or onward to
    /// one not seen yet while a topic can still come along.
    fn go_on(&mut self, path: &[usize], longer: &mut Vec<Vec<usize>>) {
        let (first, last) = (path[0], path[path.len() - 1]);
        for next in 0..self.routes.len() {
            let route = self.routes[next];
            let is_settled = path.len() > 1 && self.is_looped(path);
            if route.from != self.routes[last].to || is_settled {
                continue;
            }
            let longer_path = [path, &[next]].concat();
            if route.to == self.routes[first].from {
                self.close(&longer_path);
            } else if longer_path.iter().all(|&index| self.routes[index].from != route.to)
                && self.ask(&looks_along(self.routes, &longer_path)).is_some()
            {
                longer.push(longer_path);
            }
        }
    }

    fn is_looped(&self, path: &[usize]) -> bool {
        let is_loop = |finding: &&Finding| matches!(finding.kind, FindingKind::Loop { .. });
        let mut loops = self.findings.iter().filter(is_loop);
        loops.any(|finding| finding.routes.iter().any(|index| path.contains(index)))
    }

    /// A path that leads back to its first region: is a topic taken again?
    fn close(&mut self, path: &[usize]) {
        let around = [path, &path[..1]].concat();
        let looks = looks_along(self.routes, &around);
        let is_same = |finding: &Finding| {
            finding.routes.len() == path.len() && path.iter().all(|i| finding.routes.contains(i))
        };
        let is_known = self.findings.iter().any(is_same);
        let Some(topic) = self.ask(&looks).filter(|_| !is_known) else { return };
        let (_, before, after) = &looks[path.len()];
        let returns_as = format!("{before}{topic}{after}");
        self.findings.push(Finding::round(path, self.routes, topic, returns_as));
    }

    fn merges(&mut self) {
        let mut groups: Vec<(Vec<usize>, String)> = Vec::new();
        for [a, b] in pairs(self.routes.len()) {
            let same_topic_twice = (self.routes[a].from, sides(&self.routes[a]))
                == (self.routes[b].from, sides(&self.routes[b]));
            if self.routes[a].to != self.routes[b].to || same_topic_twice {
                continue;
            }
            if let Some(target_topic) = self.meeting_point(a, b) {
                join(&mut groups, [a, b], target_topic);
            }
        }
        let merges =
            groups.into_iter().map(|(group, topic)| Finding::merge(group, self.routes, topic));
        self.findings.extend(merges);
    }

    /// A target topic that both routes write.
    fn meeting_point(&mut self, a: usize, b: usize) -> Option<String> {
        let [(before_a, after_a), (before_b, after_b)] =
            [a, b].map(|index| sides(&self.routes[index]));
        let (extra_before_a, extra_before_b) = differ(before_a, before_b, str::strip_prefix)?;
        let (extra_after_a, extra_after_b) = differ(after_a, after_b, str::strip_suffix)?;
        let before = longer(before_a, before_b).to_owned();
        let after = longer(after_a, after_b).to_owned();
        let look = |index, before: &str, after: &str| (index, before.to_owned(), after.to_owned());
        let looks =
            [look(a, extra_before_a, extra_after_a), look(b, extra_before_b, extra_after_b)];
        let common = self.ask(&looks)?;
        Some(format!("{before}{common}{after}"))
    }

    /// A topic all looks agree on. What cannot be decided becomes a finding, once.
    fn ask(&mut self, looks: &[Look]) -> Option<String> {
        self.questions += 1;
        let view = |(index, before, after): &Look| {
            let automaton = self.automata[*index].as_ref().map_err(|undecided| *undecided)?;
            Ok(View { automaton, before: before.clone(), after: after.clone() })
        };
        let views: Result<Vec<_>, Undecided> = looks.iter().map(view).collect();
        let answer = match self.questions > QUESTIONS_MAX {
            true => Err(Undecided),
            false => views.and_then(|views| common_topic(&views)),
        };
        answer.unwrap_or_else(|Undecided| {
            let mut indexes: Vec<_> = looks.iter().map(|(index, ..)| *index).collect();
            indexes.sort_unstable();
            indexes.dedup();
            let finding = Finding::undecided(indexes, self.routes);
            if self.questions <= QUESTIONS_MAX + 1 && !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
            None
        })
    }
}

fn pairs(count: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| [a, b]))
}

/// What the route's naming puts before and after a topic's name.
fn sides<'a>(route: &Route<'a>) -> (&'a str, &'a str) {
    (route.naming.prefix(), route.naming.suffix())
}

/// How each route of the path sees a topic that the first one takes.
fn looks_along(routes: &[Route<'_>], path: &[usize]) -> Vec<Look> {
    let (mut before, mut after) = (String::new(), String::new());
    let mut looks = Vec::new();
    for &index in path {
        looks.push((index, before.clone(), after.clone()));
        let (prefix, suffix) = sides(&routes[index]);
        before.insert_str(0, prefix);
        after.push_str(suffix);
    }
    looks
}

/// What each route sees of the other's longer side as part of its own topic's name; `None` if
/// neither side holds the other.
fn differ<'a>(
    a: &'a str,
    b: &'a str,
    strip: impl Fn(&'a str, &'a str) -> Option<&'a str>,
) -> Option<(&'a str, &'a str)> {
    let for_a = strip(b, a).map(|extra| (extra, ""));
    for_a.or_else(|| strip(a, b).map(|extra| ("", extra)))
}

fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() >= b.len() { a } else { b }
}

/// Adds a pair that meets to the group one of them is in already.
fn join(groups: &mut Vec<(Vec<usize>, String)>, pair: [usize; 2], topic: String) {
    let holds = |group: &&mut (Vec<usize>, String)| pair.iter().any(|i| group.0.contains(i));
    let Some((group, _)) = groups.iter_mut().find(holds) else {
        groups.push((pair.to_vec(), topic));
        return;
    };
    for index in pair {
        if !group.contains(&index) {
            group.push(index);
        }
    }
}
