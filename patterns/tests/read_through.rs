//! What read-through promises: one load for all who wait, and what becomes of it.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Task, kind, start};
use larder_core::{
    Entry, Env, Error, ErrorKind, Loader, Lookup, Memory, MemoryOptions, Result, Store, StoreExt,
};
use larder_patterns::{PatternExt, ReadThrough};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{CountingLoader, Faulty, Gate, Manual, MapStore, Op};

type Users = Memory<u64, u32, Lru>;
type Gated = Arc<ReadThrough<Users, Gate<u64, u32>>>;

fn users(env: &Env) -> Users {
    MemoryOptions::new(1_000).env(env).build(Lru::new)
}

fn gated() -> (Env, Manual, Gate<u64, u32>, Gated) {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = Arc::new(users(&env).read_through_in(gate.clone(), &env));
    (env, manual, gate, store)
}

fn ask<S: Store<Key = u64>>(
    env: &Env,
    store: &Arc<S>,
    key: u64,
) -> Task<Result<Option<S::Value>, ErrorKind>> {
    let store = Arc::clone(store);
    start(env, async move { kind(store.value(&key).await) })
}

#[test]
fn a_thousand_callers_on_one_missing_key_are_one_load() {
    let (env, manual, gate, store) = gated();
    let tasks: Vec<_> = (0..1_000).map(|_| ask(&env, &store, 7)).collect();
    assert_eq!(manual.run(), 1_001, "all wait, and the load");
    assert_eq!(gate.calls(), 1);
    gate.try_next_call().unwrap().release(70);
    assert_eq!(manual.run(), 0);
    assert!(tasks.iter().all(|task| task.answer() == Some(Ok(Some(70)))));
    assert_eq!((gate.calls(), store.in_flight()), (1, 0));
    assert_eq!((store.stats().ok, store.stats().failed), (1, 0));
}

#[test]
fn callers_on_different_keys_do_not_wait_for_each_other() {
    let (env, manual, gate, store) = gated();
    let (slow, quick) = (ask(&env, &store, 1), ask(&env, &store, 2));
    manual.run();
    let _never_answered = gate.try_next_call().unwrap();
    gate.try_next_call().unwrap().release(20);
    manual.run();
    assert_eq!((slow.answer(), quick.answer()), (None, Some(Ok(Some(20)))));
}

#[test]
fn a_loaded_value_is_kept_and_not_loaded_again() {
    let (env, manual) = Env::manual();
    let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
    let memory: Memory<u64, u64, Lru> = MemoryOptions::new(100).env(&env).build(Lru::new);
    let store = memory.read_through_in(loader.clone(), &env);
    for _ in 0..3 {
        assert_eq!(manual.block_on(store.value(&7)).unwrap(), Some(70));
    }
    assert_eq!(loader.counts().calls(), 1);
    let stats = store.inner().stats();
    assert_eq!((stats.hits, stats.misses), (2, 1), "a load distorts no count");
}

#[test]
fn the_loader_gives_each_value_its_life() {
    let (env, manual) = Env::manual();
    let brief = |id: u64| async move { Ok(Some(Entry::new(id).ttl(Duration::from_secs(id)))) };
    let loader = CountingLoader::new(brief);
    let memory: Memory<u64, u64, Lru> = MemoryOptions::new(100).env(&env).build(Lru::new);
    let store = memory.read_through_in(loader.clone(), &env);
    for key in [1, 60] {
        assert_eq!(manual.block_on(store.value(&key)).unwrap(), Some(key));
    }
    manual.advance(Duration::from_secs(2));
    for key in [1, 60] {
        assert_eq!(manual.block_on(store.value(&key)).unwrap(), Some(key));
    }
    assert_eq!((loader.counts().of(&1), loader.counts().of(&60)), (2, 1));
}

#[test]
fn nothing_at_the_origin_is_a_miss_whose_lease_fills() {
    let (env, manual, gate, store) = gated();
    let (first, second) = {
        let look = |store: Gated| start(&env, async move { store.get(&7).await });
        (look(Arc::clone(&store)), look(Arc::clone(&store)))
    };
    manual.run();
    gate.try_next_call().unwrap().absent();
    manual.run();
    let leases = [first, second].map(|task| match task.answer() {
        Some(Ok(Lookup::Miss(lease))) => lease,
        other => panic!("not a miss: {other:?}"),
    });
    let filled =
        leases.map(|lease| manual.block_on(store.fill(7, 80_u32.into(), lease)).unwrap().is_stored());
    assert_eq!(filled, [true, false], "both were leases on the miss; the first to fill wins");
}

#[test]
fn the_lease_of_a_miss_is_from_before_the_load() {
    let (env, manual, gate, store) = gated();
    let asking = Arc::clone(&store);
    let asked = start(&env, async move { asking.get(&7).await });
    manual.run();
    gate.try_next_call().unwrap().absent();
    assert!(manual.step(), "the load ends, and its caller has not heard of it yet");
    manual.block_on(store.put(7, 70)).unwrap();
    manual.block_on(store.remove(&7)).unwrap();
    manual.run();
    let Some(Ok(Lookup::Miss(lease))) = asked.answer() else { panic!("the origin has nothing") };
    assert!(!manual.block_on(store.fill(7, 80.into(), lease)).unwrap().is_stored());
}

#[test]
fn a_batch_loads_what_is_missing_in_one_call_and_joins_what_is_being_loaded() {
    let (env, manual, gate, store) = gated();
    manual.block_on(store.put(1, 10)).unwrap();
    let single = ask(&env, &store, 2);
    manual.run();
    let loading_two = gate.try_next_call().unwrap();
    let many = Arc::clone(&store);
    let batch = start(&env, async move {
        let found = many.get_many(&[1, 2, 3, 4, 3]).await.unwrap();
        found.into_iter().map(Lookup::value).collect::<Vec<_>>()
    });
    manual.run();
    let rest = gate.try_next_call().unwrap();
    assert_eq!(rest.keys(), [3, 4]);
    rest.answer(vec![Some(30.into()), None]);
    manual.run();
    assert!(batch.answer().is_none(), "two is still being loaded");
    loading_two.release(20);
    manual.run();
    assert_eq!(batch.answer(), Some(vec![Some(10), Some(20), Some(30), None, Some(30)]));
    assert_eq!(single.answer(), Some(Ok(Some(20))));
    assert_eq!((gate.calls(), store.stats().ok, store.in_flight()), (2, 2, 0));
    assert_eq!(manual.block_on(store.value(&3)).unwrap(), Some(30));
}

#[test]
fn a_batch_with_too_few_answers_is_an_error_and_caches_nothing() {
    let (env, manual, gate, store) = gated();
    let many = Arc::clone(&store);
    let batch = start(&env, async move { kind(many.get_many(&[1, 2]).await).map(|_| ()) });
    manual.run();
    gate.try_next_call().unwrap().answer(vec![Some(10.into())]);
    manual.run();
    assert_eq!(batch.answer(), Some(Err(ErrorKind::Load)));
    assert!(store.inner().is_empty());
    assert_eq!(store.in_flight(), 0);
}

#[test]
fn a_load_that_takes_too_long_is_dropped_and_its_key_is_free() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = users(&env).read_through_in(gate.clone(), &env).deadline(Duration::from_secs(1));
    let store = Arc::new(store);
    let late = ask(&env, &store, 7);
    manual.run();
    let call = gate.try_next_call().unwrap();
    manual.advance(Duration::from_millis(999));
    manual.run();
    assert!(late.answer().is_none() && !call.is_abandoned());
    manual.advance(Duration::from_millis(1));
    manual.run();
    assert_eq!(late.answer(), Some(Err(ErrorKind::Timeout)));
    assert!(call.is_abandoned());
    assert_eq!((store.in_flight(), store.stats().failed), (0, 1));
    assert_eq!(store.stats().time, Duration::from_secs(1));
    let again = ask(&env, &store, 7);
    manual.run();
    gate.try_next_call().unwrap().release(70);
    manual.run();
    assert_eq!(again.answer(), Some(Ok(Some(70))));
}

#[test]
fn a_store_that_can_not_take_the_value_costs_no_caller_his_answer() {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    far.on(Op::Fill).fail();
    let store = far.read_through_in(|id: u64| async move { Ok(Some(id)) }, &env);
    assert_eq!(manual.block_on(store.value(&7)).unwrap(), Some(7));
    assert_eq!((store.stats().ok, store.stats().unkept), (1, 1));
}

#[test]
fn a_store_that_can_not_look_up_passes_its_error_on() {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    far.on(Op::Get).fail();
    let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id)) });
    let store = far.read_through_in(loader.clone(), &env);
    assert_eq!(kind(manual.block_on(store.value(&7))), Err(ErrorKind::Store));
    assert_eq!(loader.counts().calls(), 0);
}

#[test]
fn a_world_without_a_spawner_is_an_error_and_leaves_no_flight() {
    struct Nowhere;
    impl larder_core::Spawner for Nowhere {
        fn spawn(&self, _task: larder_core::BoxFuture<'static, ()>) -> Result<()> {
            Err(Error::new(ErrorKind::Overloaded, "spawning"))
        }
        fn sleep(&self, _duration: Duration) -> larder_core::BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }
    let (_env, manual) = Env::manual();
    let env = Env::new(manual.clock().clone(), Nowhere, larder_core::Random::seeded(1));
    let store = users(&env).read_through_in(|_: u64| async move { Ok(Some(0)) }, &env);
    assert_eq!(kind(manual.block_on(store.value(&7))), Err(ErrorKind::Overloaded));
    assert_eq!(store.in_flight(), 0);
}

#[test]
fn a_tower_behind_one_name_loads_just_the_same() {
    let (env, manual) = Env::manual();
    let loader: Arc<dyn Loader<u64, u64>> = Arc::new(|id: u64| async move { Ok(Some(id + 1)) });
    let memory: Memory<u64, u64, Lru> = MemoryOptions::new(100).env(&env).build(Lru::new);
    let store = memory.read_through_in(loader, &env).into_dyn();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(2));
    assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
}

#[test]
fn a_hit_waits_in_a_small_future() {
    let (env, _manual) = Env::manual();
    let store = users(&env).fronted_by(users(&env)).read_through_in(Gate::new(), &env);
    let future = store.get(&7);
    assert!(size_of_val(&future) <= 64, "{} bytes", size_of_val(&future));
}

#[test]
fn it_keeps_the_contract_of_a_store() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual);
    let make = async || {
        let memory: Memory<u64, u64, Lru> = MemoryOptions::new(10_000).env(&env).build(Lru::new);
        memory.read_through_in(|_| async move { Ok(None::<u64>) }, &env)
    };
    manual.block_on(conforms(make, &options));
}
