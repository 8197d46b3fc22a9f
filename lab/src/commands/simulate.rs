//! `larder simulate`: a row a run.

use std::path::{Path, PathBuf};

use clap::Args;
use larder_lab::capacity::Capacity;
use larder_lab::chunk::{Chunks, Totals};
use larder_lab::contender::{Contender, Rules};
use larder_lab::lives::Lives;
use larder_lab::replay::from_stream;
use larder_lab::simulator::Weighing;
use larder_lab::tally::Tally;
use larder_lab::workload::{Spec, Workload};

use super::rows::{Printing, Row, printed};
use crate::arguments::{Reading, is_fleeting, policies};
use crate::failure::Failure;
use crate::output::print;
use crate::progress::{Progress, stopped, watch};

/// A trace that can be read again is kept in memory up to so many requests.
const KEPT: u64 = 1 << 28;

/// Replay traces, and count the misses of each policy at each capacity
#[derive(Args)]
pub(crate) struct Simulate {
    /// Traces; - is the standard input
    #[arg(required = true)]
    traces: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Policies, or all
    #[arg(short, long, value_delimiter = ',', default_value = "all")]
    policy: Vec<String>,
    /// Capacities: objects (1000), a part of the unique keys (10%), or bytes (64MiB)
    #[arg(short, long, value_delimiter = ',', default_value = "0.1%,1%,10%", allow_hyphen_values = true)]
    capacity: Vec<Capacity>,
    /// Entries weigh their sizes: numbers and percentages are of bytes
    #[arg(long, conflicts_with = "ignore_size")]
    sizes: bool,
    /// Every request counts as one byte, whatever the trace says
    #[arg(long)]
    ignore_size: bool,
    /// Whose rules count where they differ: those of the papers' simulators, or those of this project's engine, which
    /// lets in whatever fits
    #[arg(long, default_value = "papers", value_parser = ["papers", "engine"])]
    rules: String,
    /// How long what is loaded may be used: as the trace says (where it has times), none for ever, or a time (90s, 10min, 1h)
    #[arg(long, value_name = "trace|none|TIME", default_value = "trace")]
    ttl: Lives,
    #[command(flatten)]
    printing: Printing,
}

impl Simulate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let contenders = policies(&self.policy)?;
        if self.ignore_size && self.capacity.iter().any(|one| matches!(one, Capacity::Bytes(_))) {
            return Err(Failure::usage("a capacity in bytes and --ignore-size contradict each other"));
        }
        let mut rows = Vec::new();
        for trace in &self.traces {
            rows.extend(self.simulate(trace, &contenders)?);
            if watch().is_stopped() {
                break;
            }
        }
        print(&printed(&rows, self.printing.style()))?;
        let all = self.traces.len() * contenders.len() * self.capacity.len();
        stopped(|| format!("{} of {all} rows are what was done so far", rows.len()))
    }

    fn simulate(&self, path: &Path, contenders: &[Contender]) -> Result<Vec<Row>, Failure> {
        let foresight = contenders.iter().any(|contender| !contender.is_online());
        let known = foresight || self.capacity.iter().any(|capacity| capacity.is_relative());
        if !known {
            return self.stream(path, contenders, &Totals::default());
        }
        let most = if foresight || is_fleeting(path) { u64::MAX } else { KEPT };
        let progress = Progress::start("reading", None);
        let mut workload = Workload::read_up_to(self.chunks(path)?, most, &watch())?;
        drop(progress);
        if !workload.is_kept() {
            return self.stream(path, contenders, &workload.totals);
        }
        if foresight {
            let fails = |_| Failure::data(format!("{}: has too many requests to look ahead", path.display()));
            workload.look_ahead().map_err(fails)?;
        }
        self.keep(path, contenders, &workload)
    }

    fn chunks(&self, path: &Path) -> Result<Chunks, Failure> {
        Ok(Chunks::living(self.reading.open(path)?, self.ttl))
    }

    fn keep(&self, path: &Path, contenders: &[Contender], workload: &Workload) -> Result<Vec<Row>, Failure> {
        let totals = &workload.totals;
        self.check(path, totals)?;
        let specs = self.specs(contenders, totals);
        let _progress = Progress::start("simulating", Some(totals.requests * specs.len() as u64));
        let tallies = workload.replay(&specs, &watch());
        let done = specs.iter().zip(&tallies).filter_map(|(spec, tally)| Some((spec, tally.as_ref()?)));
        Ok(done.map(|(spec, tally)| self.row(path, spec, tally, totals)).collect())
    }

    fn stream(&self, path: &Path, contenders: &[Contender], totals: &Totals) -> Result<Vec<Row>, Failure> {
        let specs = self.specs(contenders, totals);
        let mut chunks = self.chunks(path)?;
        let _progress = Progress::start("simulating", None);
        let replays = specs.iter().map(Spec::start).collect();
        let tallies = from_stream(replays, &mut chunks, &watch())?;
        let totals = chunks.totals();
        self.check(path, &totals)?;
        Ok(specs.iter().zip(&tallies).map(|(spec, tally)| self.row(path, spec, tally, &totals)).collect())
    }

    /// Bytes make no sense of a trace that knows no sizes; a cache that holds everything makes little.
    fn check(&self, path: &Path, totals: &Totals) -> Result<(), Failure> {
        let path = path.display();
        let by_size = |capacity: &Capacity| self.weighing(*capacity) == Weighing::Sizes;
        if !totals.sized && self.capacity.iter().any(by_size) {
            return Err(Failure::data(format!("{path}: tells no sizes, so a capacity can't be in bytes")));
        }
        if !totals.timed && matches!(self.ttl, Lives::Fixed(_)) {
            return Err(Failure::data(format!("{path}: tells no times, so nothing can expire")));
        }
        for capacity in self.capacity.iter().filter(|capacity| !capacity.is_relative()) {
            let weighing = self.weighing(*capacity);
            let amount = capacity.resolve(weighing, totals);
            let all = if weighing == Weighing::Sizes { totals.unique_bytes } else { totals.unique };
            if amount > all {
                eprintln!(
                    "larder: note: {path}: a capacity of {amount} holds everything ({all}): nothing is ever evicted"
                );
            }
        }
        Ok(())
    }

    fn specs(&self, contenders: &[Contender], totals: &Totals) -> Vec<Spec> {
        let rules = if self.rules == "papers" { Rules::Papers } else { Rules::Engine };
        let of = |contender: Contender| {
            self.capacity.iter().map(move |capacity| {
                let weighing = self.weighing(*capacity);
                Spec { contender, capacity: capacity.resolve(weighing, totals), weighing, rules }
            })
        };
        contenders.iter().copied().flat_map(of).collect()
    }

    fn weighing(&self, capacity: Capacity) -> Weighing {
        capacity.weighing(if self.sizes { Weighing::Sizes } else { Weighing::Objects })
    }

    fn row(&self, path: &Path, spec: &Spec, tally: &Tally, totals: &Totals) -> Row {
        Row::new(&path.display().to_string(), spec, tally, totals, !self.ignore_size)
    }
}
