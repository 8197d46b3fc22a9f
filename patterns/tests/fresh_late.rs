//! Look-ups whose answer comes late: what was loaded meanwhile is not loaded again, nor is what just failed.

mod common;
#[path = "common/late.rs"]
mod late;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Task, kind, start};
use larder_core::{Entry, Env, ErrorKind, Result, Store, StoreExt};
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
