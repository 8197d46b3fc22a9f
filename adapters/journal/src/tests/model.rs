//! The log against a model: what may and what must come back after any steps, faults and power cuts.

use std::collections::BTreeMap;

use larder_core::{Random, Record, Recovered};
use proptest::prelude::*;

use super::{open, recovered};
use crate::faulty::{Fault, Faulty};
use crate::log::Log;
use crate::options::{Fsync, Options};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u8>),
    /// Settles the records at these places among the unsettled, oldest first in each call.
    Settle(Vec<u8>),
    /// After so many operations of the disk one fails.
    Fault(u8),
    /// After so many operations the power fails.
    PowerCut(u8),
    /// The process ends, and the journal is opened again.
    Kill,
}

/// What is known of one sequence.
#[derive(Clone, Debug, Default)]
struct Known {
    /// It was acknowledged and never settled.
    must: Option<Vec<u8>>,
    /// Its append or its settlement failed: it may come back or not.
    may: Vec<Vec<u8>>,
    /// It was settled: after a power cut it may come back.
    settled: Vec<Vec<u8>>,
    /// The number of the call that settled it, if it was there for sure.
    settled_by: Option<u64>,
}

#[derive(Default)]
struct Model {
    known: BTreeMap<u64, Known>,
    next: u64,
    calls: u64,
}

impl Model {
    fn append(&mut self, records: &[Record], done: bool) {
        for record in records {
            let known = self.known.entry(record.sequence).or_default();
            if done {
                *known = Known { must: Some(record.bytes.clone()), ..Known::default() };
            } else {
                known.may.push(record.bytes.clone());
            }
        }
    }

    fn settle(&mut self, sequences: &[u64], done: bool) {
        self.calls += 1;
        for sequence in sequences {
            let known = self.known.entry(*sequence).or_default();
            let must = known.must.take();
            if done {
                known.settled_by = must.as_ref().map(|_| self.calls).or(known.settled_by);
                known.settled.extend(known.may.drain(..).chain(must));
            } else {
                known.may.extend(must);
            }
        }
    }

    /// What the owner of the journal would settle.
    fn unsettled(&self) -> Vec<u64> {
        let is_unsettled = |known: &Known| known.must.is_some() || !known.may.is_empty();
        self.known.iter().filter(|(_, known)| is_unsettled(known)).map(|(sequence, _)| *sequence).collect()
    }

    /// The first rule that what came back breaks.
    fn breach(&self, found: &Recovered, after_power_cut: bool) -> Option<String> {
        let found: BTreeMap<_, _> = found.records.iter().map(|one| (one.sequence, &one.bytes)).collect();
        for (sequence, known) in &self.known {
            if let Some(must) = &known.must
                && found.get(sequence) != Some(&must)
                && !found.get(sequence).is_some_and(|bytes| known.may.contains(bytes))
            {
                return Some(format!("{sequence} is acknowledged and lost"));
            }
        }
        let returned = self.known.iter().filter(|(sequence, _)| found.contains_key(sequence));
        let first = returned.filter_map(|(_, known)| known.settled_by).min().unwrap_or(u64::MAX);
        let mut missing = self.known.iter().filter(|(sequence, _)| !found.contains_key(sequence));
        if let Some((sequence, _)) = missing.find(|(_, known)| known.settled_by > Some(first)) {
            return Some(format!("{sequence} was settled later than one that came back"));
        }
        for (sequence, bytes) in found {
            let Some(known) = self.known.get(&sequence) else {
                return Some(format!("{sequence} from nowhere"));
            };
            let settled = known.settled.iter().filter(|_| after_power_cut);
            if !known.must.iter().chain(&known.may).chain(settled).any(|one| one == bytes) {
                return Some(format!("{sequence} has come back"));
            }
        }
        None
    }

    /// The owner goes on with what came back.
    fn adopt(&mut self, found: &Recovered) {
        let mut known = BTreeMap::new();
        for record in &found.records {
            let before = self.known.remove(&record.sequence).unwrap_or_default();
            let sure = before.must.as_ref() == Some(&record.bytes);
            let now = if sure {
                Known { must: Some(record.bytes.clone()), ..Known::default() }
            } else {
                Known { may: vec![record.bytes.clone()], ..Known::default() }
            };
            known.insert(record.sequence, now);
        }
        self.next = found.records.last().map_or(0, |record| record.sequence + 1);
        self.known = known;
    }
}

/// Runs the steps; the first breach.
fn run(steps: &[Step], options: Options, seed: u64) -> Option<String> {
    let disk = Faulty::new(seed);
    let (mut log, mut model) = (open(&disk, options), Model::default());
    let random = Random::seeded(seed);
    for step in steps {
        match step {
            Step::Append(lengths) => append(&mut log, &mut model, lengths, &random),
            Step::Settle(places) => settle(&mut log, &mut model, places),
            Step::Fault(operations) => disk.fail_after(u64::from(*operations), Fault::Fails),
            Step::PowerCut(operations) => disk.fail_after(u64::from(*operations), Fault::PowerCut),
            Step::Kill => {
                let breach = reopen(&disk, &mut log, &mut model, options);
                if breach.is_some() {
                    return breach;
                }
            }
        }
    }
    reopen(&disk, &mut log, &mut model, options)
}

fn append(log: &mut Log<Faulty>, model: &mut Model, lengths: &[u8], random: &Random) {
    let mut records = Vec::new();
    for length in lengths {
        let bytes = (0..*length).map(|_| random.next() as u8).collect();
        records.push(Record { sequence: model.next, bytes });
        model.next += 1;
    }
    let done = log.append(&records).is_ok();
    model.append(&records, done);
}

fn settle(log: &mut Log<Faulty>, model: &mut Model, places: &[u8]) {
    let unsettled = model.unsettled();
    let mut chosen: Vec<_> = places
        .iter()
        .filter_map(|place| unsettled.get(usize::from(*place) % unsettled.len().max(1)))
        .copied()
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    let done = log.settle(&chosen).is_ok();
    model.settle(&chosen, done);
}

fn reopen(disk: &Faulty, log: &mut Log<Faulty>, model: &mut Model, options: Options) -> Option<String> {
    // A process that opens files whose `fsync` failed under another can't know that they are not what they seem. So
    // here they stop seeming when the process ends.
    let dead = disk.is_dead() || (disk.has_lied() && options.fsync != Fsync::Never);
    if dead {
        disk.power_cycle();
    }
    disk.heal();
    *log = open(disk, options);
    let found = recovered(log);
    let breach = model.breach(&found, dead);
    model.adopt(&found);
    breach
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(0..90_u8, 0..4).prop_map(Step::Append),
        4 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Step::Settle),
        1 => (0..12_u8).prop_map(Step::Fault),
        1 => (0..12_u8).prop_map(Step::PowerCut),
        2 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_is_acknowledged_outlives_faults_and_power_cuts(steps in steps(), seed: u64, length in 1..600_u64) {
        let options = Options::new().segment_length(length);
        prop_assert_eq!(run(&steps, options, seed), None);
    }

    #[test]
    fn without_fsync_it_outlives_the_process(steps in steps(), seed: u64, length in 1..600_u64) {
        let options = Options::new().fsync(Fsync::Never).segment_length(length);
        let steps: Vec<_> = steps.into_iter().filter(|step| !matches!(step, Step::PowerCut(_))).collect();
        prop_assert_eq!(run(&steps, options, seed), None);
    }
}

#[test]
fn the_model_sees_what_a_missing_fsync_costs() {
    let steps = [Step::Append(vec![40]), Step::PowerCut(0), Step::Append(vec![1]), Step::Kill];
    let lost = |options| (0..20).filter(|seed| run(&steps, options, *seed).is_some()).count();
    assert_eq!(lost(Options::new()), 0);
    assert!(lost(Options::new().fsync(Fsync::Never)) > 5);
}
