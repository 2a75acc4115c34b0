//! Raw to resolved: names are looked up, defaults filled in, templates read, routes compared.

use super::nearest::nearest;
use super::problem::Problem;
use super::raw::{RawChoices, RawFile, RawPipeline, RawRegion};
use super::scalar::listed;
use super::settings::*;
use super::walk::At;
use crate::topics::naming::TemplateNames;
use crate::topics::{NamingTemplate, TopicSelector};

/// The settings, if the problems stay empty.
pub(super) fn resolve(raw: RawFile, problems: &mut Vec<Problem>) -> Settings {
    let regions: Vec<_> = raw.regions.iter().filter_map(region).collect();
    let mut resolver = Resolver { known: &raw.regions, regions: &regions, problems };
    let mut pipelines = Vec::new();
    for pipeline in raw.pipelines {
        pipelines.extend(resolver.pipeline(pipeline, &raw.defaults));
    }
    let worker = WorkerSettings::default();
    Settings {
        pipelines,
        worker: WorkerSettings {
            memory: raw.memory.map_or(worker.memory, |at| at.value),
            drain: raw.drain.map_or(worker.drain, |at| at.value),
            checkpoint_interval: raw
                .checkpoint_interval
                .map_or(worker.checkpoint_interval, |at| at.value),
        },
        http: raw.listen.map(|at| HttpSettings { listen: at.value }),
        regions,
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
            None => format!("the regions are {}", listed(&names)),
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
