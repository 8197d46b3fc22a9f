//! An origin that is down for an hour under load: bounded loads, stale answers up to their bound, errors, recovery.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::kind;
use fresh::{Engine, SECOND};
use larder_core::{BoxFuture, Entry, Env, Error, ErrorKind, Loader, MemoryOptions, Result, StoreExt};
use larder_patterns::{Budget, Fresh, Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Counts, Manual};

const KEYS: u64 = 50;
const HOUR: u32 = 3_600;

/// An origin that can be switched off.
#[derive(Clone, Default)]
struct Origin {
    is_down: Arc<AtomicBool>,
}

impl Loader<u64, u64> for Origin {
    fn load<'a>(&'a self, key: &'a u64) -> BoxFuture<'a, Result<Option<Entry<u64>>>> {
        let is_down = self.is_down.load(Ordering::Relaxed);
        let answer = if is_down { Err(Error::load("down")) } else { Ok(Some(Entry::new(*key))) };
        Box::pin(std::future::ready(answer))
    }
}

/// A minute fresh, two hours usable, stale on error for half an hour.
struct Outage {
    manual: Manual,
    origin: Origin,
    counts: Counts<u64>,
    store: Fresh<Engine, CountingLoader<u64, Origin>>,
}

impl Outage {
    fn new(freshness: Freshness) -> Self {
        let (env, manual) = Env::manual();
        let memory = MemoryOptions::new(10_000).fresh_for(60 * SECOND).ttl(2 * HOUR * SECOND).env(&env);
        let origin = Origin::default();
        let loader = CountingLoader::new(origin.clone());
        let counts = loader.counts().clone();
        let freshness = freshness.refresh_ahead(0.8).stale_if_error(1_800 * SECOND);
        let store = memory.build(Lru::new).keep_fresh(loader, freshness, &env).unwrap();
        Self { manual, origin, counts, store }
    }

    /// Some seconds of load.
    fn seconds(&self, seconds: u32) {
        for _ in 0..seconds {
            self.second();
        }
    }

    /// A second of load: every key is read. How many were answered.
    fn second(&self) -> u64 {
        let mut answered = 0;
        for key in 0..KEYS {
            match kind(self.manual.block_on(self.store.value(&key))) {
                Ok(value) => {
                    assert_eq!(value, Some(key));
                    answered += 1;
                }
                Err(error) => assert!(matches!(error, ErrorKind::Load | ErrorKind::Overloaded)),
            }
        }
        self.manual.run();
        self.manual.advance(SECOND);
        answered
    }

    /// Loads made in an hour without the origin, in which every key is read each second. The answers are looked at on the way.
    fn an_hour_without_origin(&self) -> usize {
        let before = self.counts.calls();
        self.origin.is_down.store(true, Ordering::Relaxed);
        for second in 0..HOUR {
            let answered = self.second();
            // Loaded within the last minute, or the last 48 s; then fresh for a minute, and good for half an hour more.
            match second {
                0..1_800 => assert_eq!(answered, KEYS, "after {second} s"),
                1_870.. => assert_eq!(answered, 0, "after {second} s"),
                _ => {}
            }
        }
        self.counts.calls() - before
    }
}

#[test]
fn back_off_bounds_the_loads_of_each_key() {
    let outage = Outage::new(Freshness::new().back_off(SECOND, 60 * SECOND));
    (0..100).for_each(|_| assert_eq!(outage.second(), KEYS));
    let loads = outage.an_hour_without_origin();
    // Seven waits up to a minute, then one of 30 to 60 s each time.
    let fewest = KEYS as usize * (HOUR as usize / 61);
    let most = KEYS as usize * (8 + HOUR as usize / 30);
    assert!((fewest..=most).contains(&loads), "{loads} loads, not {fewest} to {most}");
    assert!(outage.store.stats().stale_backing_off > 60_000);
    assert_eq!(outage.store.stats().stale(), stale_answers(&outage));
    outage.origin.is_down.store(false, Ordering::Relaxed);
    outage.seconds(61);
    assert_eq!(outage.second(), KEYS, "a minute after the origin is back, all is well");
    let stale = outage.store.stats().stale();
    (0..600).for_each(|_| assert_eq!(outage.second(), KEYS));
    assert_eq!(outage.store.stats().stale(), stale, "and nothing is stale any more");
}

/// Every read of the hour was answered: before the bound by an entry, stale or still fresh; after it not at all.
fn stale_answers(outage: &Outage) -> u64 {
    let stats = outage.store.stats();
    assert_eq!((stats.stale_revalidating, stats.stale_slow, stats.stale_over_budget), (0, 0, 0));
    stats.stale_on_error + stats.stale_backing_off
}

#[test]
fn the_budget_bounds_the_loads_of_all_keys_together() {
    let budget = Budget::new(4).unwrap().rate(2.0, 10).unwrap();
    let outage = Outage::new(Freshness::new().no_back_off().budget(budget.clone()));
    outage.seconds(200);
    assert_eq!(outage.second(), KEYS, "two loads a second are enough to keep all fresh");
    outage.seconds(20);
    let before = outage.counts.calls();
    outage.origin.is_down.store(true, Ordering::Relaxed);
    outage.seconds(HOUR);
    let loads = outage.counts.calls() - before;
    assert!((7_100..=7_210).contains(&loads), "{loads} loads, not 7,200 and a burst");
    assert!(budget.refused() > 100_000);
    assert_eq!((budget.refused(), budget.in_flight()), (outage.store.stats().over_budget, 0));
    outage.origin.is_down.store(false, Ordering::Relaxed);
    outage.seconds(120);
    assert_eq!(outage.second(), KEYS, "two keys a second come back");
}

#[test]
fn a_thousand_callers_during_an_outage_are_one_load_each_time() {
    let outage = Outage::new(Freshness::new().back_off(SECOND, 60 * SECOND));
    outage.second();
    outage.origin.is_down.store(true, Ordering::Relaxed);
    outage.manual.advance(Duration::from_secs(100));
    let before = outage.counts.calls();
    for _ in 0..1_000 {
        assert_eq!(outage.manual.block_on(outage.store.value(&7)).unwrap(), Some(7));
    }
    assert_eq!(outage.counts.calls() - before, 1);
}
