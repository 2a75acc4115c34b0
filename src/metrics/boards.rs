//! Boards and rules ask only for metrics there are, every metric is on a board or in a rule, and
//! the page that explains them names each panel and alert.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;

fn dashboards(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards").join(file);
    strait_io::fs::read_to_string(&path).expect("the file is in the repository")
}

fn board() -> Value {
    serde_json::from_str(&dashboards("mirror.json")).expect("the board is JSON")
}

/// Every string under one of `keys`, however deep.
fn strings<'a>(value: &'a Value, keys: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if keys.contains(&key.as_str()) => found.push(text),
                    value => strings(value, keys, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, keys, found)),
        _ => {}
    }
}

/// Expressions and variables of the board, and the text of the rules.
fn expressions() -> Vec<String> {
    let board = board();
    let mut found = Vec::new();
    strings(&board, &["expr", "query", "definition"], &mut found);
    let mut all: Vec<_> = found.into_iter().map(str::to_owned).collect();
    let rules = dashboards("alerts.yaml");
    let code = rules.lines().filter(|line| !line.trim_start().starts_with("runbook"));
    all.push(code.collect::<Vec<_>>().join("\n"));
    all
}

/// Metric names in an expression, each with what stands before it.
fn names(expression: &str) -> Vec<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(start) = expression[at..].find(is_name).map(|found| at + found) {
        let rest = &expression[start..];
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        if name.starts_with("strait_") || name.starts_with("process_") {
            names.push((&expression[..start], name));
        }
        at = start + name.len();
    }
    names
}

#[test]
fn every_name_asked_for_is_a_metric_and_counters_are_asked_for_as_rates() {
    let expressions = expressions();
    assert!(expressions.len() > 30, "only {} expressions found", expressions.len());
    for expression in &expressions {
        for (before, name) in names(expression) {
            let metric = METRICS.iter().find(|metric| metric.name == name);
            let metric = metric.unwrap_or_else(|| panic!("no metric {name}, in {expression}"));
            let as_rate = before.ends_with("rate(") || before.ends_with("increase(");
            assert!(metric.kind == Kind::Gauge || as_rate, "{name} without a rate: {expression}");
        }
    }
}

#[test]
fn every_metric_is_on_a_board_or_in_a_rule() {
    let expressions = expressions();
    let asked: BTreeSet<_> = expressions.iter().flat_map(|e| names(e)).map(|(_, n)| n).collect();
    for metric in METRICS {
        assert!(asked.contains(metric.name), "{} is never looked at", metric.name);
    }
}

#[test]
fn the_page_about_them_names_every_panel_and_alert() {
    let (page, board, rules) = (dashboards("README.md"), board(), dashboards("alerts.yaml"));
    for panel in board["panels"].as_array().expect("a board has panels") {
        let title = panel["title"].as_str().expect("a panel has a title");
        let known = panel["type"] == "row" || page.contains(&format!("\n| {title} | "));
        assert!(known, "the panel {title:?} is not explained");
    }
    let alerts: Vec<_> = rules.lines().filter_map(|l| l.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in alerts {
        assert!(page.contains(&format!("\n### {alert}\n")), "{alert} is not explained");
        let anchor = format!("dashboards/README.md#{}\"", alert.to_ascii_lowercase());
        assert!(rules.contains(&anchor), "{alert} does not point to its explanation");
    }
    for (_, name) in names(&page) {
        assert!(METRICS.iter().any(|metric| metric.name == name), "{name} is no metric");
    }
}

#[test]
fn panels_have_a_source_that_can_be_chosen_and_say_what_they_are() {
    let board = board();
    assert_eq!(board["schemaVersion"], 39);
    let panels = board["panels"].as_array().expect("a board has panels");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(panel["description"].as_str().is_some_and(|d| !d.is_empty()), "{}", panel["title"]);
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{}", panel["title"]);
    }
}
