//! A hit allocates nothing: on the engine, through the trait, and through a `DynStore`.
//!
//! The counting allocator counts for the whole process, the test harness included: so there is one test, and of
//! several runs of the same work the one with the fewest allocations counts.

use std::alloc::System;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use larder_core::{Memory, MemoryOptions, Store, StoreExt};
use larder_policies::{Lru, POLICIES};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KEYS: u64 = 1_000;

fn allocations(work: impl Fn()) -> usize {
    let run = || {
        let region = Region::new(ALLOCATOR);
        work();
        let change = region.change();
        change.allocations + change.reallocations
    };
    (0..9).map(|_| run()).min().unwrap_or(usize::MAX)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a hit in memory is ready at once"),
    }
}

#[test]
fn a_hit_in_memory_allocates_nothing() {
    for policy in POLICIES {
        let memory = Memory::new(10 * KEYS, policy.make);
        (0..KEYS).for_each(|key| memory.insert(key, key));
        let count = allocations(|| (0..KEYS).for_each(|key| assert_eq!(memory.get(&key), Some(key))));
        assert_eq!(count, 0, "get under {}", policy.name);
        let store = memory.into_dyn();
        let read = |key| assert_eq!(now(store.get(&key)).unwrap().value(), Some(key));
        let count = allocations(|| (0..KEYS).for_each(read));
        assert_eq!(count, 0, "get through a DynStore under {}", policy.name);
        let read_now = |key| assert!(store.get_now(&key).is_some_and(|found| found.is_hit()));
        let count = allocations(|| (0..KEYS).for_each(read_now));
        assert_eq!(count, 0, "get_now through a DynStore under {}", policy.name);
    }
    an_insert_in_a_full_cache_allocates_nothing_once_it_is_warm();
    assert_ne!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 0, "the counter counts");
}

fn an_insert_in_a_full_cache_allocates_nothing_once_it_is_warm() {
    let memory = MemoryOptions::new(KEYS).shards(1).build(Lru::new);
    (0..20 * KEYS).for_each(|key| memory.insert(key, key));
    let count = allocations(|| (20 * KEYS..30 * KEYS).for_each(|key| memory.insert(key, key)));
    assert_eq!(count, 0);
}
