//! Leases over engines that have none: the whole contract, and what happens while an engine takes its time.

mod plains;

use std::cell::Cell;
use std::time::Duration;

use larder_core::{
    Entry, Env, Error, ErrorKind, Filled, Leased, Lifetimes, Lookup, Manual, Plain, Random, Shared, Store,
    StoreExt,
};
use larder_testkit::Task;
use larder_testkit::store::{Options, conforms};
use plains::{Map, Parked, Slow, Small};

fn options(manual: &Manual) -> Options<u64, u64> {
    Options::manual(|n| n, |n| n, manual)
}

#[test]
fn an_engine_that_answers_at_once_conforms_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(Map::default()).env(&env);
    manual.block_on(conforms(make, &options(&manual).operations(10_000)));
}

#[test]
fn an_engine_that_takes_its_time_conforms_and_its_leases_are_exact() {
    let (env, manual) = Env::manual();
    for seed in 0..20 {
        let random = Random::seeded(seed);
        let make = async || Leased::new(Slow::new(random.clone())).env(&env);
        manual.block_on(conforms(make, &options(&manual).operations(1_000).seed(seed)));
    }
}

#[test]
fn an_engine_that_evicts_conforms_and_eviction_voids_no_lease() {
    let (env, manual) = Env::manual();
    let make = async || Leased::new(Small::default()).env(&env);
    manual.block_on(conforms(make, &options(&manual).lossy().operations(10_000)));
}

#[test]
fn an_engine_with_a_default_life_conforms() {
    let (env, manual) = Env::manual();
    let ttl = Duration::from_mins(1);
    let lifetimes = Lifetimes { usable: Some(ttl), ..Lifetimes::default() };
    let make = async || Leased::new(Map::default()).lifetimes(lifetimes).env(&env);
    manual.block_on(conforms(make, &options(&manual).default_ttl(ttl)));
}

/// A store whose engine parks its changes, and the world it lives in.
fn parked() -> (Shared<Leased<Parked>>, Env, Manual) {
    let (env, manual) = Env::manual();
    (Leased::new(Parked::default()).env(&env).shared(), env, manual)
}

fn insert(store: &Shared<Leased<Parked>>, env: &Env, key: u64, value: u64) -> Task<Result<(), Error>> {
    let store = store.clone();
    Task::start(env, async move { store.put(key, value).await })
}

fn fill(store: &Shared<Leased<Parked>>, env: &Env, manual: &Manual, key: u64) -> Task<Result<Filled, Error>> {
    let lease = manual.block_on(store.lease(&key)).unwrap();
    let store = store.clone();
    Task::start(env, async move { store.fill(key, Entry::new(100), lease).await })
}

fn remove(store: &Shared<Leased<Parked>>, env: &Env, key: u64) -> Task<Result<bool, Error>> {
    let store = store.clone();
    Task::start(env, async move { store.remove(&key).await })
}

fn clear(store: &Shared<Leased<Parked>>, env: &Env) -> Task<Result<(), Error>> {
    let store = store.clone();
    Task::start(env, async move { store.clear().await })
}

#[test]
fn a_removal_that_comes_while_a_fill_is_written_waits_and_wins() {
    let (store, env, manual) = parked();
    let fill = fill(&store, &env, &manual, 1);
    manual.run();
    let remove = remove(&store, &env, 1);
    manual.run();
    assert_eq!(store.inner().waiting(), 1, "the removal waits for the fill, not in the engine");
    store.inner().release();
    store.inner().release();
    manual.run();
    assert!(fill.answer().unwrap().unwrap().is_stored());
    assert!(remove.answer().unwrap().unwrap(), "it found what was filled");
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
}

#[test]
fn a_fill_that_comes_while_a_removal_is_made_is_void() {
    let (store, env, manual) = parked();
    let remove = remove(&store, &env, 1);
    manual.run();
    let fill = fill(&store, &env, &manual, 1);
    manual.run();
    assert!(fill.answer().is_none(), "nobody knows yet");
    store.inner().release();
    manual.run();
    assert!(!remove.answer().unwrap().unwrap());
    assert_eq!(fill.answer().unwrap().unwrap(), Filled::Void);
}

#[test]
fn a_lease_taken_while_an_insert_is_written_is_void() {
    let (store, env, manual) = parked();
    let insert = insert(&store, &env, 1, 10);
    manual.run();
    let Lookup::Miss(lease) = manual.block_on(store.get(&1)).unwrap() else { panic!("not written yet") };
    store.inner().release();
    manual.run();
    insert.answer().unwrap().unwrap();
    let late = manual.block_on(store.fill(1, Entry::new(9), lease)).unwrap();
    assert_eq!(late, Filled::Void);
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
}

#[test]
fn a_clear_waits_for_the_changes_under_way_and_holds_off_new_ones() {
    let (store, env, manual) = parked();
    let before = insert(&store, &env, 1, 10);
    manual.run();
    let clear = clear(&store, &env);
    manual.run();
    let after = insert(&store, &env, 2, 20);
    manual.run();
    assert_eq!(store.inner().waiting(), 1, "only the first is with the engine");
    store.inner().release();
    manual.run();
    before.answer().unwrap().unwrap();
    assert!(clear.answer().is_none() && after.answer().is_none());
    store.inner().release();
    manual.run();
    clear.answer().unwrap().unwrap();
    store.inner().release();
    manual.run();
    after.answer().unwrap().unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
    assert_eq!(manual.block_on(store.value(&2)).unwrap(), Some(20));
}

#[test]
fn two_clears_and_a_clear_that_is_given_up_let_everyone_go_on() {
    let (store, env, manual) = parked();
    let lease = manual.block_on(store.lease(&1)).unwrap();
    let (first, second) = (clear(&store, &env), clear(&store, &env));
    manual.run();
    first.give_up();
    manual.run();
    store.inner().release();
    manual.run();
    second.answer().unwrap().unwrap();
    let insert = insert(&store, &env, 2, 20);
    store.inner().release();
    manual.run();
    insert.answer().unwrap().unwrap();
    assert_eq!(manual.block_on(store.fill(1, Entry::new(1), lease)).unwrap(), Filled::Void);
}

#[test]
fn an_engine_that_never_answers_holds_up_the_changes_of_one_key_and_nothing_else() {
    let (store, env, manual) = parked();
    let hung = insert(&store, &env, 1, 10);
    manual.run();
    let same = insert(&store, &env, 1, 11);
    manual.run();
    assert!(!manual.block_on(store.get(&1)).unwrap().is_hit(), "look-ups don't wait");
    let others: Vec<_> = (2..200).map(|key| insert(&store, &env, key, key)).collect();
    manual.run();
    assert_eq!(store.inner().waiting(), 1 + others.len(), "no other key waits for it");
    hung.give_up();
    manual.run();
    (0..=others.len()).for_each(|_| store.inner().release());
    manual.run();
    assert!(others.iter().all(|other| other.answer().unwrap().is_ok()));
    same.answer().unwrap().unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(11));
}

#[test]
fn a_change_that_is_given_up_or_fails_voids_the_leases_on_its_key_and_lets_go_of_it() {
    for is_given_up in [true, false] {
        let (store, env, manual) = parked();
        let lease = manual.block_on(store.lease(&1)).unwrap();
        let write = insert(&store, &env, 1, 10);
        manual.run();
        if is_given_up {
            write.give_up();
        } else {
            store.inner().fail();
        }
        manual.run();
        let expected = (!is_given_up).then_some(ErrorKind::Store);
        assert_eq!(write.answer().and_then(|done| done.err().map(|error| error.kind())), expected);
        assert_eq!(manual.block_on(store.fill(1, Entry::new(9), lease)).unwrap(), Filled::Void);
        let good = fill(&store, &env, &manual, 1);
        store.inner().release();
        manual.run();
        assert!(good.answer().unwrap().unwrap().is_stored(), "later leases are good");
    }
}

#[test]
fn one_who_gives_up_waiting_for_a_key_voids_nothing() {
    let (store, env, manual) = parked();
    let first = fill(&store, &env, &manual, 1);
    manual.run();
    let waiting = remove(&store, &env, 1);
    manual.run();
    waiting.give_up();
    manual.run();
    store.inner().release();
    manual.run();
    assert!(first.answer().unwrap().unwrap().is_stored());
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(100));
}

#[test]
fn thousands_of_writes_to_other_keys_void_no_lease_and_millions_are_forgotten_safely() {
    let (env, manual) = Env::manual();
    let store = Leased::new(Map::default()).env(&env);
    manual
        .block_on(async {
            let lease = store.lease(&0).await?;
            for key in 1..20_000 {
                store.put(key, key).await?;
            }
            assert!(store.fill(0, Entry::new(1), lease).await?.is_stored());
            let (old, written) = (store.lease(&0).await?, store.lease(&1).await?);
            store.put(1, 7).await?;
            for key in 100_000..200_000 {
                store.put(key, key).await?;
            }
            assert_eq!(store.fill(1, Entry::new(6), written).await?, Filled::Void);
            assert_eq!(store.fill(0, Entry::new(2), old).await?, Filled::Void, "it is too old to be sure");
            let young = store.lease(&0).await?;
            assert!(store.fill(0, Entry::new(3), young).await?.is_stored());
            Ok::<_, Error>(())
        })
        .unwrap();
}

#[test]
fn what_happens_is_counted() {
    let (env, manual) = Env::manual();
    let store = Leased::new(Map::default()).env(&env);
    manual
        .block_on(async {
            store.put(1, 10).await?;
            store.insert(2, Entry::new(20).ttl(Duration::from_secs(1))).await?;
            store.insert(3, Entry::new(30).ttl(Duration::ZERO)).await?;
            assert!(store.get(&1).await?.is_hit());
            assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
            let lease = store.lease(&4).await?;
            assert!(!store.get(&4).await?.is_hit());
            assert!(!store.get_now(&4).unwrap().is_hit(), "not counted: a get follows");
            store.put(4, 40).await?;
            assert_eq!(store.fill(4, Entry::new(41), lease).await?, Filled::Void);
            assert!(store.remove(&4).await? && !store.remove(&4).await?);
            manual.advance(Duration::from_secs(1));
            assert_eq!((store.stats().entries, store.prune(), store.stats().entries), (2, 1, 1));
            Ok::<_, Error>(())
        })
        .unwrap();
    let stats = store.stats();
    assert_eq!((stats.hits, stats.misses, stats.inserts, stats.void_fills), (2, 1, 3, 1));
    assert_eq!((stats.removed, stats.expired), (1, 2));
}

#[test]
fn an_entry_that_comes_in_expired_takes_the_old_one_out_of_the_engine() {
    let (env, manual) = Env::manual();
    let store = Leased::new(Map::default()).env(&env);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.block_on(store.insert(1, Entry::new(11).ttl(Duration::ZERO))).unwrap();
    assert!(store.inner().lock().is_empty());
}

thread_local! {
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

/// An engine that panics when told.
struct Panics;

impl Plain for Panics {
    type Key = u64;
    type Value = u64;

    async fn get(&self, _: &u64) -> larder_core::Result<Option<Entry<u64>>> {
        Ok(None)
    }
    async fn insert(&self, _: u64, _: Entry<u64>) -> larder_core::Result<()> {
        assert!(!PANICS.get(), "told to");
        Ok(())
    }
    async fn remove(&self, _: &u64) -> larder_core::Result<Option<Entry<u64>>> {
        Ok(None)
    }
    async fn clear(&self) -> larder_core::Result<()> {
        Ok(())
    }
}

#[test]
fn an_engine_that_panics_lets_go_of_the_key_and_voids_its_leases() {
    let (env, manual) = Env::manual();
    let store = Leased::new(Panics).env(&env);
    let lease = manual.block_on(store.lease(&1)).unwrap();
    PANICS.set(true);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = manual.block_on(store.put(1, 1));
    }));
    PANICS.set(false);
    assert!(panicked.is_err());
    manual.block_on(store.put(1, 2)).unwrap();
    assert_eq!(manual.block_on(store.fill(1, Entry::new(3), lease)).unwrap(), Filled::Void);
    manual.block_on(store.clear()).unwrap();
}
