//! The table as Prometheus' collector: one family a metric, read from the latest snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto;
use strait_io::process;

use super::{Kind, METRICS, Metric, Moment};
use crate::status::Snapshot;

/// Label values and number of each series of one metric.
#[derive(Default)]
pub struct Samples(Vec<(Vec<String>, f64)>);

impl Samples {
    /// Adds a series.
    pub fn add(&mut self, labels: &[&str], value: f64) {
        self.0.push((labels.iter().map(|&label| label.to_owned()).collect(), value));
    }

    /// Adds a series if its number is known.
    pub fn extend(&mut self, labels: &[&str], value: Option<f64>) {
        if let Some(value) = value {
            self.add(labels, value);
        }
    }
}

/// Reads every metric of the table.
pub struct Mirror<F> {
    latest: F,
    descriptions: Vec<Desc>,
}

impl<F: Fn() -> Arc<Snapshot>> Mirror<F> {
    /// A collector of what `latest` gives at each scrape.
    pub fn new(latest: F) -> prometheus::Result<Self> {
        let descriptions = METRICS.iter().map(describe).collect::<Result<_, _>>()?;
        Ok(Self { latest, descriptions })
    }
}

fn describe(metric: &Metric) -> prometheus::Result<Desc> {
    let labels = metric.labels.iter().map(|&label| label.to_owned()).collect();
    Desc::new(metric.name.to_owned(), metric.help.to_owned(), labels, HashMap::new())
}

impl<F: Fn() -> Arc<Snapshot> + Send + Sync> Collector for Mirror<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let snapshot = (self.latest)();
        let moment = Moment { snapshot: &snapshot, process: process::usage() };
        METRICS.iter().map(|metric| family(metric, &moment)).collect()
    }
}

fn family(metric: &Metric, moment: &Moment<'_>) -> proto::MetricFamily {
    let mut samples = Samples::default();
    (metric.read)(moment, &mut samples);
    let series = samples.0.into_iter().map(|(labels, value)| one(metric, labels, value));
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
    });
    family.set_metric(series.collect());
    family
}

fn one(metric: &Metric, values: Vec<String>, value: f64) -> proto::Metric {
    assert_eq!(metric.labels.len(), values.len(), "{} has other labels", metric.name);
    let pairs = metric.labels.iter().zip(values).map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value);
        pair
    });
    let mut one = proto::Metric::default();
    one.set_label(pairs.collect());
    match metric.kind {
        Kind::Counter => one.set_counter(counter(value)),
        Kind::Gauge => one.set_gauge(gauge(value)),
    }
    one
}

fn counter(value: f64) -> proto::Counter {
    let mut counter = proto::Counter::default();
    counter.set_value(value);
    counter
}

fn gauge(value: f64) -> proto::Gauge {
    let mut gauge = proto::Gauge::default();
    gauge.set_value(value);
    gauge
}
