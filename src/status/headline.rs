//! The worker in words: what a person reads first. Pure.
//!
//! Good news is one sentence; otherwise each pipeline that is not well has its own, worst first,
//! with the first reason and, where one is needed, the next step.

use super::figures::{count, plural, span};
use super::snapshot::{LaneSnapshot, PipelineSnapshot, Snapshot};

/// How much a sentence wants from its reader; from nothing to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Everything arrives.
    Good,
    /// It passes by itself.
    Waiting,
    /// Worth a look: late, or incomplete.
    Attention,
    /// Nothing moves until somebody acts.
    Bad,
}

impl Tone {
    /// One word, for styles and labels.
    pub fn word(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Waiting => "waiting",
            Tone::Attention => "attention",
            Tone::Bad => "bad",
        }
    }
}

/// What there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// The worst of the sentences.
    pub tone: Tone,
    /// At least one.
    pub sentences: Vec<String>,
}

impl Headline {
    /// The sentences in one line.
    pub fn text(&self) -> String {
        self.sentences.join(" ")
    }

    fn one(tone: Tone, sentence: impl Into<String>) -> Self {
        Self { tone, sentences: vec![sentence.into()] }
    }
}

impl Snapshot {
    /// The worker in words.
    pub fn headline(&self) -> Headline {
        if self.at_ms == 0 {
            return Headline::one(Tone::Waiting, "Starting: nothing is known yet.");
        }
        let mut unwell: Vec<_> = self.pipelines.iter().map(PipelineSnapshot::condition).collect();
        unwell.retain(|(tone, _)| *tone != Tone::Good);
        unwell.sort_by_key(|(tone, _)| std::cmp::Reverse(*tone));
        match unwell.first() {
            None => Headline::one(Tone::Good, self.good_news()),
            Some(&(tone, _)) => {
                let sentences = unwell.into_iter().map(|(_, sentence)| sentence);
                Headline { tone, sentences: sentences.collect() }
            }
        }
    }

    fn good_news(&self) -> String {
        let lanes = self.pipelines.iter().map(|p| p.lanes.len()).sum();
        let lag: i64 = self.pipelines.iter().map(|p| p.lag_records).sum();
        format!(
            "Everything arrives: {}, {}, {} records behind.",
            plural(self.pipelines.len(), "pipeline"),
            plural(lanes, "lane"),
            count(lag),
        )
    }
}

impl PipelineSnapshot {
    /// The pipeline in one sentence.
    pub fn condition(&self) -> (Tone, String) {
        let (tone, words) = self.words();
        (tone, format!("{}: {words}", self.name))
    }

    /// Whether the lag is above the objective.
    pub fn is_late(&self) -> bool {
        self.lag_seconds.is_some_and(|lag| lag > self.rpo_seconds)
    }

    fn words(&self) -> (Tone, String) {
        if let Some((share, reason)) = self.lanes_in("stopped") {
            return (Tone::Bad, format!("{share} stopped — {}", with_next(reason)));
        }
        if let Some(trouble) = &self.trouble {
            return (Tone::Bad, ended(trouble));
        }
        if let Some((share, reason)) = self.lanes_in("retrying") {
            let words =
                format!("{share} waiting out a fault — {} No action needed.", ended(reason));
            return (Tone::Waiting, words);
        }
        if let Some((share, _)) = self.lanes_in("resuming") {
            return (Tone::Waiting, format!("{share} finding out where to resume."));
        }
        self.words_about_completeness()
    }

    fn words_about_completeness(&self) -> (Tone, String) {
        if let Some((topic, reason)) = self.unmirrored.first() {
            let topics = plural(self.unmirrored.len(), "selected topic");
            let words = format!("{topics} not mirrored, {topic} first — {}", ended(reason));
            return (Tone::Attention, words);
        }
        if self.is_late() {
            let (lag, rpo) = (span(self.lag_seconds.unwrap_or_default()), span(self.rpo_seconds));
            let records = count(self.lag_records);
            let words = format!("{lag} behind ({records} records), objective {rpo}.");
            return (Tone::Attention, words);
        }
        if self.lanes.is_empty() {
            return (Tone::Waiting, "no topic to mirror yet.".to_owned());
        }
        if let Some((share, _)) = self.lanes_in("draining") {
            return (Tone::Waiting, format!("{share} finishing what is in flight."));
        }
        (Tone::Good, format!("everything arrives, {} records behind.", count(self.lag_records)))
    }

    /// How many lanes are in a state, and the first reason; none where none is.
    fn lanes_in(&self, state: &str) -> Option<(String, &str)> {
        let here: Vec<&LaneSnapshot> = self.lanes.iter().filter(|l| l.state == state).collect();
        let first = here.first()?;
        let share = format!("{} of {}", count(here.len() as i64), plural(self.lanes.len(), "lane"));
        Some((share, first.reason.as_deref().unwrap_or("no reason was given")))
    }
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn with_next(reason: &str) -> String {
    let reason = ended(reason);
    if reason.contains("Next:") {
        return reason;
    }
    format!("{reason} Next: remove the cause, then restart the worker; it resumes where it stands.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::sample;

    #[test]
    fn good_news_is_one_sentence() {
        let headline = sample::calm().headline();
        assert_eq!(headline.tone, Tone::Good);
        assert_eq!(headline.text(), "Everything arrives: 2 pipelines, 5 lanes, 0 records behind.");
    }

    #[test]
    fn the_worst_comes_first_with_its_reason_and_the_next_step() {
        let headline = sample::troubled().headline();
        assert_eq!(headline.tone, Tone::Bad);
        let [first, second] = &headline.sentences[..] else { panic!("{headline:?}") };
        assert!(first.starts_with("sg-to-ad: 1 of 2 lanes stopped — "), "{first}");
        assert!(first.contains("Next: "), "{first}");
        assert!(second.starts_with("us-to-ad: 1 of 3 lanes waiting out a fault — "), "{second}");
    }

    #[test]
    fn late_and_incomplete_are_not_good_news() {
        let mut snapshot = sample::calm();
        snapshot.pipelines[0].lag_seconds = Some(45.0);
        snapshot.pipelines[0].lag_records = 12_000;
        snapshot.pipelines[1].unmirrored = vec![("t".to_owned(), "being created".to_owned())];
        assert_eq!(
            snapshot.headline().sentences,
            [
                "us-to-ad: 45 s behind (12,000 records), objective 30 s.",
                "sg-to-ad: 1 selected topic not mirrored, t first — being created.",
            ]
        );
    }

    #[test]
    fn before_the_first_snapshot_it_is_starting() {
        assert_eq!(Snapshot::default().headline().tone, Tone::Waiting);
    }

    #[test]
    fn a_pipeline_without_lanes_waits() {
        let mut snapshot = sample::calm();
        snapshot.pipelines[0].lanes.clear();
        assert_eq!(snapshot.headline().text(), "us-to-ad: no topic to mirror yet.");
    }
}
