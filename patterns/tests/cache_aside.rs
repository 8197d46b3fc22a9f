//! What cache-aside promises: the cache, then the origin; and no way back for what was overwritten.

mod common;

use std::sync::Arc;

use common::{kind, poll_once, start};
use larder_core::{Change, Env, Error, ErrorKind, Memory, MemoryOptions, Store};
use larder_patterns::CacheAside;
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Faulty, Gate, MapOrigin, MapStore, Op, WriteGate};

type Engine = Memory<u64, u64, Lru>;
type Rows = MapOrigin<u64, u64>;

fn engine(env: &Env) -> Engine {
    MemoryOptions::new(1_000).env(env).build(Lru::new)
}

fn repository(env: &Env) -> (Rows, CacheAside<Engine, Rows, Rows>) {
    let origin = MapOrigin::from([(1, 10), (2, 20)]);
    (origin.clone(), CacheAside::new(engine(env), origin.clone(), origin))
}

#[test]
fn a_read_asks_the_cache_then_the_origin_and_remembers() {
    let (env, manual) = Env::manual();
    let (origin, users) = repository(&env);
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10));
    origin.put(1, 99);
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10), "from the cache");
    assert_eq!(manual.block_on(users.get(&7)).unwrap(), None);
    assert_eq!((users.stats().hits, users.stats().misses), (1, 2));
}

#[test]
fn a_batch_loads_what_is_missing_in_one_call() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::from([(1, 10), (2, 20), (3, 30)]);
    let loader = CountingLoader::new(origin.clone());
    let users = CacheAside::new(engine(&env), loader.clone(), origin);
    assert_eq!(manual.block_on(users.get(&2)).unwrap(), Some(20));
    let found = manual.block_on(users.get_many(&[1, 2, 3, 9])).unwrap();
    assert_eq!(found, [Some(10), Some(20), Some(30), None]);
    assert_eq!(loader.counts().batches(), [1, 3]);
    assert_eq!(manual.block_on(users.get_many(&[3, 1])).unwrap(), [Some(30), Some(10)]);
    assert_eq!((loader.counts().calls(), users.stats().hits, users.stats().misses), (2, 3, 4));
}

#[test]
fn an_update_is_made_at_the_origin_and_the_next_reader_loads_it() {
    let (env, manual) = Env::manual();
    let (origin, users) = repository(&env);
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10));
    manual.block_on(users.update(1, 11)).unwrap();
    assert!(users.cache().is_empty());
    assert_eq!((origin.get(&1), manual.block_on(users.get(&1)).unwrap()), (Some(11), Some(11)));
    manual.block_on(users.delete(&1)).unwrap();
    assert_eq!((origin.get(&1), manual.block_on(users.get(&1)).unwrap()), (None, None));
    assert_eq!(origin.log(), [Change::Put(1, 11), Change::Delete(1)]);
}

/// Race 1: a slow reader brings the old value back. Race 9: he loads before a write ends, and fills after it.
#[test]
fn a_slow_load_does_not_bring_the_old_value_back() {
    for (released_during_the_write, delete) in [(false, false), (true, false), (false, true), (true, true)] {
        let (env, manual) = Env::manual();
        let (gate, write) = (Gate::new(), WriteGate::new());
        let users = Arc::new(CacheAside::new(engine(&env), gate.clone(), write.clone()));
        let reading = Arc::clone(&users);
        let reader = start(&env, async move { reading.get(&1).await.unwrap() });
        manual.run();
        let load = gate.try_next_call().unwrap();
        let writing = Arc::clone(&users);
        let writer = start(&env, async move {
            if delete { writing.delete(&1).await } else { writing.update(1, 11).await }
        });
        manual.run();
        let end_write = || {
            write.try_next_call().unwrap().answer(());
            manual.run();
        };
        if released_during_the_write {
            load.release(10);
            manual.run();
            end_write();
        } else {
            end_write();
            load.release(10);
            manual.run();
        }
        assert_eq!((reader.answer(), writer.answer().is_some()), (Some(Some(10)), true));
        assert!(users.cache().is_empty());
    }
}

#[test]
fn a_reader_who_misses_during_a_write_fills_nothing_that_stays() {
    let (env, manual) = Env::manual();
    let (gate, write) = (Gate::new(), WriteGate::new());
    let users = Arc::new(CacheAside::new(engine(&env), gate.clone(), write.clone()));
    let writing = Arc::clone(&users);
    let writer = start(&env, async move { writing.update(1, 11).await });
    manual.run();
    let reading = Arc::clone(&users);
    let reader = start(&env, async move { reading.get(&1).await.unwrap() });
    manual.run();
    gate.try_next_call().unwrap().release(10);
    manual.run();
    assert_eq!(reader.answer(), Some(Some(10)));
    write.try_next_call().unwrap().answer(());
    manual.run();
    assert!(matches!(writer.answer(), Some(Ok(()))));
    assert!(users.cache().is_empty());
}

/// Race 8: nobody knows whether the origin took the write.
#[test]
fn a_write_of_unknown_outcome_leaves_nothing_in_the_cache() {
    let (env, manual) = Env::manual();
    let write = WriteGate::new();
    let users = Arc::new(CacheAside::new(engine(&env), |_: u64| async { Ok(Some(10)) }, write.clone()));
    for panics in [false, true] {
        assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10));
        let writing = Arc::clone(&users);
        let writer = start(&env, async move { kind(writing.update(1, 11).await) });
        manual.run();
        assert_eq!(
            manual.block_on(users.get(&1)).unwrap(),
            Some(10),
            "a reader in the middle fills the old row"
        );
        let call = write.try_next_call().unwrap();
        if panics {
            call.panic();
        } else {
            call.fail(Error::write("lost"));
        }
        manual.run();
        let expected = if panics { ErrorKind::Panicked } else { ErrorKind::Write };
        assert_eq!(writer.answer(), Some(Err(expected)));
        assert!(users.cache().is_empty());
    }
}

#[test]
fn a_write_that_is_dropped_midway_leaves_nothing_in_the_cache() {
    let (env, manual) = Env::manual();
    let write = WriteGate::new();
    let users = CacheAside::new(engine(&env), |_: u64| async { Ok(Some(10)) }, write.clone());
    let mut dropped = Box::pin(users.update(1, 11));
    assert!(poll_once(&mut dropped).is_pending());
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10), "a reader in the middle fills the old row");
    drop(dropped);
    assert!(users.cache().is_empty());
    assert!(write.try_next_call().unwrap().is_abandoned());
}

#[test]
fn a_cache_that_is_down_costs_no_reader_his_answer_and_stops_writes() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::from([(1, 10), (2, 20)]);
    let cache = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    let faults = cache.faults();
    let users = CacheAside::new(cache, origin.clone(), origin.clone());
    faults.on_any().fail();
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10));
    assert_eq!(manual.block_on(users.get_many(&[1, 2, 3])).unwrap(), [Some(10), Some(20), None]);
    assert_eq!((users.stats().cache_errors, users.stats().misses), (2, 4));
    assert_eq!(kind(manual.block_on(users.update(1, 11))), Err(ErrorKind::Store));
    assert!(origin.log().is_empty(), "the origin was not asked");
    faults.lift_all();
    faults.on(Op::Fill).fail();
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(10));
    assert_eq!(users.stats().cache_errors, 3);
}

#[test]
fn a_loader_that_fails_panics_or_miscounts_is_an_error_and_nothing_is_cached() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let users = Arc::new(CacheAside::new(engine(&env), gate.clone(), MapOrigin::new()));
    let ask = || {
        let users = Arc::clone(&users);
        let task = start(&env, async move { kind(users.get_many(&[1, 2]).await) });
        manual.run();
        (task, gate.try_next_call().unwrap())
    };
    let (failing, call) = ask();
    call.fail(Error::load("down"));
    let (panicking, call) = ask();
    call.panic();
    let (miscounting, call) = ask();
    call.answer(vec![Some(10.into())]);
    manual.run();
    assert_eq!(failing.answer(), Some(Err(ErrorKind::Load)));
    assert_eq!(panicking.answer(), Some(Err(ErrorKind::Panicked)));
    assert_eq!(miscounting.answer(), Some(Err(ErrorKind::Load)));
    let asking = Arc::clone(&users);
    let single = start(&env, async move { kind(asking.get(&1).await) });
    manual.run();
    gate.try_next_call().unwrap().panic();
    manual.run();
    assert_eq!(single.answer(), Some(Err(ErrorKind::Panicked)));
    assert!(users.cache().is_empty());
}

#[test]
fn a_load_gives_its_value_the_life_that_the_origin_says() {
    let (env, manual) = Env::manual();
    let second = std::time::Duration::from_secs(1);
    let load = move |id: u64| async move { Ok(Some(larder_core::Entry::new(id).ttl(second))) };
    let users = CacheAside::new(engine(&env), load, MapOrigin::<u64, u64>::new());
    assert_eq!(manual.block_on(users.get(&1)).unwrap(), Some(1));
    assert!(manual.block_on(Store::get(users.cache(), &1)).unwrap().is_hit());
    manual.advance(second);
    assert!(!manual.block_on(Store::get(users.cache(), &1)).unwrap().is_hit());
}
