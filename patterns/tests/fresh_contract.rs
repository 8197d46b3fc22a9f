//! Freshness at random, against its promises; and under the contract of a store.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::collections::BTreeMap;
use std::time::Duration;

use fresh::{SECOND, World, engine};
use larder_core::{Env, Memory, MemoryOptions, Store};
use larder_patterns::{Budget, Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::Gate;
use larder_testkit::store::{Options, conforms};
use proptest::prelude::*;

fn everything() -> Freshness {
    Freshness::new()
        .refresh_ahead(0.5)
        .early_expiration(1.0)
        .stale_while_revalidate(30 * SECOND)
        .stale_if_error(60 * SECOND)
        .soft_timeout(SECOND)
        .hard_timeout(300 * SECOND)
        .negative_ttl(5 * SECOND)
        .budget(Budget::new(4).unwrap())
}

#[test]
fn it_keeps_the_contract_of_a_store() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual);
    for freshness in [Freshness::new(), Freshness::new().negative_ttl(SECOND), everything()] {
        let make = async || {
            let memory: Memory<u64, u64, Lru> = MemoryOptions::new(10_000).env(&env).build(Lru::new);
            memory.keep_fresh(|_| async move { Ok(None::<u64>) }, freshness.clone(), &env).unwrap()
        };
        manual.block_on(conforms(make, &options));
    }
}

#[test]
fn a_hit_waits_in_a_small_future() {
    let (env, _manual) = Env::manual();
    let store = engine(&env).fronted_by(engine(&env)).keep_fresh(Gate::new(), everything(), &env).unwrap();
    let future = store.get(&7);
    assert!(size_of_val(&future) <= 64, "{} bytes", size_of_val(&future));
}

/// What may happen to a world at random.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u64),
    AskMany,
    Put(u64),
    Remove(u64),
    Clear,
    /// A load that is under way reads the origin's row now, and answers so.
    Release,
    Fail,
    Panic,
    Absent,
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..4_u64;
    let step = prop_oneof![
        6 => key.clone().prop_map(Step::Ask),
        1 => Just(Step::AskMany),
        2 => key.clone().prop_map(Step::Put),
        1 => key.prop_map(Step::Remove),
        1 => Just(Step::Clear),
        3 => Just(Step::Release),
        1 => Just(Step::Fail),
        1 => Just(Step::Panic),
        1 => Just(Step::Absent),
        4 => (1..60_u16).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..120)
}

/// A load that is answered with the row of the moment at which it *began* is the most dangerous one: it is as old as can be.
struct Oracle {
    world: World,
    /// Rows at the origin: each write gets a greater number.
    rows: BTreeMap<u64, u64>,
    writes: u64,
    parked: Vec<(larder_testkit::LoadCall<u64, u64>, Vec<u64>)>,
}

impl Oracle {
    fn step(&mut self, step: Step) {
        let world = &self.world;
        match step {
            Step::Ask(key) => drop(world.ask(key)),
            Step::AskMany => drop(world.ask_many(&[0, 1, 2, 3])),
            Step::Put(key) => {
                self.writes += 1;
                self.rows.insert(key, self.writes);
                world.put(key, self.writes);
            }
            Step::Remove(key) => {
                self.writes += 1;
                self.rows.insert(key, self.writes);
                world.does(world.store.remove(&key));
            }
            Step::Clear => {
                for key in 0..4 {
                    self.writes += 1;
                    self.rows.insert(key, self.writes);
                }
                world.does(world.store.clear());
            }
            Step::Pass(seconds) => world.pass(u32::from(seconds) * SECOND),
            Step::Release | Step::Fail | Step::Panic | Step::Absent => self.end_a_load(step),
        }
        self.world.manual.run();
        while let Some(call) = self.world.gate.try_next_call() {
            let rows = call.keys().iter().map(|key| self.row(*key)).collect();
            self.parked.push((call, rows));
        }
    }

    fn row(&self, key: u64) -> u64 {
        self.rows.get(&key).copied().unwrap_or(0)
    }

    fn end_a_load(&mut self, step: Step) {
        if self.parked.is_empty() {
            return;
        }
        // Sometimes the oldest, sometimes the newest: loads end in any order.
        let at = if self.writes.is_multiple_of(2) { 0 } else { self.parked.len() - 1 };
        let (call, rows) = self.parked.swap_remove(at);
        match step {
            Step::Release => call.answer(rows.into_iter().map(|row| Some(row.into())).collect()),
            Step::Absent => call.absent(),
            Step::Panic => call.panic(),
            _ => call.fail(larder_core::Error::load("down")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever loads end when and how: nothing older than the last write is installed, no more loads run than the
    /// budget allows, no more than one for a key that was not written meanwhile, and in the end nothing hangs.
    #[test]
    fn no_load_installs_what_is_older_than_the_last_write(steps in steps()) {
        let world = World::new(everything());
        let mut oracle = Oracle { world, rows: BTreeMap::new(), writes: 0, parked: Vec::new() };
        for step in steps {
            oracle.step(step);
            for key in 0..4 {
                if let Some(kept) = oracle.world.kept(key) {
                    prop_assert_eq!(kept, oracle.row(key), "key {}", key);
                }
            }
            prop_assert!(oracle.world.store.in_flight() <= 4);
            let under_way = oracle.parked.iter().filter(|(call, _)| !call.is_abandoned()).count();
            prop_assert!(under_way <= 4, "{under_way} loads at once");
        }
        oracle.world.pass(Duration::from_secs(301));
        prop_assert_eq!((oracle.world.store.in_flight(), oracle.world.manual.run()), (0, 0));
        // The longest back-off.
        oracle.world.pass(Duration::from_secs(30));
        for key in 0..4 {
            let asked = oracle.world.ask(key);
            while let Some(call) = oracle.world.gate.try_next_call() {
                if call.is_abandoned() {
                    continue;
                }
                let row = oracle.row(key);
                call.release(row);
                oracle.world.manual.run();
            }
            prop_assert_eq!(asked.answer(), Some(Ok(Some(oracle.row(key)))));
        }
    }
}
