//! What a report tells of one trace.

use std::path::Path;

use larder_lab::analysis::{Analysis, Window};
use larder_lab::bars::bars;
use larder_lab::capacity::human;
use larder_lab::chart::{Axis, Chart, Scale, Series, Unit, shown};
use larder_lab::chunk::Totals;
use larder_lab::contender::Contender;
use larder_lab::curve::{Curve, capacities};
use larder_lab::simulator::Weighing;
use larder_lab::verdict::{Verdict, mean_gap, mean_ratio, verdicts};

use crate::arguments::{OneTrace, Reading};
use crate::curves::{Effort, Question, answer, curve_chart, loaded};
use crate::failure::Failure;
use crate::page::{Cell, Page};
use crate::progress::{Progress, watch};

/// What was found out of one trace.
pub(crate) struct Study {
    pub(crate) name: String,
    /// From good to bad; those that know the future last.
    pub(crate) curves: Vec<Curve>,
    pub(crate) weighing: Weighing,
    totals: Totals,
    analysis: Analysis,
    verdicts: Vec<Verdict>,
}

/// Reads, replays and analyses a trace: entries weigh this, with this effort, at so many capacities.
pub(crate) fn study(
    path: &Path,
    reading: &Reading,
    contenders: &[Contender],
    (weighing, effort, points): (Weighing, Effort, usize),
) -> Result<Study, Failure> {
    let trace = OneTrace { trace: path.to_owned(), reading: reading.clone() };
    let workload = loaded(&trace, contenders)?;
    let totals = workload.totals;
    if weighing == Weighing::Sizes && !totals.sized {
        return Err(Failure::data(format!("{}: tells no sizes", trace.name())));
    }
    let all = if weighing == Weighing::Sizes { totals.unique_bytes } else { totals.unique };
    let at = capacities((all / 1000).max(1), (all / 2).max(1), points);
    let mut curves = answer(&workload, &Question { contenders, capacities: &at, weighing, effort });
    let online = |curve: &Curve| Contender::named(curve.policy).is_some_and(Contender::is_online);
    curves.sort_by(|a, b| online(b).cmp(&online(a)).then(mean_ratio(a).total_cmp(&mean_ratio(b))));
    let verdicts = verdicts(&curves);
    let _progress = Progress::start("analysing", Some(totals.requests));
    let analysis = Analysis::of(&workload, &watch());
    Ok(Study { name: trace.name(), curves, weighing, totals, analysis, verdicts })
}

impl Study {
    /// Puts everything on the page.
    pub(crate) fn tell(&self, page: &mut Page) {
        page.heading(2, &self.name);
        self.tell_facts(page);
        page.heading(3, "Who wins");
        page.paragraph(&self.summary());
        self.tell_winners(page);
        page.heading(3, "Miss ratio by capacity");
        page.chart(&curve_chart(&self.name, &self.curves, self.weighing).svg());
        page.paragraph(&self.exactness());
        self.tell_table(page);
        page.heading(3, "How far from the bound");
        page.paragraph("Belady's policy knows the future and misses least. The bars show how many more of the requests miss, on average over the capacities above.");
        page.chart(&self.bound_bars());
        page.heading(3, "What the requests are like");
        page.chart(&self.working_set().svg());
        page.chart(&self.reuse().svg());
        page.chart(&self.popularity().svg());
        page.paragraph(&self.wonders());
        page.chart(&self.new_keys().svg());
    }

    fn tell_facts(&self, page: &mut Page) {
        let totals = &self.totals;
        let number = |value: u64| shown(value as f64, Unit::Count);
        let wonders = self.analysis.one_hit_wonders as f64 / totals.unique.max(1) as f64;
        let mut facts = vec![
            (number(totals.requests), "requests"),
            (number(totals.unique), "unique keys"),
            (format!("{:.1}", totals.requests as f64 / totals.unique.max(1) as f64), "requests a key"),
            (shown(wonders, Unit::Percent), "of the keys are asked for once"),
            (shown(totals.unique as f64 / totals.requests.max(1) as f64, Unit::Percent), "miss in any cache"),
        ];
        if totals.sized {
            facts.push((human(totals.unique_bytes), "of values"));
        }
        page.facts(&facts);
    }

    /// Who wins most often, and against LRU.
    fn summary(&self) -> String {
        let wins = |name: &str| self.verdicts.iter().filter(|verdict| verdict.winner.0 == name).count();
        let most = self.curves.iter().max_by_key(|curve| wins(curve.policy));
        let (Some(best), Some(most)) = (self.curves.first(), most) else { return String::new() };
        let lru = self.curves.iter().find(|curve| curve.policy == "lru");
        let against = lru.map_or_else(String::new, |lru| {
            format!(" It misses {} of the requests less than LRU on average.", points(mean_gap(lru, best)))
        });
        format!(
            "{} misses least on average over these capacities.{against} {} wins at {} of {}.",
            title(best.policy),
            title(most.policy),
            wins(most.policy),
            self.verdicts.len()
        )
    }

    fn tell_winners(&self, page: &mut Page) {
        let titles =
            ["capacity", "winner", "misses", "runner-up", "more", "LRU, more", "Belady's bound, less"];
        let more = |ratio: Option<f64>, than: f64| {
            ratio.map_or_else(String::new, |ratio| points((ratio - than).abs()))
        };
        let row = |verdict: &Verdict| {
            let (winner, ratio) = verdict.winner;
            let runner_up = verdict.runner_up.map_or_else(String::new, |(name, _)| title(name).to_owned());
            let cells = [
                self.amount(verdict.capacity),
                title(winner).to_owned(),
                percent(ratio),
                runner_up,
                more(verdict.runner_up.map(|(_, ratio)| ratio), ratio),
                more(verdict.lru, ratio),
                more(verdict.bound, ratio),
            ];
            cells.map(Cell::plain).to_vec()
        };
        let rows: Vec<_> = self.verdicts.iter().map(row).collect();
        page.table(&titles.map(str::to_owned), &rows);
    }

    fn exactness(&self) -> String {
        let error = self.curves.iter().filter_map(|curve| curve.error).fold(0.0, f64::max);
        if error == 0.0 {
            return "These numbers are exact: every request was replayed for every point.".to_owned();
        }
        format!(
            "These numbers come from samples of the keys: each policy's lies within its error of the exact one 19 times of \
             20, the largest error being {}. Differences below that mean little.",
            points(error)
        )
    }

    /// Rows from good to bad; the worse a cell is than its column's best, the redder.
    fn tell_table(&self, page: &mut Page) {
        let Some(first) = self.curves.first() else { return };
        let capacities = first.points.iter().map(|point| self.amount(point.capacity));
        let titles: Vec<String> = std::iter::once("miss ratio".to_owned()).chain(capacities).collect();
        let best: Vec<f64> = self.verdicts.iter().map(|verdict| verdict.winner.1).collect();
        let row = |curve: &Curve| {
            let online = Contender::named(curve.policy).is_some_and(Contender::is_online);
            let cell = |(at, point): (usize, &larder_lab::curve::Point)| {
                let gap = point.miss_ratio - best.get(at).copied().unwrap_or(0.0);
                Cell { text: percent(point.miss_ratio), best: online && gap <= 0.0, heat: gap / 0.25 }
            };
            std::iter::once(Cell::plain(title(curve.policy)))
                .chain(curve.points.iter().enumerate().map(cell))
                .collect()
        };
        page.table(&titles, &self.curves.iter().map(row).collect::<Vec<_>>());
    }

    fn bound_bars(&self) -> String {
        let Some(bound) = self.curves.iter().find(|curve| curve.policy == "belady") else {
            return String::new();
        };
        let others = self.curves.iter().filter(|curve| curve.policy != "belady");
        let rows: Vec<_> =
            others.map(|curve| (title(curve.policy).to_owned(), mean_gap(curve, bound).max(0.0))).collect();
        bars("More misses than by Belady's policy, as part of all requests", &rows, Unit::Percent)
    }

    fn working_set(&self) -> Chart {
        let line = |of: fn(&Window) -> u64| {
            self.analysis.windows.iter().map(|window| (window.end as f64, of(window) as f64)).collect()
        };
        Chart {
            title: "Working set over time: keys asked for in each hundredth of the trace".to_owned(),
            x: Axis::new("requests", Scale::Linear, Unit::Count),
            y: Axis::new("keys", Scale::Linear, Unit::Count),
            series: vec![
                Series::new("unique keys", line(|window| window.unique)),
                Series::new("new keys", line(|window| window.new)),
            ],
        }
    }

    fn reuse(&self) -> Chart {
        let points = self.analysis.reuse.iter().map(|(keys, part)| (*keys as f64, *part)).collect();
        Chart {
            title: "Reuse distance: requests whose key returns after at most so many other keys".to_owned(),
            x: Axis::new("other keys in between", Scale::Log, Unit::Count),
            y: Axis::new("part of the requests", Scale::Linear, Unit::Percent),
            series: vec![Series::new("returned", points)],
        }
    }

    fn popularity(&self) -> Chart {
        let points =
            self.analysis.popularity.iter().map(|(rank, count)| (*rank as f64, *count as f64)).collect();
        Chart {
            title: "Popularity: how often the keys are asked for, the most popular first".to_owned(),
            x: Axis::new("rank of the key", Scale::Log, Unit::Count),
            y: Axis::new("requests", Scale::Log, Unit::Count),
            series: vec![Series::new("requests", points)],
        }
    }

    fn wonders(&self) -> String {
        let (wonders, totals) = (self.analysis.one_hit_wonders, &self.totals);
        format!(
            "One-hit wonders: {wonders} of {} keys ({}) are asked for but once; they are {} of the requests. A policy that \
             does not let them push out others has an advantage as large as that.",
            totals.unique,
            shown(wonders as f64 / totals.unique.max(1) as f64, Unit::Percent),
            shown(wonders as f64 / totals.requests.max(1) as f64, Unit::Percent)
        )
    }

    fn new_keys(&self) -> Chart {
        let mut all = 0;
        let mut sum = |window: &Window| {
            all += window.new;
            (window.end as f64, all as f64)
        };
        Chart {
            title: "Keys ever seen: where the line is steep, nothing can hit".to_owned(),
            x: Axis::new("requests", Scale::Linear, Unit::Count),
            y: Axis::new("keys", Scale::Linear, Unit::Count),
            series: vec![Series::new("unique so far", self.analysis.windows.iter().map(&mut sum).collect())],
        }
    }

    fn amount(&self, capacity: u64) -> String {
        let unit = if self.weighing == Weighing::Sizes { Unit::Bytes } else { Unit::Count };
        shown(capacity as f64, unit)
    }
}

fn title(policy: &'static str) -> &'static str {
    Contender::named(policy).map_or(policy, Contender::title)
}

fn percent(ratio: f64) -> String {
    format!("{:.1}%", ratio * 100.0)
}

/// A difference of two ratios.
fn points(difference: f64) -> String {
    format!("{:.1} points", difference * 100.0)
}
