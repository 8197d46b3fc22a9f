//! The store suite passes what keeps the contract, and bites what breaks it.

mod broken;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use broken::{Broken, Fault};
use larder_core::{Entry, Env, Filled, Lease, Lookup, Result, Store, StoreExt};
use larder_testkit::MapStore;
use larder_testkit::store::{Options, conforms};

/// What the suite says of a store with this fault; nothing, if it is content.
fn verdict(fault: Fault, default: Option<Duration>) -> Option<String> {
    let (env, manual) = Env::manual();
    let mut options = Options::manual(|n| n, |n| n, &manual);
    if let Some(ttl) = default {
        options = options.default_ttl(ttl);
    }
    let run = || manual.block_on(conforms(async || Broken::new(fault, &env, default), &options));
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    Some(panic.downcast_ref::<String>().expect("a panic with a sentence").clone())
}

fn bites(fault: Fault, sentence: &str) {
    let verdict = verdict(fault, Some(Duration::from_mins(1))).expect("the fault goes unnoticed");
    assert!(verdict.contains(sentence), "{fault:?} is reported as: {verdict}");
}

#[test]
fn a_store_that_keeps_the_contract_passes() {
    assert_eq!(verdict(Fault::None, None), None);
    assert_eq!(verdict(Fault::None, Some(Duration::from_mins(1))), None);
}

#[test]
fn a_store_passes_with_any_seed() {
    let (env, manual) = Env::manual();
    for seed in 1..20 {
        let options = Options::manual(|n| format!("key {n}"), |n| vec![n], &manual).seed(seed);
        manual.block_on(conforms(async || MapStore::new(&env), &options));
    }
}

#[test]
fn an_erased_store_passes() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual);
    manual.block_on(conforms(async || MapStore::new(&env).into_dyn(), &options));
}

#[test]
fn broken_leases_are_found() {
    bites(Fault::FillIgnoresLeases, "an insert voids the lease of an earlier miss");
    bites(Fault::InsertKeepsLeases, "an insert voids the lease of an earlier miss");
    bites(Fault::RemoveKeepsLeases, "removing a missing key voids its leases");
    bites(Fault::ClearKeepsLeases, "clear voids the leases of missing keys");
    bites(Fault::SecondFillWins, "a fill voids the other leases on its key");
    bites(Fault::ForeignLeaseFills, "a lease that another store made is void");
    bites(Fault::RefusedFillRemoves, "a refused fill changes nothing");
    bites(Fault::OtherKeysVoidLeases, "writes of other keys leave a lease good");
}

#[test]
fn broken_lives_are_found() {
    bites(Fault::TtlInWholeSeconds, "an entry with a life of a nanosecond is gone after a tick");
    bites(Fault::ExpiredIsReturned, "an entry with a life of a nanosecond is gone after a tick");
    bites(Fault::ZeroIsForever, "an entry with a life of zero is expired at once");
    bites(Fault::FillForgetsTheLife, "a filled entry that has expired is a miss");
    bites(Fault::PromotionRestartsLife, "a copy keeps the moment its original was stored");
    bites(Fault::DefaultCapsEveryLife, "an entry is there until its life ends");
    bites(Fault::RewriteKeepsOldLife, "a rewrite doesn't keep the old, shorter life");
}

#[test]
fn broken_batches_are_found() {
    bites(Fault::InsertManyDropsLast, "insert_many voids leases, the last key's, too");
    bites(Fault::InsertManyReversed, "of two writes of a key in one batch the later wins");
    bites(Fault::GetManySorted, "get_many answers in the order of the keys");
    bites(Fault::FillManyStopsAtVoid, "fill_many fills under every good lease");
    bites(Fault::RemoveManyCountsKeys, "remove_many counts each usable entry once");
}

#[test]
fn futures_that_must_not_be_dropped_are_found() {
    bites(
        Fault::DroppedInsertLeavesTheFirstValue,
        "a dropped insert leaves the old value, the new one or none",
    );
}

#[test]
fn broken_answers_are_found() {
    bites(Fault::GetNowIsStale, "get_now and get find the same value");
    bites(Fault::RemoveSaysYes, "removing a missing key says that there was nothing");
    bites(Fault::MissIsAnError, "get never fails on its own");
    bites(Fault::SecondCloseFails, "a second close never fails on its own");
}

#[test]
fn a_fault_that_shows_only_now_and_then_is_found_with_its_seed() {
    bites(Fault::ForgetsEveryFortiethInsert, "(seed 0, operation ");
}

/// Keeps nothing at all, as a memory of capacity 0 does.
struct Sieve(MapStore<u64, u64>);

impl Store for Sieve {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        self.0.lease(key).await.map(Lookup::Miss)
    }
    fn get_now(&self, _key: &u64) -> Option<Lookup<u64>> {
        None
    }
    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.0.lease(key).await
    }
    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        self.0.fill(key, entry, lease).await
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.0.insert(key, entry).await
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        self.0.remove(key).await.map(|_| false)
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear().await
    }
}

#[test]
fn a_store_that_keeps_nothing_passes_only_as_lossy() {
    let (env, manual) = Env::manual();
    let make = async || Sieve(MapStore::new(&env));
    let lossy = Options::manual(|n| n, |n| n, &manual).lossy();
    manual.block_on(conforms(make, &lossy));
    let strict = Options::manual(|n| n, |n| n, &manual);
    let run = || manual.block_on(conforms(make, &strict));
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

#[test]
fn a_store_where_other_keys_void_leases_passes_only_as_coarse() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual).coarse_leases();
    let make = async || Broken::new(Fault::OtherKeysVoidLeases, &env, None);
    manual.block_on(conforms(make, &options));
}

#[test]
fn a_store_whose_time_passes_by_itself_passes() {
    let (env, manual) = Env::manual();
    let options = Options::waiting(
        |n| n,
        |n| n,
        move |duration| {
            let manual = manual.clone();
            Box::pin(async move { manual.advance(duration) })
        },
    );
    let (_, outer) = Env::manual();
    outer.block_on(conforms(async || MapStore::new(&env), &options));
}
