//! `strait check -c FILE`: every problem with a configuration, or what it amounts to. Opens no
//! connection.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::json;

use super::config_file::{ConfigFileArgs, Format, pretty};
use crate::config::{PipelineSettings, Settings};
use crate::topics::Pattern;
use crate::topology::{self, Finding, FindingKind};

/// The flags of `strait check`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArgs {
    /// Which file.
    #[command(flatten)]
    pub file: ConfigFileArgs,
}

/// Checks and prints; exit code 78 if there is a problem.
pub fn run(args: &CheckArgs) -> ExitCode {
    args.file.answer(|settings, format| {
        let routes: Vec<_> = settings.pipelines.iter().map(PipelineSettings::route).collect();
        let notes = topology::survey(&routes);
        match format {
            Format::Text => summary(&args.file.config.display().to_string(), settings, &notes),
            Format::Json => pretty(&as_json(settings, &notes)),
        }
    })
}

fn summary(file: &str, settings: &Settings, notes: &[Finding]) -> String {
    let mut out = format!("{file} is fine.\n\nRegions\n");
    for region in &settings.regions {
        line(&mut out, &format!("{:<16} {}", region.name, region.bootstrap.join(", ")));
    }
    out.push_str("\nPipelines\n");
    for pipeline in &settings.pipelines {
        let ends = format!("{} → {}", pipeline.from.name, pipeline.to.name);
        line(&mut out, &format!("{:<16} {ends:<16} {}", pipeline.name, topics(pipeline)));
    }
    if !notes.is_empty() {
        out.push_str("\nGood to know\n");
    }
    for note in notes {
        line(&mut out, &format!("{}.", note.what));
        line(&mut out, &format!("  ({})", note.next_step));
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "  {}", text.trim_end()).expect("a string takes every write");
}

/// `osint-.* without .*-tmp, as {source}.{topic}`
fn topics(pipeline: &PipelineSettings) -> String {
    let joined =
        |patterns: &[Pattern]| patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ");
    let mut text = joined(pipeline.selector.include());
    if !pipeline.selector.exclude().is_empty() {
        text += &format!(" without {}", joined(pipeline.selector.exclude()));
    }
    if !pipeline.naming.keeps_names() {
        text += &format!(" as {}", pipeline.naming.as_str());
    }
    text
}

fn as_json(settings: &Settings, notes: &[Finding]) -> serde_json::Value {
    let regions = settings.regions.iter().map(|region| {
        json!({
            "name": region.name.as_str(),
            "bootstrap": region.bootstrap,
            "client_id": region.client_id,
        })
    });
    let texts = |patterns: &[Pattern]| {
        patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>()
    };
    let pipelines = settings.pipelines.iter().map(|pipeline| {
        json!({
            "name": pipeline.name.as_str(),
            "from": pipeline.from.name.as_str(),
            "to": pipeline.to.name.as_str(),
            "include": texts(pipeline.selector.include()),
            "exclude": texts(pipeline.selector.exclude()),
            "naming": pipeline.naming.as_str(),
        })
    });
    let notes = notes.iter().map(|note| {
        let names = note.routes.iter().map(|&index| settings.pipelines[index].name.as_str());
        json!({
            "kind": kind(&note.kind),
            "pipelines": names.collect::<Vec<_>>(),
            "text": note.what,
            "next_step": note.next_step,
        })
    });
    json!({
        "problems": [],
        "regions": regions.collect::<Vec<_>>(),
        "pipelines": pipelines.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
    })
}

fn kind(kind: &FindingKind) -> &'static str {
    match kind {
        FindingKind::SameRegion => "same_region",
        FindingKind::CopiedTwice { .. } => "copied_twice",
        FindingKind::Loop { .. } => "loop",
        FindingKind::Merge { .. } => "merge",
        FindingKind::Undecided => "undecided",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAN_IN: &str = include_str!("../../configs/fan-in.yaml");

    fn fan_in() -> (Settings, Vec<Finding>) {
        let settings = crate::config::parse("fan-in.yaml", FAN_IN).expect("the sample is fine");
        let routes: Vec<_> = settings.pipelines.iter().map(PipelineSettings::route).collect();
        let notes = topology::survey(&routes);
        (settings, notes)
    }

    #[test]
    fn the_summary_names_regions_pipelines_and_merges() {
        let (settings, notes) = fan_in();
        assert_eq!(
            summary("fan-in.yaml", &settings, &notes),
            "\
fan-in.yaml is fine.

Regions
  us               us-kafka:9092
  sg               sg-kafka:9092
  ad               ad-kafka:9092

Pipelines
  us-to-ad         us → ad          osint-.* without .*-tmp
  sg-to-ad         sg → ad          osint-.*

Good to know
  `us-to-ad` and `sg-to-ad` merge into one topic in `ad`, for example `osint-a`.
    (each source keeps its own order; to keep the topics apart write `naming: \"{source}.{topic}\"`)
"
        );
    }

    #[test]
    fn scripts_get_the_same_as_json() {
        let (settings, notes) = fan_in();
        let json = as_json(&settings, &notes);
        assert_eq!(json["pipelines"][0]["exclude"][0], ".*-tmp");
        assert_eq!(json["notes"][0]["kind"], "merge");
        assert_eq!(json["notes"][0]["pipelines"], json!(["us-to-ad", "sg-to-ad"]));
    }
}
