//! Whether several selectors can take the same topic: decided on their automata, with a topic
//! as the proof. Pure.
//!
//! Patterns over topic names are regular languages, so "is there a topic all of these take" has
//! an exact answer: walk the product of their automata, breadth first, over the characters a
//! topic name may hold. The first name accepted everywhere is the shortest such topic.

use std::collections::{HashSet, VecDeque};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::hybrid::{BuildError, LazyStateID};
use regex_automata::{Anchored, Input};

use super::naming::TOPIC_CHARS_MAX;
use super::{Pattern, TopicSelector};

/// The most product states visited before we give up.
const STATES_MAX: usize = 20_000;
/// The memory one automaton may take, bytes.
const AUTOMATON_BYTES_MAX: usize = 8 << 20;
/// What no selector takes: Kafka's own names, and the two that name folders.
const NEVER: [&str; 2] = ["__.*", r"\.\.?"];
/// What a topic name is made of, the likeliest first.
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-._ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A selector as two automata: what it includes and what it leaves out.
#[derive(Debug)]
pub struct Automaton {
    include: DFA,
    exclude: DFA,
}

/// A selector that looks at the common name with something before and after it.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The selector.
    pub automaton: &'a Automaton,
    /// What stands before the common name.
    pub before: String,
    /// What stands after the common name.
    pub after: String,
}

/// The question was too large to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the patterns are too large to be compared")]
pub struct Undecided;

impl Automaton {
    /// The automata of `selector`.
    pub fn new(selector: &TopicSelector) -> Result<Self, Undecided> {
        let texts = |patterns: &[Pattern]| -> Vec<String> {
            patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
        };
        let never = NEVER.iter().map(|text| (*text).to_owned());
        let exclude: Vec<_> = texts(selector.exclude()).into_iter().chain(never).collect();
        let include = build(&texts(selector.include())).map_err(|_| Undecided)?;
        Ok(Self { include, exclude: build(&exclude).map_err(|_| Undecided)? })
    }
}

fn build(patterns: &[String]) -> Result<DFA, Box<BuildError>> {
    let any: Vec<_> = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
    let config = DFA::config()
        .unicode_word_boundary(true)
        .cache_capacity(AUTOMATON_BYTES_MAX)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(0));
    let whole = match any.is_empty() {
        true => r"[a&&b]".to_owned(),
        false => format!(r"\A(?:{})\z", any.join("|")),
    };
    DFA::builder().configure(config).build(&whole).map_err(Box::new)
}

/// A topic name that every view takes, one of the shortest; `None` if there is none.
pub fn common_topic(views: &[View<'_>]) -> Result<Option<String>, Undecided> {
    let mut runs: Vec<Run<'_>> = views.iter().flat_map(runs_of).collect();
    let start = runs.iter_mut().map(Run::start).collect::<Result<Vec<_>, _>>()?;
    let mut seen = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, String::new())]);
    while let Some((states, name)) = queue.pop_front() {
        if !name.is_empty() && accepts(&mut runs, &states)? {
            return polished(&mut runs, &states, name).map(Some);
        }
        if name.len() == TOPIC_CHARS_MAX {
            break;
        }
        for &byte in ALPHABET {
            let Some(next) = step(&mut runs, &states, byte)? else { continue };
            if seen.insert(next.clone()) {
                queue.push_back((next, format!("{name}{}", char::from(byte))));
            }
        }
        if seen.len() > STATES_MAX {
            return Err(Undecided);
        }
    }
    Ok(None)
}

/// `osint-a` reads better than `osint-`: adds a letter where that is accepted too.
fn polished(
    runs: &mut [Run<'_>],
    states: &[LazyStateID],
    name: String,
) -> Result<String, Undecided> {
    if name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(name);
    }
    for letter in ["a", "1"] {
        let longer = step(runs, states, letter.as_bytes()[0])?;
        if let Some(longer) = longer
            && accepts(runs, &longer)?
        {
            return Ok(name + letter);
        }
    }
    Ok(name)
}

/// One automaton on its way through a name.
struct Run<'a> {
    dfa: &'a DFA,
    cache: Cache,
    before: &'a str,
    after: &'a str,
    /// Whether the name must be accepted, or must not be.
    wanted: bool,
}

fn runs_of<'a>(view: &'a View<'_>) -> [Run<'a>; 2] {
    let run = |dfa: &'a DFA, wanted| Run {
        dfa,
        cache: dfa.create_cache(),
        before: &view.before,
        after: &view.after,
        wanted,
    };
    [run(&view.automaton.include, true), run(&view.automaton.exclude, false)]
}

impl Run<'_> {
    fn start(&mut self) -> Result<LazyStateID, Undecided> {
        let input = Input::new("").anchored(Anchored::Yes);
        let start = self.dfa.start_state_forward(&mut self.cache, &input);
        self.feed(start.map_err(|_| Undecided)?, self.before)
    }

    fn feed(&mut self, state: LazyStateID, text: &str) -> Result<LazyStateID, Undecided> {
        text.bytes().try_fold(state, |state, byte| self.next(state, byte))
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Result<LazyStateID, Undecided> {
        let next = self.dfa.next_state(&mut self.cache, state, byte).map_err(|_| Undecided)?;
        if next.is_quit() { Err(Undecided) } else { Ok(next) }
    }

    fn is_satisfied(&mut self, state: LazyStateID) -> Result<bool, Undecided> {
        let state = self.feed(state, self.after)?;
        let end = self.dfa.next_eoi_state(&mut self.cache, state).map_err(|_| Undecided)?;
        Ok(end.is_match() == self.wanted)
    }
}

fn accepts(runs: &mut [Run<'_>], states: &[LazyStateID]) -> Result<bool, Undecided> {
    for (run, &state) in runs.iter_mut().zip(states) {
        if !run.is_satisfied(state)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The states after `byte`; `None` if no longer name can be accepted everywhere.
fn step(
    runs: &mut [Run<'_>],
    states: &[LazyStateID],
    byte: u8,
) -> Result<Option<Vec<LazyStateID>>, Undecided> {
    let mut next = Vec::with_capacity(states.len());
    for (run, &state) in runs.iter_mut().zip(states) {
        let state = run.next(state, byte)?;
        if run.wanted && state.is_dead() {
            return Ok(None);
        }
        next.push(state);
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automaton(include: &[&str], exclude: &[&str]) -> Automaton {
        let patterns = |texts: &[&str]| texts.iter().map(|t| Pattern::new(t).unwrap()).collect();
        Automaton::new(&TopicSelector::new(patterns(include), patterns(exclude))).unwrap()
    }

    fn view<'a>(automaton: &'a Automaton, before: &str, after: &str) -> View<'a> {
        View { automaton, before: before.into(), after: after.into() }
    }

    fn common(automata: &[&Automaton]) -> Option<String> {
        let views: Vec<_> = automata.iter().map(|automaton| view(automaton, "", "")).collect();
        common_topic(&views).unwrap()
    }

    #[test]
    fn the_shortest_common_topic_is_found() {
        let osint = automaton(&["osint-.*"], &[]);
        let tumblr = automaton(&[".*-tumblr", "x"], &[]);
        assert_eq!(common(&[&osint, &tumblr]).as_deref(), Some("osint-tumblr"));
        assert_eq!(common(&[&osint]).as_deref(), Some("osint-a"));
        assert_eq!(common(&[&automaton(&["a-+"], &[])]).as_deref(), Some("a-"));
    }

    #[test]
    fn disjoint_selectors_share_nothing() {
        let (ab, cd) = (automaton(&["[ab]+"], &[]), automaton(&["[cd]+"], &[]));
        assert_eq!(common(&[&ab, &cd]), None);
        let all_but_ab = automaton(&[".*"], &["[ab]*"]);
        assert_eq!(common(&[&ab, &all_but_ab]), None);
        assert_eq!(common(&[&automaton(&["__.*"], &[])]), None);
        assert_eq!(common(&[&automaton(&[], &[])]), None);
    }

    #[test]
    fn a_view_sees_the_name_with_its_surroundings() {
        let (us, all) = (automaton(&["orders"], &[]), automaton(&[".*"], &["us\\..*"]));
        assert_eq!(common_topic(&[view(&us, "", ""), view(&all, "us.", "")]), Ok(None));
        let plain = automaton(&["us\\.orders-x"], &[]);
        assert_eq!(
            common_topic(&[view(&us, "", ""), view(&plain, "us.", "-x")]),
            Ok(Some("orders".into()))
        );
    }

    #[test]
    fn words_cases_and_unicode_classes_are_understood() {
        let odd = automaton(&[r"(?i)\bÜ?ORDERS\b\.\w+"], &[]);
        assert!(common(&[&odd]).is_some_and(|name| name.to_lowercase().starts_with("orders.")));
    }

    #[test]
    fn what_is_too_large_is_undecided_and_never_wrong() {
        let far = automaton(&[".*a.{15}"], &[]);
        let never = automaton(&[".*b.{15}"], &[]);
        assert_eq!(common_topic(&[view(&far, "", ""), view(&never, "", "")]), Err(Undecided));
    }
}
