//! The whole contract, over the real engines.

use std::time::{Duration, Instant};

use larder_core::{BoxFuture, Clock, Entry, Env, Leased, Manual, Store, StoreExt};
use larder_moka::{FutureMoka, Lives, Moka};
use larder_testkit::store::{Options, conforms};
use moka::{future, sync};

fn options(manual: &Manual) -> Options<String, u64> {
    Options::manual(|n| format!("key {n}"), |n| n, manual).operations(10_000)
}

fn waiting() -> Options<String, u64> {
    let wait = |time| -> BoxFuture<'static, ()> { Box::pin(tokio::time::sleep(time)) };
    Options::waiting(|n| format!("key {n}"), |n| n, wait).tick(Duration::from_millis(20)).operations(2_000)
}

#[test]
fn the_synchronous_one_keeps_the_contract_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(Moka(sync::Cache::new(10_000))).env(&env);
    manual.block_on(conforms(make, &options(&manual)));
}

#[test]
fn the_one_for_futures_keeps_the_contract_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(FutureMoka(future::Cache::new(10_000))).env(&env);
    manual.block_on(conforms(make, &options(&manual)));
}

#[test]
fn ones_that_evict_all_the_time_keep_it_too() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(Moka(sync::Cache::new(3))).env(&env);
    manual.block_on(conforms(make, &options(&manual).lossy()));
    let make = async || Leased::new(FutureMoka(future::Cache::new(3))).env(&env);
    manual.block_on(conforms(make, &options(&manual).lossy()));
}

#[tokio::test]
async fn told_of_lives_they_keep_it_in_real_time() {
    let make = async || {
        let cache = sync::Cache::builder().max_capacity(10_000).expire_after(Lives::default()).build();
        Leased::new(Moka(cache))
    };
    Box::pin(conforms(make, &waiting())).await;
    let make = async || {
        let cache = future::Cache::builder().max_capacity(10_000).expire_after(Lives::default()).build();
        Leased::new(FutureMoka(cache))
    };
    Box::pin(conforms(make, &waiting())).await;
}

#[tokio::test]
async fn told_of_lives_moka_frees_what_has_expired() {
    let cache = sync::Cache::builder().max_capacity(100).expire_after(Lives::new(Clock::precise())).build();
    let store = Leased::new(Moka(cache.clone()));
    store.put(0, 0).await.unwrap();
    for key in 1..=10 {
        store.put(key, key).await.unwrap();
        store.insert(key, Entry::new(key).ttl(Duration::from_millis(1))).await.unwrap();
    }
    let start = Instant::now();
    while cache.iter().count() > 1 || store.stats().entries > 1 {
        assert!(start.elapsed() < Duration::from_mins(1), "{} are left", store.stats().entries);
        store.prune();
        tokio::task::yield_now().await;
    }
    assert_eq!(store.value(&0).await.unwrap(), Some(0), "what has no end stays");
}

#[test]
fn a_rewrite_that_never_expires_is_not_freed_with_the_old_life() {
    let cache = sync::Cache::builder().max_capacity(100).expire_after(Lives::default()).build();
    let (env, manual) = Env::manual();
    let store = Leased::new(Moka(cache)).env(&env);
    manual.block_on(store.insert(1, Entry::new(10).ttl(Duration::from_millis(1)))).unwrap();
    manual.block_on(store.insert(1, Entry::new(11).never_expires())).unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(5) {
        store.prune();
    }
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(11));
}
