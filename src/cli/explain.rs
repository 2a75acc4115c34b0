//! `strait explain TOPIC -c FILE`: what each pipeline does with a topic, and why. Opens no
//! connection.

use std::process::ExitCode;

use serde_json::json;

use super::config_file::{ConfigFileArgs, Format, pretty};
use crate::config::{PipelineSettings, Settings};
use crate::topics::Explanation;

/// The flags of `strait explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// A topic's name at the source.
    pub topic: String,
    /// Which file.
    #[command(flatten)]
    pub file: ConfigFileArgs,
}

/// Explains and prints; exit code 78 if the file has a problem.
pub fn run(args: &ExplainArgs) -> ExitCode {
    args.file.answer(|settings, format| match format {
        Format::Text => in_words(&args.topic, settings),
        Format::Json => pretty(&as_json(&args.topic, settings)),
    })
}

fn in_words(topic: &str, settings: &Settings) -> String {
    let line = |pipeline: &PipelineSettings| {
        let ends = format!("{} → {}", pipeline.from.name, pipeline.to.name);
        format!("  {:<16} {ends:<16} {}\n", pipeline.name, fate(topic, pipeline))
    };
    let lines: String = settings.pipelines.iter().map(line).collect();
    format!("{topic}\n{lines}")
}

/// What becomes of the topic in this pipeline.
fn fate(topic: &str, pipeline: &PipelineSettings) -> String {
    let explanation = pipeline.selector.explain(topic);
    match (explanation, pipeline.naming.target_topic(topic)) {
        (Explanation::Selected { .. }, Ok(target)) if target == topic => {
            format!("mirrored under its own name: {explanation}")
        }
        (Explanation::Selected { .. }, Ok(target)) => {
            format!("mirrored as `{target}`: {explanation}")
        }
        (Explanation::Selected { .. }, Err(illegal)) => {
            format!("not mirrored: {explanation}, but {illegal}")
        }
        (_, _) => format!("not mirrored: {explanation}"),
    }
}

fn as_json(topic: &str, settings: &Settings) -> serde_json::Value {
    let row = |pipeline: &PipelineSettings| {
        let is_selected = pipeline.selector.selects(topic);
        let target = pipeline.naming.target_topic(topic).ok().filter(|_| is_selected);
        json!({
            "pipeline": pipeline.name.as_str(),
            "from": pipeline.from.name.as_str(),
            "to": pipeline.to.name.as_str(),
            "mirrored": target.is_some(),
            "target_topic": target,
            "reason": fate(topic, pipeline),
        })
    };
    json!({ "topic": topic, "pipelines": settings.pipelines.iter().map(row).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(file: &str, topic: &str) -> String {
        in_words(topic, &crate::config::parse("sample", file).expect("the sample is fine"))
    }

    #[test]
    fn every_pipeline_says_what_it_does_and_why() {
        let fan_in = include_str!("../../configs/fan-in.yaml");
        assert_eq!(
            explained(fan_in, "osint-x-tmp"),
            "\
osint-x-tmp
  us-to-ad         us → ad          not mirrored: included by `osint-.*` but excluded by `.*-tmp`
  sg-to-ad         sg → ad          mirrored under its own name: selected by `osint-.*`
"
        );
        let two_way = include_str!("../../configs/two-way.yaml");
        assert!(
            explained(two_way, "orders").contains("mirrored as `us.orders`: selected by `orders`")
        );
        let long = "payments-".to_owned() + &"x".repeat(240);
        assert!(explained(two_way, &long).contains("but `us.payments-"));
    }
}
