//! Curves as commands ask for them: exact where that is quick, sampled where it is not.

use larder_lab::chart::{Axis, Chart, Scale, Series, Unit};
use larder_lab::contender::Contender;
use larder_lab::curve::{Curve, Miniatures, SAMPLED_KEYS, exact, of_lru};
use larder_lab::simulator::Weighing;
use larder_lab::stack::Distances;
use larder_lab::workload::Workload;

use crate::arguments::OneTrace;
use crate::failure::Failure;
use crate::progress::{Progress, watch};

/// More requests than these, over all runs, are not replayed unless somebody asks for it.
const QUICK: u64 = 600_000_000;

/// How exact an answer should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Exact where it is quick.
    Auto,
    /// Exact.
    Exact,
    /// From samples of so many keys.
    Sampled(u64),
}

/// Which curves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) contenders: &'a [Contender],
    pub(crate) capacities: &'a [u64],
    pub(crate) weighing: Weighing,
    pub(crate) effort: Effort,
}

/// The whole trace, with what the policies need to know of it.
pub(crate) fn loaded(trace: &OneTrace, contenders: &[Contender]) -> Result<Workload, Failure> {
    let _progress = Progress::start("reading", None);
    let mut workload = Workload::read(trace.open()?, &watch())?;
    if contenders.iter().any(|contender| !contender.is_online()) {
        let fails = |_| Failure::data(format!("{}: has too many requests to look ahead", trace.name()));
        workload.look_ahead().map_err(fails)?;
    }
    Ok(workload)
}

/// The curves, in the order of the contenders.
pub(crate) fn answer(workload: &Workload, question: &Question<'_>) -> Vec<Curve> {
    let Question { contenders, capacities, weighing, effort } = *question;
    let (lru, others): (Vec<Contender>, Vec<Contender>) =
        contenders.iter().partition(|one| one.name() == "lru");
    let in_one_pass = weighing == Weighing::Objects && !matches!(effort, Effort::Sampled(_));
    let replayed = if in_one_pass { others } else { contenders.to_vec() };
    let mut curves = by_replay(workload, &Question { contenders: &replayed, ..*question });
    if in_one_pass && !lru.is_empty() {
        let _progress = Progress::start("measuring distances", Some(workload.totals.requests));
        let distances = Distances::of(workload.watched_keys(&watch()));
        if !watch().is_stopped() {
            curves.push(of_lru(&distances, capacities));
        }
    }
    curves.sort_by_key(|curve| contenders.iter().position(|one| one.name() == curve.policy));
    curves
}

fn by_replay(workload: &Workload, question: &Question<'_>) -> Vec<Curve> {
    let Question { contenders, capacities, weighing, effort } = *question;
    let runs = (contenders.len() * capacities.len()) as u64;
    let all = workload.totals.requests * runs;
    let keys = match effort {
        Effort::Exact => None,
        Effort::Auto => (all > QUICK).then_some(SAMPLED_KEYS),
        Effort::Sampled(keys) => Some(keys),
    };
    if let Some(samples) = keys.and_then(|keys| Miniatures::of(workload, keys)) {
        let _progress = Progress::start("sampling", Some(samples.requests() * runs));
        return samples.curves(contenders, capacities, weighing, &watch());
    }
    let _progress = Progress::start("simulating", Some(all));
    exact(workload, contenders, capacities, weighing, &watch())
}

/// The curves over one another, the bounds and the best of the others heavier.
pub(crate) fn curve_chart(trace: &str, curves: &[Curve], weighing: Weighing) -> Chart {
    let unit = if weighing == Weighing::Sizes { Unit::Bytes } else { Unit::Count };
    let title = |policy| Contender::named(policy).map_or(policy, Contender::title);
    let series = |curve: &Curve| Series {
        name: title(curve.policy).to_owned(),
        points: curve.points.iter().map(|point| (point.capacity as f64, point.miss_ratio)).collect(),
        strong: matches!(curve.policy, "lru" | "belady"),
    };
    let what = if unit == Unit::Bytes { "capacity in bytes" } else { "capacity in objects" };
    Chart {
        title: format!("Miss ratio by capacity: {trace}"),
        x: Axis::new(what, Scale::Log, unit),
        y: Axis::new("requests that miss", Scale::Linear, Unit::Percent),
        series: curves.iter().map(series).collect(),
    }
}
