//! Raw to resolved: names are looked up, defaults filled in, templates read, routes compared.

use super::nearest::nearest;
use super::node::Span;
use super::problem::Problem;
use super::raw::{RawChoices, RawFile, RawPipeline, RawRegion};
use super::settings::{
    DISCOVERY_INTERVAL, Delivery, HttpSettings, PipelineSettings, RPO, RegionSettings, Settings,
    StartPosition, WanCompression, WorkerSettings,
};
use super::walk::At;
use crate::model::listed;
use crate::topics::naming::TemplateNames;
use crate::topics::{NamingTemplate, TopicSelector};
use crate::topology::{self, Finding, FindingKind};

/// The settings, if the problems stay empty.
pub(super) fn resolve(raw: RawFile, problems: &mut Vec<Problem>) -> Settings {
    let regions: Vec<_> = raw.regions.iter().filter_map(region).collect();
    let mut resolver = Resolver { known: &raw.regions, regions: &regions, problems };
    resolver.refuse_repeated_names(&raw.pipelines);
    let (mut pipelines, mut places) = (Vec::new(), Vec::new());
    for pipeline in raw.pipelines {
        let place = Place::of(&pipeline);
        if let Some(settings) = resolver.pipeline(pipeline, &raw.defaults) {
            pipelines.push(settings);
            places.push(place);
        }
    }
    compare_routes(&pipelines, &places, problems);
    let otherwise = WorkerSettings::default();
    let worker = WorkerSettings {
        memory: raw.memory.map_or(otherwise.memory, |at| at.value),
        drain: raw.drain.map_or(otherwise.drain, |at| at.value),
        checkpoint_interval: raw
            .checkpoint_interval
            .map_or(otherwise.checkpoint_interval, |at| at.value),
    };
    let http = raw.listen.map(|at| HttpSettings { listen: at.value });
    Settings { regions, pipelines, worker, http }
}

/// Where a pipeline's own problems are reported: at its name.
struct Place {
    at: Span,
    path: String,
}

impl Place {
    fn of(raw: &RawPipeline) -> Self {
        let at = raw.name.as_ref().map_or(raw.at, |name| name.at);
        Self { at, path: raw.path.clone() }
    }
}

/// What the topology finds becomes a problem at the last pipeline that takes part.
fn compare_routes(pipelines: &[PipelineSettings], places: &[Place], problems: &mut Vec<Problem>) {
    let routes: Vec<_> = pipelines.iter().map(PipelineSettings::route).collect();
    for finding in topology::survey(&routes) {
        if finding.is_problem() {
            let last = finding.routes.iter().max().map(|&index| &places[index]);
            let Place { at, path } = last.expect("a finding names its routes");
            problems.push(Problem::new(*at, path, finding.what).hint(finding.next_step));
        } else if matches!(finding.kind, FindingKind::Merge { .. }) {
            refuse_preserve(&finding, pipelines, places, problems);
        }
    }
}

/// Offsets cannot stay identical where several sources write one topic.
fn refuse_preserve(
    merge: &Finding,
    pipelines: &[PipelineSettings],
    places: &[Place],
    problems: &mut Vec<Problem>,
) {
    for &index in &merge.routes {
        if pipelines[index].delivery == Delivery::Preserve {
            let what = format!("`delivery: preserve` is impossible here: {}", merge.what);
            let hint = "write `delivery: merge` (or leave it at `auto`), or `naming: \
                 \"{source}.{topic}\"`";
            let place = &places[index];
            problems.push(Problem::new(place.at, &place.path, what).hint(hint));
        }
    }
}

fn region(raw: &RawRegion) -> Option<RegionSettings> {
    Some(RegionSettings {
        name: raw.name.clone()?,
        bootstrap: raw.bootstrap.iter().map(|at| at.value.clone()).collect(),
        client_id: raw.client_id.as_ref().map_or("strait".to_owned(), |at| at.value.clone()),
    })
}

struct Resolver<'a> {
    known: &'a [RawRegion],
    regions: &'a [RegionSettings],
    problems: &'a mut Vec<Problem>,
}

impl Resolver<'_> {
    fn refuse_repeated_names(&mut self, pipelines: &[RawPipeline]) {
        let names: Vec<_> =
            pipelines.iter().filter_map(|pipeline| pipeline.name.as_ref()).collect();
        for (index, name) in names.iter().enumerate() {
            let Some(first) = names[..index].iter().find(|n| n.value == name.value) else {
                continue;
            };
            let what = format!("a second pipeline is called `{}`", name.value);
            let hint = format!("the first one is on line {}", first.at.start.line);
            self.problems.push(name.problem(what).hint(hint));
        }
    }

    fn pipeline(&mut self, raw: RawPipeline, defaults: &RawChoices) -> Option<PipelineSettings> {
        let (from, to) = (self.region(raw.from.as_ref()), self.region(raw.to.as_ref()));
        let (name, from, to) = (raw.name?.value, from?, to?);
        let naming = raw.choices.naming.as_ref().or(defaults.naming.as_ref());
        let names = TemplateNames { source: &from.name, target: &to.name, pipeline: &name };
        let naming = self.naming(naming, names);
        let patterns = |list: Vec<At<_>>| list.into_iter().map(|at| at.value).collect();
        let selector = TopicSelector::new(patterns(raw.include), patterns(raw.exclude));
        let (ours, theirs) = (&raw.choices, defaults);
        Some(PipelineSettings {
            compression: pick(&ours.compression, &theirs.compression, WanCompression::Pass),
            delivery: pick(&ours.delivery, &theirs.delivery, Delivery::Auto),
            start: pick(&ours.start, &theirs.start, StartPosition::Earliest),
            discovery_interval: pick(
                &ours.discovery_interval,
                &theirs.discovery_interval,
                DISCOVERY_INTERVAL,
            ),
            rpo: pick(&ours.rpo, &theirs.rpo, RPO),
            replication_factor: chosen(&ours.replication_factor, &theirs.replication_factor),
            naming: naming?,
            name,
            from,
            to,
            selector,
        })
    }

    fn region(&mut self, wanted: Option<&At<String>>) -> Option<RegionSettings> {
        let wanted = wanted?;
        if let Some(found) = self.regions.iter().find(|r| r.name.as_str() == wanted.value) {
            return Some(found.clone());
        }
        let names: Vec<&str> = self.known.iter().map(|region| region.key.value.as_str()).collect();
        if names.contains(&wanted.value.as_str()) {
            return None;
        }
        let hint = match nearest(&wanted.value, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "`regions` names none".to_owned(),
            None => format!("the regions are {}", listed(names.iter().copied())),
        };
        self.problems
            .push(wanted.problem(format!("there is no region `{}`", wanted.value)).hint(hint));
        None
    }

    fn naming(
        &mut self,
        template: Option<&At<String>>,
        names: TemplateNames<'_>,
    ) -> Option<NamingTemplate> {
        let text = template.map_or("{topic}", |at| at.value.as_str());
        match (NamingTemplate::new(text, names), template) {
            (Ok(naming), _) => Some(naming),
            (Err(error), Some(at)) => {
                self.problems.push(
                    at.problem(error.to_string()).hint("write for example `\"{source}.{topic}\"`"),
                );
                None
            }
            (Err(error), None) => unreachable!("the default template is legal: {error}"),
        }
    }
}

fn chosen<T: Copy>(ours: &Option<At<T>>, theirs: &Option<At<T>>) -> Option<T> {
    ours.as_ref().or(theirs.as_ref()).map(|at| at.value)
}

fn pick<T: Copy>(ours: &Option<At<T>>, theirs: &Option<At<T>>, otherwise: T) -> T {
    chosen(ours, theirs).unwrap_or(otherwise)
}
