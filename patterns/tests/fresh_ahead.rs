//! Refresh-ahead: who reads late in a life answers at once, and one reload runs behind, under its own lease.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::sync::Arc;
use std::time::Duration;

use common::start;
use fresh::{SECOND, World, engine};
use larder_core::{Entry, Env, ErrorKind, Lookup, MemoryOptions, Store, StoreExt};
use larder_patterns::{Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Gate, MapOrigin};

fn ahead() -> Freshness {
    Freshness::new().refresh_ahead(0.8)
}

#[test]
fn a_read_in_the_last_fifth_of_a_life_answers_at_once_and_reloads_behind() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(Duration::from_millis(79_999));
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 0));
    world.pass(Duration::from_millis(1));
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 1));
    world.release(11);
    assert_eq!(world.answered(1), Ok(Some(11)));
    world.pass(79 * SECOND);
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(11)), 1), "its life began anew");
    assert_eq!((world.stats().reloaded, world.stats().stale()), (1, 0));
}

#[test]
fn a_key_that_nobody_reads_is_not_reloaded() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(99 * SECOND);
    assert_eq!(world.gate.calls(), 0);
}

#[test]
fn a_thousand_readers_of_a_due_key_are_one_reload_and_none_of_them_waits() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(90 * SECOND);
    for _ in 0..1_000 {
        assert_eq!(world.answered(1), Ok(Some(10)));
    }
    assert_eq!((world.gate.calls(), world.store.in_flight()), (1, 1));
    world.release(11);
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(11)), 1));
}

/// Race 3: a refresh resurrects a deleted key.
#[test]
fn a_reload_does_not_bring_back_what_was_removed_meanwhile() {
    for clear in [false, true] {
        let world = World::new(ahead());
        world.put(1, 10);
        world.pass(90 * SECOND);
        assert_eq!(world.answered(1), Ok(Some(10)));
        if clear {
            world.does(world.store.clear());
        } else {
            assert!(world.does(world.store.remove(&1)));
        }
        world.release(11);
        assert_eq!(world.kept(1), None);
        assert_eq!((world.stats().reload_void, world.stats().reloaded), (1, 0));
    }
}

#[test]
fn a_reload_does_not_undo_what_was_written_meanwhile() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(10)));
    world.put(1, 12);
    world.release(11);
    assert_eq!(world.answered(1), Ok(Some(12)));
}

/// Race 4: a refresh slower than its period is never applied.
#[test]
fn a_reload_slower_than_the_life_lands_and_misses_wait_for_it() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(10)));
    world.pass(1_000 * SECOND);
    let missing = world.ask(1);
    assert!(missing.answer().is_none());
    assert_eq!(world.gate.calls(), 1, "the miss joins the reload");
    world.release(11);
    assert_eq!((missing.answer(), world.kept(1)), (Some(Ok(Some(11))), Some(11)));
}

/// Race 5: an old reload ends late, and must not take the slot of a newer one.
#[test]
fn two_reloads_that_end_in_reverse_leave_the_newer_value_and_one_flight_each() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(10)));
    let older = world.call();
    world.put(1, 12);
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(12)));
    assert_eq!(world.gate.calls(), 2, "the write freed the key for a reload of its own");
    older.release(11);
    world.manual.run();
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(12)), 2), "the newer flight is still there");
    world.release(13);
    assert_eq!(world.answered(1), Ok(Some(13)));
}

#[test]
fn what_the_origin_no_longer_has_leaves_the_store_but_not_what_was_written_meanwhile() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.put(2, 20);
    world.pass(90 * SECOND);
    assert_eq!((world.answered(1), world.answered(2)), (Ok(Some(10)), Ok(Some(20))));
    world.absent();
    assert_eq!(world.kept(1), None);
    world.put(2, 21);
    world.absent();
    assert_eq!(world.kept(2), Some(21));
    assert_eq!((world.stats().reloaded, world.stats().reload_void), (1, 1));
}

#[test]
fn a_failed_reload_costs_no_reader_his_answer_while_the_entry_is_fresh() {
    let world = World::new(ahead());
    world.put(1, 10);
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(10)));
    world.fail();
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 1), "it is too soon to try again");
    assert_eq!((world.stats().reload_failed, world.stats().backed_off, world.stats().stale()), (1, 1, 0));
    world.pass(SECOND);
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 2));
    world.release(11);
    assert_eq!(world.answered(1), Ok(Some(11)));
}

#[test]
fn the_keys_of_a_batch_that_are_due_or_missing_are_one_load() {
    let world = World::new(ahead());
    for key in 1..=3 {
        world.put(key, key * 10);
    }
    world.pass(50 * SECOND);
    world.put(4, 40);
    world.pass(40 * SECOND);
    assert_eq!(world.answered(3), Ok(Some(30)), "starts a reload of its own");
    let of_three = world.call();
    assert_eq!(world.ask_many(&[1, 2, 3, 4, 1]).answer().unwrap().unwrap(), [10, 20, 30, 40, 10].map(Some));
    let reload = world.call();
    assert_eq!(reload.keys(), [1, 2], "three is on its way, four is fresh");
    reload.answer(vec![Some(11.into()), Some(21.into())]);
    of_three.release(31);
    world.manual.run();
    assert_eq!([1, 2, 3].map(|key| world.answered(key)), [Ok(Some(11)), Ok(Some(21)), Ok(Some(31))]);
    world.pass(90 * SECOND);
    let batch = world.ask_many(&[1, 9]);
    assert!(batch.answer().is_none(), "nine is missing, and waits");
    assert_eq!(world.gate.calls(), 3);
    world.release(7);
    assert_eq!(batch.answer(), Some(Ok(vec![Some(11), Some(7)])));
    assert_eq!(world.stats().reloaded, 4);
}

#[test]
fn a_batch_of_a_thousand_callers_is_one_load() {
    let world = World::new(ahead());
    let keys: Vec<_> = (0..100).collect();
    let batches: Vec<_> = (0..1_000).map(|_| world.ask_many(&keys)).collect();
    assert_eq!(world.gate.calls(), 1);
    world.release(5);
    assert!(batches.iter().all(|batch| batch.answer() == Some(Ok(vec![Some(5); 100]))));
}

#[test]
fn a_look_without_waiting_leaves_the_start_of_a_reload_to_one_that_waits() {
    let world = World::new(ahead());
    world.put(1, 10);
    assert!(world.store.get_now(&1).is_some_and(|found| found.is_hit()));
    world.pass(90 * SECOND);
    assert!(world.store.get_now(&1).is_none(), "due: ask `get`");
    assert_eq!(world.answered(1), Ok(Some(10)));
    assert!(world.store.get_now(&1).is_some_and(|found| found.is_hit()), "the reload is under way");
    assert!(world.store.get_now(&2).is_none());
    world.fail();
    assert!(world.store.get_now(&1).is_some_and(|found| found.is_hit()), "the reload is to be tried later");
}

#[test]
fn a_closed_store_answers_and_reloads_no_more() {
    let world = World::new(ahead().stale_while_revalidate(Duration::MAX));
    world.put(1, 10);
    world.does(world.store.close());
    world.pass(150 * SECOND);
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 0));
}

/// Race 42: a promoted copy keeps its age; it must not start a reload at every hit.
#[test]
fn a_copy_promoted_late_in_its_life_is_reloaded_once() {
    let (env, manual) = Env::manual();
    let far = engine(&env);
    let near = MemoryOptions::new(100).ttl(10 * SECOND).env(&env).build(Lru::new);
    far.insert(1, 10);
    manual.advance(90 * SECOND);
    let loader = CountingLoader::new(|_| async { Ok(Some(11)) });
    let store = far.fronted_by(near).keep_fresh(loader.clone(), ahead(), &env).unwrap();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
    manual.run();
    for _ in 0..7 {
        manual.advance(SECOND);
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(11));
        manual.run();
    }
    assert_eq!(loader.counts().calls(), 1);
}

/// Race 47: one clock. The reload ahead and the expiry are seen by the same one.
#[test]
fn the_store_and_its_freshness_tell_one_time() {
    let world = World::new(ahead());
    world.put(1, 10);
    for _ in 0..200 {
        let (kept, due) = (world.kept(1), world.store.get_now(&1).is_none());
        let age = world.env.now().as_nanos() / 1_000_000_000;
        assert_eq!((kept.is_some(), due), (age < 200, age >= 80), "after {age} s");
        world.pass(SECOND);
    }
    assert_eq!(world.kept(1), None);
}

#[test]
fn the_tower_of_the_design_works_from_end_to_end() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::from([(1_u64, 10_u64)]);
    let db = CountingLoader::new(origin.clone());
    let memory = engine(&env);
    let users = memory.read_through_in(db.clone(), &env).write_through(origin.clone());
    let users = users.refresh_ahead(db.clone(), 0.8, &env).unwrap();
    assert_eq!(manual.block_on(users.value(&1)).unwrap(), Some(10));
    assert_eq!(db.counts().calls(), 1, "read-through loads the miss");
    origin.put(1, 11);
    manual.advance(85 * SECOND);
    assert_eq!(manual.block_on(users.value(&1)).unwrap(), Some(10));
    manual.run();
    assert_eq!(manual.block_on(users.value(&1)).unwrap(), Some(11));
    manual.block_on(users.put(1, 12)).unwrap();
    assert_eq!((manual.block_on(users.value(&1)).unwrap(), origin.get(&1)), (Some(12), Some(12)));
    assert_eq!(manual.block_on(users.value(&5)).unwrap(), None);
}

#[test]
fn a_reload_of_a_key_whose_write_is_queued_does_not_bring_back_the_old_row() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::from([(1_u64, 10_u64)]);
    let batch = larder_patterns::Batch::of(256).every(1_000 * SECOND);
    let users = engine(&env).write_behind(origin.clone(), batch, &env);
    let users = users.refresh_ahead(origin.clone(), 0.8, &env).unwrap();
    manual.block_on(users.put(1, 11)).unwrap();
    manual.advance(90 * SECOND);
    for _ in 0..3 {
        assert_eq!(manual.block_on(users.value(&1)).unwrap(), Some(11));
        manual.run();
    }
    assert_eq!(origin.get(&1), Some(10), "the write is still queued");
}

#[test]
fn a_threshold_that_can_not_work_is_refused() {
    let (env, _manual) = Env::manual();
    for part in [0.0, -0.1, 1.000_1, f64::NAN, f64::INFINITY] {
        let refused = engine(&env).refresh_ahead(Gate::new(), part, &env).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{part}");
    }
    for part in [f64::MIN_POSITIVE, 0.5, 1.0] {
        assert!(engine(&env).refresh_ahead(Gate::new(), part, &env).is_ok(), "{part}");
    }
}

/// XFetch: machines that share an origin reload at different moments, and more often near the end.
#[test]
fn early_expiration_spreads_reloads_before_the_soft_deadline() {
    let (env, manual) = Env::manual();
    let slow = env.clone();
    let load = move |key: u64| {
        let nap = slow.sleep(SECOND);
        async move {
            nap.await;
            Ok(Some(Entry::new(key)))
        }
    };
    let loader = CountingLoader::new(load);
    let store = engine(&env).keep_fresh(loader.clone(), Freshness::new().early_expiration(1.0), &env);
    let store = Arc::new(store.unwrap());
    let keys: Vec<u64> = (0..400).collect();
    let read = |manual: &larder_testkit::Manual| {
        let (store, keys) = (Arc::clone(&store), keys.clone());
        let task = start(&env, async move {
            for key in &keys {
                assert!(matches!(store.get(key).await, Ok(Lookup::Hit(_))));
            }
        });
        manual.run();
        task
    };
    for key in &keys {
        manual.block_on(store.put(*key, *key)).unwrap();
    }
    manual.block_on(store.remove(&999)).unwrap();
    let first = {
        let store = Arc::clone(&store);
        start(&env, async move { store.value(&999).await })
    };
    manual.run();
    manual.advance(SECOND);
    manual.run();
    assert!(first.answer().is_some(), "now a load is known to cost a second");
    manual.advance(61 * SECOND);
    assert!(read(&manual).answer().is_some());
    assert_eq!(loader.counts().calls(), 1, "38 s before the end nobody is early");
    manual.advance(37 * SECOND);
    assert!(read(&manual).answer().is_some());
    let early = loader.counts().calls() - 1;
    assert!((100..200).contains(&early), "one in e of 400 a second before the end, not {early}");
}
