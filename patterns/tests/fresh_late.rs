//! Look-ups whose answer comes late: what was loaded meanwhile is not loaded again, nor is what just failed.

mod common;
#[path = "common/late.rs"]
mod late;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Task, kind, start};
use larder_core::{Entry, Env, ErrorKind, Lookup, Result, Store, StoreExt};
use larder_patterns::{Fresh, Freshness, PatternExt};
use larder_testkit::{Gate, Manual};
use late::LateReply;

const SECOND: Duration = Duration::from_secs(1);

struct World {
    env: Env,
    manual: Manual,
    gate: Gate<u64, u64>,
    store: Arc<Fresh<LateReply, Gate<u64, u64>>>,
}

impl World {
    fn new(freshness: Freshness) -> Self {
        let (env, manual) = Env::manual();
        let gate = Gate::new();
        let store = LateReply::new(&env).keep_fresh(gate.clone(), freshness, &env).unwrap();
        Self { env, manual, gate, store: Arc::new(store) }
    }

    fn ask(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        let store = Arc::clone(&self.store);
        let task = start(&self.env, async move { kind(store.value(&key).await) });
        self.manual.run();
        task
    }

    fn ask_in_batch(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        let store = Arc::clone(&self.store);
        let value = |found: Vec<Lookup<u64>>| found.into_iter().find_map(Lookup::value);
        let task = start(&self.env, async move { kind(store.get_many(&[key]).await.map(value)) });
        self.manual.run();
        task
    }

    /// A look-up that found what there is now, and hears of it a second later.
    fn ask_late(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        self.store.inner().is_late.store(true, Ordering::Relaxed);
        self.ask(key)
    }

    fn pass(&self, time: Duration) {
        self.manual.advance(time);
        self.manual.run();
    }
}

/// Race 30: the slot is freed before the value is seen, and a second load begins.
#[test]
fn a_miss_that_is_heard_of_late_does_not_load_what_was_loaded_meanwhile() {
    let world = World::new(Freshness::new());
    let late = world.ask_late(1);
    let quick = world.ask(1);
    world.gate.try_next_call().unwrap().release(10);
    world.pass(SECOND);
    assert_eq!((quick.answer(), late.answer()), (Some(Ok(Some(10))), Some(Ok(Some(10)))));
    assert_eq!((world.gate.calls(), world.store.in_flight()), (1, 0));
}

#[test]
fn an_entry_that_is_seen_late_to_be_due_is_not_reloaded_twice() {
    let world = World::new(Freshness::new().refresh_ahead(0.8));
    let entry = Entry::new(10).ttl(100 * SECOND);
    world.manual.block_on(world.store.insert(1, entry)).unwrap();
    world.pass(90 * SECOND);
    let late = world.ask_late(1);
    let quick = world.ask(1);
    world.gate.try_next_call().unwrap().release(11);
    world.pass(SECOND);
    assert_eq!((quick.answer(), late.answer()), (Some(Ok(Some(10))), Some(Ok(Some(10)))));
    assert_eq!((world.gate.calls(), world.store.in_flight()), (1, 0));
    assert_eq!(world.store.stats().reloaded, 1);
}

#[test]
fn a_miss_that_is_heard_of_late_heeds_what_a_load_came_to_meanwhile() {
    let freshness = Freshness::new().negative_ttl(100 * SECOND).back_off(100 * SECOND, 100 * SECOND);
    for fails in [false, true] {
        let world = World::new(freshness.clone());
        let late = world.ask_late(1);
        let _quick = world.ask(1);
        let call = world.gate.try_next_call().unwrap();
        if fails {
            call.fail(larder_core::Error::load("down"));
        } else {
            call.absent();
        }
        world.pass(SECOND);
        let expected = if fails { Err(ErrorKind::Overloaded) } else { Ok(None) };
        assert_eq!((late.answer(), world.gate.calls()), (Some(expected), 1));
    }
}

/// A removal that is queued by now hides the row that the origin still has; and of the origin it says nothing.
#[test]
fn a_miss_that_is_heard_of_late_is_the_answer_if_the_removal_is_queued_by_then() {
    for batch in [false, true] {
        let world = World::new(Freshness::new().negative_ttl(100 * SECOND));
        let store = world.store.inner();
        store.is_late.store(true, Ordering::Relaxed);
        let late = if batch { world.ask_in_batch(1) } else { world.ask(1) };
        let quick = world.ask(1);
        world.gate.try_next_call().unwrap().release(10);
        world.manual.run();
        world.manual.block_on(store.inner.clear()).unwrap();
        store.is_removing.store(true, Ordering::Relaxed);
        world.pass(SECOND);
        assert_eq!((quick.answer(), late.answer()), (Some(Ok(Some(10))), Some(Ok(None))));
        assert_eq!((world.gate.calls(), world.store.in_flight()), (1, 0), "the origin is not asked");
        store.is_removing.store(false, Ordering::Relaxed);
        let after = world.ask(1);
        world.gate.try_next_call().expect("absence was not remembered").release(11);
        world.manual.run();
        assert_eq!(after.answer(), Some(Ok(Some(11))));
    }
}
