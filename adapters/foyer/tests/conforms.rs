//! The whole contract, over the real engine.

use foyer_memory::{
    CacheBuilder, EvictionConfig, FifoConfig, LfuConfig, LruConfig, S3FifoConfig, SieveConfig,
};
use larder_core::{Env, Leased, StoreExt};
use larder_foyer::Foyer;
use larder_testkit::store::{Options, conforms};

fn policies() -> [EvictionConfig; 5] {
    [
        FifoConfig::default().into(),
        LruConfig::default().into(),
        LfuConfig::default().into(),
        S3FifoConfig::default().into(),
        SieveConfig.into(),
    ]
}

#[test]
fn it_keeps_the_contract_under_each_of_its_policies_and_its_leases_are_exact() {
    for policy in policies() {
        let (env, manual) = Env::manual();
        let cache = || CacheBuilder::new(10_000).with_eviction_config(policy.clone()).build();
        let make = async || Leased::new(Foyer(cache())).env(&env);
        let options = Options::manual(|n| format!("key {n}"), |n| n, &manual);
        manual.block_on(conforms(make, &options));
    }
}

#[test]
fn one_that_evicts_all_the_time_keeps_it_too() {
    for policy in policies() {
        let (env, manual) = Env::manual();
        let cache = || CacheBuilder::new(3).with_shards(1).with_eviction_config(policy.clone()).build();
        let make = async || Leased::new(Foyer(cache())).env(&env);
        let options = Options::manual(|n| n, |n| n, &manual).lossy();
        manual.block_on(conforms(make, &options));
    }
}

#[test]
fn a_value_that_its_filter_refuses_takes_the_old_one_with_it() {
    let (env, manual) = Env::manual();
    let cache = CacheBuilder::new(100)
        .with_filter(|_: &u64, entry: &larder_core::Entry<u64>| *entry.value() < 10)
        .build();
    let store = Leased::new(Foyer(cache)).env(&env);
    manual.block_on(store.put(1, 5)).unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(5));
    manual.block_on(store.put(1, 50)).unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
    assert_eq!(store.stats().entries, 0);
}
