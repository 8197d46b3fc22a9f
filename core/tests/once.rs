//! `get_or_insert_with`: one call per key, whatever the call does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use larder_core::{Entry, Env, Memory, MemoryOptions};
use larder_policies::Lru;

#[test]
fn a_hit_calls_nothing_and_a_miss_calls_once() {
    let memory = Memory::new(10, Lru::new);
    assert_eq!(memory.get_or_insert_with("a", || 1), 1);
    assert_eq!(memory.get_or_insert_with("a", || panic!("it is there")), 1);
    assert_eq!((memory.stats().hits, memory.stats().misses), (1, 1));
}

#[test]
fn many_threads_on_one_key_share_one_call() {
    let memory = Memory::new(10, Lru::new);
    let (calls, start) = (AtomicUsize::new(0), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                let value = memory.get_or_insert_with(1, || calls.fetch_add(1, Ordering::SeqCst));
                assert_eq!(value, 0);
            });
        }
    });
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn an_error_goes_to_its_caller_and_is_not_kept() {
    let memory = Memory::new(10, Lru::new);
    assert_eq!(memory.try_get_or_insert_with(1, || Err::<u32, _>("down")), Err("down"));
    assert_eq!(memory.try_get_or_insert_with(1, || Ok::<_, &str>(7)), Ok(7));
}

#[test]
fn a_panic_stays_in_its_thread_and_the_next_caller_calls_anew() {
    let memory = Memory::new(10, Lru::new);
    let panicking = || memory.get_or_insert_with(1, || panic!("a maker panics"));
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    assert_eq!(memory.get_or_insert_with(1, || 7), 7);
}

#[test]
fn threads_that_wait_for_a_call_that_panics_call_their_own_in_turn() {
    let memory = Memory::new(10, Lru::new);
    let (calls, start) = (AtomicUsize::new(0), Barrier::new(4));
    let ask = || {
        start.wait();
        memory.get_or_insert_with(1, || {
            assert_ne!(calls.fetch_add(1, Ordering::SeqCst), 0, "the first call panics");
            7
        })
    };
    let values: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    assert_eq!((values, calls.into_inner()), (vec![7; 3], 2));
}

#[test]
fn a_maker_that_asks_for_its_own_key_is_answered() {
    let memory = Memory::new(10, Lru::new);
    let value = memory.get_or_insert_with(1, || memory.get_or_insert_with(1, || 7) + 1);
    assert_eq!((value, memory.get(&1)), (8, Some(8)));
}

#[test]
fn a_write_during_the_call_wins() {
    let memory = Memory::new(10, Lru::new);
    let made = memory.get_or_insert_with(1, || {
        memory.insert(1, 20);
        10
    });
    assert_eq!((made, memory.get(&1)), (10, Some(20)));
    let made = memory.get_or_insert_with(2, || {
        memory.remove(&2);
        10
    });
    assert_eq!((made, memory.get(&2)), (10, None), "what was removed stays removed");
}

#[test]
fn who_comes_after_a_removal_does_not_share_a_call_from_before_it() {
    let memory = Memory::new(10, Lru::new);
    let outer = memory.get_or_insert_with(1, || {
        memory.remove(&1);
        let asked = std::thread::scope(|scope| scope.spawn(|| memory.get_or_insert_with(1, || 2)).join());
        assert_eq!(asked.unwrap(), 2);
        1
    });
    assert_eq!((outer, memory.get(&1)), (1, Some(2)));
}

#[test]
fn a_value_may_bring_its_own_life() {
    let (env, manual) = Env::manual();
    let memory = Arc::new(MemoryOptions::new(10).env(&env).build(Lru::new));
    let short = || Ok::<_, ()>(Entry::new(1).ttl(Duration::from_secs(1)));
    assert_eq!(memory.try_get_or_insert_entry_with(1, short), Ok(1));
    manual.advance(Duration::from_secs(1));
    assert_eq!(memory.try_get_or_insert_with(1, || Err::<i32, _>("gone")), Err("gone"));
}
