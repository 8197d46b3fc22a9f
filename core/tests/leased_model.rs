//! `Leased` against a plain model: any sequence of calls, evictions and hours gives what a map with exact leases would.

mod plains;

use std::collections::BTreeMap;
use std::time::Duration;

use larder_core::{Entry, Env, Filled, Lease, Leased, Lifetimes, Lookup, Manual, Store};
use plains::Map;
use proptest::prelude::*;

const DEFAULT_TTL: u64 = 1_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    Get(u64),
    GetNow(u64),
    Lease(u64),
    Insert(u64, u64, Life),
    Fill(usize, u64, Life),
    /// A fill under the lease of another key.
    Cross(usize, u64),
    Remove(u64),
    Clear,
    /// The engine lets go of the key by itself.
    Evict(u64),
    Advance(u64),
    Prune,
}

#[derive(Clone, Copy, Debug)]
enum Life {
    Default,
    Never,
    For(u64),
}

impl Life {
    fn entry(self, value: u64) -> Entry<u64> {
        match self {
            Self::Default => Entry::new(value),
            Self::Never => Entry::new(value).never_expires(),
            Self::For(nanos) => Entry::new(value).ttl(Duration::from_nanos(nanos)),
        }
    }

    fn end(self, now: u64) -> u64 {
        match self {
            Self::Default => now + DEFAULT_TTL,
            Self::Never => u64::MAX,
            Self::For(nanos) => now + nanos,
        }
    }
}

fn life() -> impl Strategy<Value = Life> {
    let some = prop_oneof![0_u64..5, 0_u64..5_000].prop_map(Life::For);
    prop_oneof![2 => Just(Life::Default), 1 => Just(Life::Never), 2 => some]
}

fn step() -> impl Strategy<Value = Step> {
    let (key, value) = (0_u64..6, 0_u64..1_000);
    prop_oneof![
        5 => key.clone().prop_map(Step::Get),
        2 => key.clone().prop_map(Step::GetNow),
        2 => key.clone().prop_map(Step::Lease),
        4 => (key.clone(), value.clone(), life()).prop_map(|(key, value, life)| Step::Insert(key, value, life)),
        5 => (0_usize..6, value, life()).prop_map(|(back, value, life)| Step::Fill(back, value, life)),
        1 => (0_usize..6, key.clone()).prop_map(|(back, key)| Step::Cross(back, key)),
        2 => key.clone().prop_map(Step::Remove),
        1 => Just(Step::Clear),
        2 => key.prop_map(Step::Evict),
        3 => prop_oneof![0_u64..10, 0_u64..3_000].prop_map(Step::Advance),
        1 => Just(Step::Prune),
    ]
}

struct Handed {
    key: u64,
    lease: Lease,
    at: u64,
}

struct Run {
    store: Leased<Map>,
    manual: Manual,
    now: u64,
    /// Values, and when they end.
    values: BTreeMap<u64, (u64, u64)>,
    leases: Vec<Handed>,
    /// How many changes there were, and which was the last of each key.
    changes: u64,
    changed: [u64; 6],
}

impl Run {
    fn new() -> Self {
        let (env, manual) = Env::manual();
        let usable = Some(Duration::from_nanos(DEFAULT_TTL));
        let store = Leased::new(Map::default()).lifetimes(Lifetimes { usable, ..Lifetimes::default() });
        Self {
            store: store.env(&env),
            manual,
            now: 0,
            values: BTreeMap::new(),
            leases: Vec::new(),
            changes: 0,
            changed: [0; 6],
        }
    }

    fn usable(&self, key: u64) -> Option<u64> {
        self.values.get(&key).filter(|(_, end)| *end > self.now).map(|(value, _)| *value)
    }

    fn change(&mut self, key: u64, value: Option<(u64, Life)>) {
        self.changes += 1;
        self.changed[key as usize] = self.changes;
        self.values.remove(&key);
        if let Some((value, life)) = value {
            self.values.insert(key, (value, life.end(self.now)));
        }
    }

    fn hand(&mut self, key: u64, lease: Lease) {
        self.leases.push(Handed { key, lease, at: self.changes });
    }

    fn found(&mut self, key: u64, found: Lookup<u64>) -> Result<(), TestCaseError> {
        match (found, self.usable(key)) {
            (Lookup::Hit(entry), Some(value)) => prop_assert_eq!(entry.into_value(), value),
            (Lookup::Miss(lease), None) => self.hand(key, lease),
            (found, expected) => prop_assert!(false, "found {found:?}, expected {expected:?}"),
        }
        Ok(())
    }

    fn taken(&mut self, back: usize) -> Option<Handed> {
        let place = self.leases.len().checked_sub(1 + back)?;
        Some(self.leases.remove(place))
    }

    fn fill(&mut self, back: usize, value: u64, life: Life) -> Result<(), TestCaseError> {
        let Some(Handed { key, lease, at }) = self.taken(back) else { return Ok(()) };
        let is_good = self.changed[key as usize] <= at;
        let filled = self.manual.block_on(self.store.fill(key, life.entry(value), lease)).unwrap();
        prop_assert_eq!(filled.is_stored(), is_good, "exactly the good leases fill");
        if is_good {
            self.change(key, Some((value, life)));
        }
        Ok(())
    }

    fn cross(&mut self, back: usize, key: u64) -> Result<(), TestCaseError> {
        let Some(Handed { lease, at, .. }) = self.taken(back) else { return Ok(()) };
        let is_good = self.changed[key as usize] <= at;
        match self.manual.block_on(self.store.fill(key, Entry::new(5), lease)).unwrap() {
            Filled::Void => {}
            Filled::Stored(_) => {
                prop_assert!(is_good, "a lease of another key fills nothing that was changed since");
                self.change(key, Some((5, Life::Default)));
            }
        }
        Ok(())
    }

    fn apply(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Get(key) => {
                let found = self.manual.block_on(self.store.get(&key)).unwrap();
                self.found(key, found)?;
            }
            Step::GetNow(key) => {
                let found = self.store.get_now(&key).unwrap();
                self.found(key, found)?;
            }
            Step::Lease(key) => {
                let lease = self.manual.block_on(self.store.lease(&key)).unwrap();
                self.hand(key, lease);
            }
            Step::Insert(key, value, life) => {
                self.manual.block_on(self.store.insert(key, life.entry(value))).unwrap();
                self.change(key, Some((value, life)));
            }
            Step::Fill(back, value, life) => self.fill(back, value, life)?,
            Step::Cross(back, key) => self.cross(back, key)?,
            Step::Remove(key) => {
                let removed = self.manual.block_on(self.store.remove(&key)).unwrap();
                prop_assert_eq!(removed, self.usable(key).is_some());
                self.change(key, None);
            }
            Step::Clear => {
                self.manual.block_on(self.store.clear()).unwrap();
                (0..6).for_each(|key| self.change(key, None));
            }
            Step::Evict(key) => {
                self.store.inner().lock().remove(&key);
                self.values.remove(&key);
            }
            Step::Advance(nanos) => {
                self.manual.advance(Duration::from_nanos(nanos));
                self.now += nanos;
            }
            Step::Prune => {
                self.store.prune();
                let usable = self.values.values().filter(|(_, end)| *end > self.now).count();
                prop_assert_eq!(self.store.stats().entries, usable as u64);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_calls_gives_what_a_map_with_exact_leases_would(
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let mut run = Run::new();
        for step in steps {
            run.apply(step)?;
        }
    }
}
