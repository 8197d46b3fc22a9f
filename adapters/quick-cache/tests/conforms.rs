//! The whole contract, over the real engine.

use std::time::Duration;

use larder_core::{Entry, Env, Leased, Store, StoreExt};
use larder_quick_cache::QuickCache;
use larder_testkit::store::{Options, conforms};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

#[test]
fn it_keeps_the_contract_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(QuickCache(Cache::new(10_000))).env(&env);
    let options = Options::manual(|n| format!("key {n}"), |n| n, &manual).operations(10_000);
    manual.block_on(conforms(make, &options));
}

#[test]
fn one_that_evicts_all_the_time_keeps_it_too() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(QuickCache(Cache::new(3))).env(&env);
    let options = Options::manual(|n| n, |n| n, &manual).lossy().operations(10_000);
    manual.block_on(conforms(make, &options));
}

#[test]
fn what_has_expired_can_be_pruned() {
    let (env, manual) = Env::manual();
    let store = Leased::new(QuickCache(Cache::new(100))).env(&env);
    manual.block_on(store.insert(1, Entry::new(10).ttl(Duration::from_secs(1)))).unwrap();
    manual.block_on(store.put(2, 20)).unwrap();
    assert_eq!(store.prune(), 0);
    manual.advance(Duration::from_secs(1));
    assert_eq!((store.stats().entries, store.prune(), store.stats().entries), (2, 1, 1));
    assert_eq!(manual.block_on(store.value(&2)).unwrap(), Some(20));
}

/// Weighs as the value says.
#[derive(Clone)]
struct ByValue;

impl Weighter<u64, Entry<u64>> for ByValue {
    fn weight(&self, _: &u64, entry: &Entry<u64>) -> u64 {
        *entry.value()
    }
}

#[test]
fn a_value_too_heavy_to_keep_takes_the_old_one_with_it() {
    let (env, manual) = Env::manual();
    let store = Leased::new(QuickCache(Cache::with_weighter(10, 100, ByValue))).env(&env);
    manual.block_on(store.put(1, 5)).unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(5));
    manual.block_on(store.put(1, 1_000)).unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
}
