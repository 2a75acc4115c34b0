use super::*;
use crate::topics::Pattern;
use crate::topics::naming::TemplateNames;

struct Owned(PipelineName, RegionName, RegionName, TopicSelector, NamingTemplate);

/// `("us", "ad", "orders", "", "{topic}")`: from, to, include, exclude (none if empty), naming.
fn routes(rows: &[(&str, &str, &str, &str, &str)]) -> Vec<Owned> {
    let build = |(index, row): (usize, &(&str, &str, &str, &str, &str))| {
        let name = PipelineName::new(&format!("{}-{}-{index}", row.0, row.1)).unwrap();
        let (from, to) = (RegionName::new(row.0).unwrap(), RegionName::new(row.1).unwrap());
        let patterns = |text: &str| {
            Some(text)
                .filter(|t| !t.is_empty())
                .map(|t| Pattern::new(t).unwrap())
                .into_iter()
                .collect()
        };
        let selector = TopicSelector::new(patterns(row.2), patterns(row.3));
        let names = TemplateNames { source: &from, target: &to, pipeline: &name };
        let naming = NamingTemplate::new(row.4, names).unwrap();
        Owned(name, from, to, selector, naming)
    };
    rows.iter().enumerate().map(build).collect()
}

fn found(rows: &[(&str, &str, &str, &str, &str)]) -> Vec<(FindingKind, Vec<usize>)> {
    let owned = routes(rows);
    let routes: Vec<_> = owned
        .iter()
        .map(|o| Route { name: &o.0, from: &o.1, to: &o.2, selector: &o.3, naming: &o.4 })
        .collect();
    survey(&routes).into_iter().map(|finding| (finding.kind, finding.routes)).collect()
}

fn looped(topic: &str, returns_as: &str) -> FindingKind {
    FindingKind::Loop { topic: topic.into(), returns_as: returns_as.into() }
}

#[test]
fn two_ways_under_one_name_is_a_loop() {
    let rows = [("us", "eu", "orders|a", "", "{topic}"), ("eu", "us", "ord.*", "", "{topic}")];
    assert_eq!(found(&rows), [(looped("orders", "orders"), vec![0, 1])]);
}

#[test]
fn every_way_back_is_a_loop_of_its_own() {
    let rows = [
        ("us", "eu", ".*", "", "{topic}"),
        ("eu", "us", "a", "", "{topic}"),
        ("eu", "us", "b", "", "{topic}"),
    ];
    assert_eq!(found(&rows), [(looped("a", "a"), vec![0, 1]), (looped("b", "b"), vec![0, 2])]);
}

#[test]
fn two_ways_with_disjoint_topics_is_fine() {
    let rows = [("us", "eu", "orders", "", "{topic}"), ("eu", "us", "payments", "", "{topic}")];
    assert_eq!(found(&rows), []);
}

#[test]
fn names_that_grow_with_every_turn_are_a_loop_unless_excluded() {
    let grows =
        [("us", "eu", ".*", "", "{source}.{topic}"), ("eu", "us", ".*", "", "{source}.{topic}")];
    assert_eq!(found(&grows), [(looped("a", "eu.us.a"), vec![0, 1])]);
    let fine = [
        ("us", "eu", ".*", "eu\\..*", "{source}.{topic}"),
        ("eu", "us", ".*", "us\\..*", "{source}.{topic}"),
    ];
    assert_eq!(found(&fine), []);
}

#[test]
fn a_ring_of_three_is_a_loop() {
    let rows = [
        ("us", "eu", "t", "", "{topic}"),
        ("eu", "ap", "t", "", "{topic}"),
        ("ap", "us", "t", "", "{topic}"),
    ];
    assert_eq!(found(&rows), [(looped("t", "t"), vec![0, 1, 2])]);
}

#[test]
fn several_sources_into_one_name_merge() {
    let rows = [
        ("us", "ad", "osint-.*", ".*-tmp", "{topic}"),
        ("sg", "ad", "osint-.*", "", "{topic}"),
        ("eu", "ad", "osint-a", "", "{topic}"),
        ("jp", "ad", "osint-.*", "", "{source}.{topic}"),
    ];
    let merge = FindingKind::Merge { target_topic: "osint-a".into() };
    assert_eq!(found(&rows), [(merge, vec![0, 1, 2])]);
}

#[test]
fn a_renamed_topic_may_meet_one_that_kept_its_name() {
    let rows = [("us", "ad", "a", "", "{source}.{topic}"), ("sg", "ad", "us\\..*", "", "{topic}")];
    let merge = FindingKind::Merge { target_topic: "us.a".into() };
    assert_eq!(found(&rows), [(merge, vec![0, 1])]);
}

#[test]
fn one_topic_by_two_routes_is_copied_twice() {
    let rows = [("us", "ad", "a.*", "", "{topic}"), ("us", "ad", ".*z", "", "{topic}")];
    assert_eq!(found(&rows), [(FindingKind::CopiedTwice { topic: "az".into() }, vec![0, 1])]);
    let renamed = [("us", "ad", "a", "", "{topic}"), ("us", "ad", "a", "", "x.{topic}")];
    assert_eq!(found(&renamed), []);
}

#[test]
fn a_region_cannot_be_mirrored_to_itself() {
    let rows = [("us", "us", "a", "", "{topic}")];
    assert_eq!(found(&rows), [(FindingKind::SameRegion, vec![0])]);
}

#[test]
fn a_full_mesh_is_surveyed_quickly() {
    let regions = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let rows: Vec<_> = regions
        .iter()
        .flat_map(|from| regions.iter().map(move |to| (*from, *to)))
        .filter(|(from, to)| from != to)
        .map(|(from, to)| (from, to, "orders-.*", "", "{source}.{topic}"))
        .collect();
    assert_eq!(found(&rows), []);
}
