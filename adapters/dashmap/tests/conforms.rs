//! The whole contract, over the real map.

use std::time::Duration;

use dashmap::DashMap;
use larder_core::{Entry, Env, Leased, Store, StoreExt};
use larder_dashmap::Dash;
use larder_testkit::store::{Options, conforms};

#[test]
fn it_keeps_the_contract_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(Dash(DashMap::new())).env(&env);
    let options = Options::manual(|n| format!("key {n}"), |n| n, &manual).operations(10_000);
    manual.block_on(conforms(make, &options));
}

#[test]
fn what_has_expired_can_be_pruned() {
    let (env, manual) = Env::manual();
    let store = Leased::new(Dash(DashMap::new())).env(&env);
    manual.block_on(store.insert(1, Entry::new(10).ttl(Duration::from_secs(1)))).unwrap();
    manual.block_on(store.put(2, 20)).unwrap();
    assert_eq!(store.prune(), 0);
    manual.advance(Duration::from_secs(1));
    assert_eq!((store.stats().entries, store.prune(), store.stats().entries), (2, 1, 1));
    assert_eq!(manual.block_on(store.value(&2)).unwrap(), Some(20));
}
