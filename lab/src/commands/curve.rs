//! `larder curve`: miss-ratio curves.

use std::fmt::Write as _;

use clap::Args;
use larder_lab::capacity::Capacity;
use larder_lab::contender::Contender;
use larder_lab::curve::{Curve, Point, SAMPLES, capacities};
use larder_lab::shards::Shards;
use larder_lab::simulator::Weighing;
use serde_json::json;

use super::rows::{Printing, Style};
use crate::arguments::{OneTrace, policies};
use crate::curves::{Effort, Question, answer, curve_chart, loaded};
use crate::failure::Failure;
use crate::output::{aligned, print};
use crate::picture::Pictures;
use crate::progress::{Progress, stopped, watch};

/// Draw how many requests miss over how large the cache is
#[derive(Args)]
pub(crate) struct CurveCommand {
    #[command(flatten)]
    trace: OneTrace,
    /// Policies, or all
    #[arg(short, long, value_delimiter = ',', default_value = "lru")]
    policy: Vec<String>,
    /// At these capacities; by default from a thousandth of the keys to all
    #[arg(short, long, value_delimiter = ',', allow_hyphen_values = true)]
    capacity: Vec<Capacity>,
    /// At so many capacities
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u16).range(2..=1000))]
    points: u16,
    /// Entries weigh their sizes
    #[arg(long)]
    sizes: bool,
    /// Replay every request for every point
    #[arg(long, conflicts_with = "sample")]
    exact: bool,
    /// Look at so many keys (eight times), or at this part of the keys; the error is stated. Without --sample and
    /// --exact, LRU is exact and the others are sampled if they would take long
    #[arg(long, value_name = "KEYS|PERCENT")]
    sample: Option<Capacity>,
    #[command(flatten)]
    printing: Printing,
    #[command(flatten)]
    pictures: Pictures,
}

impl CurveCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let contenders = policies(&self.policy)?;
        let pictures = self.pictures.begin()?;
        let curves = match self.only_lru_sampled(&contenders) {
            Some(sample) => vec![self.by_shards(sample)?],
            None => self.by_replay(&contenders)?,
        };
        let weighing = if self.sizes { Weighing::Sizes } else { Weighing::Objects };
        if !watch().is_stopped() {
            pictures.finish(&curve_chart(&self.trace.name(), &curves, weighing))?;
        }
        print(&match self.printing.style() {
            Style::Csv => csv(&curves),
            Style::Json => format!("{:#}\n", as_json(&curves)),
            Style::Text => text(&curves),
        })?;
        stopped(|| "what is printed is what was done so far".to_owned())
    }

    fn only_lru_sampled(&self, contenders: &[Contender]) -> Option<Capacity> {
        let only_lru = contenders.len() == 1 && contenders[0].name() == "lru" && !self.sizes;
        self.sample.filter(|sample| only_lru && !matches!(sample, Capacity::Bytes(_)))
    }

    /// In one pass over the file, and in memory for the samples only.
    fn by_shards(&self, sample: Capacity) -> Result<Curve, Failure> {
        let shards = |seed| match sample {
            Capacity::Percent(percent) => Shards::fixed_rate(percent / 100.0, seed),
            Capacity::Count(keys) | Capacity::Bytes(keys) => {
                Shards::fixed_size(usize::try_from(keys).unwrap_or(usize::MAX), seed)
            }
        };
        let mut samples: Vec<Shards> = (0..SAMPLES as u64).map(shards).collect();
        let _progress = Progress::start("sampling", None);
        for request in watch().through(self.trace.open()?) {
            let key = request?.key;
            samples.iter_mut().for_each(|sample| sample.touch(key));
        }
        let unique = samples.iter().map(Shards::unique).sum::<f64>() / SAMPLES as f64;
        let at = if self.capacity.is_empty() {
            capacities((unique / 1000.0) as u64, unique as u64, self.points.into())
        } else {
            let part = |percent: f64| ((unique * percent / 100.0) as u64).max(1);
            let resolved = self.capacity.iter().map(|capacity| match capacity {
                Capacity::Percent(percent) => part(*percent),
                Capacity::Count(amount) | Capacity::Bytes(amount) => *amount,
            });
            resolved.collect()
        };
        Ok(larder_lab::curve::of_shards(&samples, &at))
    }

    fn by_replay(&self, contenders: &[Contender]) -> Result<Vec<Curve>, Failure> {
        let workload = loaded(&self.trace, contenders)?;
        let weighing = if self.sizes { Weighing::Sizes } else { Weighing::Objects };
        let weighings = self.capacity.iter().map(|capacity| capacity.weighing(weighing));
        if !workload.totals.sized && (self.sizes || weighings.clone().any(|one| one == Weighing::Sizes)) {
            return Err(Failure::data(format!(
                "{}: tells no sizes, so a capacity can't be in bytes",
                self.trace.name()
            )));
        }
        let weighing = weighings.clone().next().unwrap_or(weighing);
        if weighings.into_iter().any(|one| one != weighing) {
            return Err(Failure::usage("one curve can't be in objects and in bytes"));
        }
        let mut at: Vec<u64> =
            self.capacity.iter().map(|capacity| capacity.resolve(weighing, &workload.totals)).collect();
        if at.is_empty() {
            let all = if weighing == Weighing::Sizes {
                workload.totals.unique_bytes
            } else {
                workload.totals.unique
            };
            at = capacities(all / 1000, all, self.points.into());
        }
        at.sort_unstable();
        at.dedup();
        let effort = match (self.exact, self.sample) {
            (true, _) => Effort::Exact,
            (_, Some(sample)) => Effort::Sampled(sample.resolve(Weighing::Objects, &workload.totals)),
            _ => Effort::Auto,
        };
        Ok(answer(&workload, &Question { contenders, capacities: &at, weighing, effort }))
    }
}

fn csv(curves: &[Curve]) -> String {
    let mut text = String::from("policy,capacity,miss_ratio,error\n");
    for curve in curves {
        for Point { capacity, miss_ratio } in &curve.points {
            let error = curve.error.unwrap_or(0.0);
            let _ = writeln!(text, "{},{capacity},{miss_ratio:.6},{error:.6}", curve.policy);
        }
    }
    text
}

fn as_json(curves: &[Curve]) -> serde_json::Value {
    let point = |point: &Point| json!({ "capacity": point.capacity, "miss_ratio": point.miss_ratio });
    let curve = |curve: &Curve| {
        let points: Vec<_> = curve.points.iter().map(point).collect();
        json!({ "policy": curve.policy, "exact": curve.error.is_none(), "error": curve.error, "points": points })
    };
    curves.iter().map(curve).collect()
}

/// A row a capacity, a column a policy, and a line that says how sure the numbers are.
fn text(curves: &[Curve]) -> String {
    let titles: Vec<&str> =
        std::iter::once("capacity").chain(curves.iter().map(|curve| curve.policy)).collect();
    let longest = curves.iter().map(|curve| curve.points.len()).max().unwrap_or(0);
    let capacity =
        |at: usize| curves.iter().find_map(|curve| curve.points.get(at)).map_or(0, |point| point.capacity);
    let cell = |curve: &Curve, at: usize| {
        curve.points.get(at).map_or_else(String::new, |one| format!("{:.4}", one.miss_ratio))
    };
    let row = |at| {
        std::iter::once(capacity(at).to_string()).chain(curves.iter().map(|curve| cell(curve, at))).collect()
    };
    let mut text = aligned(&titles, &(0..longest).map(row).collect::<Vec<_>>());
    let exact: Vec<&str> = curves.iter().filter(|one| one.error.is_none()).map(|one| one.policy).collect();
    if !exact.is_empty() {
        let _ = writeln!(text, "exact: {}", exact.join(", "));
    }
    for curve in curves {
        if let Some(error) = curve.error {
            let _ = writeln!(
                text,
                "sampled: {}, within {error:.4} of the exact ratio (19 times of 20)",
                curve.policy
            );
        }
    }
    text
}
