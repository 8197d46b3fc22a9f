//! Which policy wins where, by how much, and how far it is from what is possible.

use crate::contender::Contender;
use crate::curve::Curve;

/// Who wins at one capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Where.
    pub capacity: u64,
    /// The policy that misses least, of those that a cache can run, and its miss ratio.
    pub winner: (&'static str, f64),
    /// The next best, if there are two.
    pub runner_up: Option<(&'static str, f64)>,
    /// The miss ratio of LRU, if it was asked for.
    pub lru: Option<f64>,
    /// What Belady's policy misses, if it was asked for.
    pub bound: Option<f64>,
}

/// The winner at each capacity of the curves. Of equals the one wins that comes first in the table: the simpler one.
pub fn verdicts(curves: &[Curve]) -> Vec<Verdict> {
    let longest = curves.iter().map(|curve| curve.points.len()).max().unwrap_or(0);
    (0..longest).filter_map(|at| verdict(curves, at)).collect()
}

fn verdict(curves: &[Curve], at: usize) -> Option<Verdict> {
    let known = curves.iter().filter_map(|curve| Some((curve.policy, *curve.points.get(at)?)));
    let capacity = known.clone().next()?.1.capacity;
    let ratio_of =
        |name: &str| known.clone().find(|(policy, _)| *policy == name).map(|(_, point)| point.miss_ratio);
    let mut online: Vec<(usize, &'static str, f64)> = known
        .clone()
        .filter(|(policy, _)| is_online(policy))
        .map(|(policy, point)| (rank(policy), policy, point.miss_ratio))
        .collect();
    online.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
    let (_, name, ratio) = *online.first()?;
    let runner_up = online.get(1).map(|(_, name, ratio)| (*name, *ratio));
    Some(Verdict {
        capacity,
        winner: (name, ratio),
        runner_up,
        lru: ratio_of("lru"),
        bound: ratio_of("belady"),
    })
}

fn is_online(policy: &str) -> bool {
    Contender::named(policy).is_some_and(Contender::is_online)
}

fn rank(policy: &str) -> usize {
    Contender::all().iter().position(|one| one.name() == policy).unwrap_or(usize::MAX)
}

/// How far a curve lies above another, on average over their points, in parts of the requests.
pub fn mean_gap(curve: &Curve, bound: &Curve) -> f64 {
    let gaps = curve.points.iter().zip(&bound.points).map(|(a, b)| a.miss_ratio - b.miss_ratio);
    gaps.sum::<f64>() / curve.points.len().max(1) as f64
}

/// The mean of a curve's miss ratios: what sorts policies from good to bad.
pub fn mean_ratio(curve: &Curve) -> f64 {
    curve.points.iter().map(|point| point.miss_ratio).sum::<f64>() / curve.points.len().max(1) as f64
}
