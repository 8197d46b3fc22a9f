//! A fresh hit allocates nothing, nor does one whose reload is under way or has to wait; and the decision costs little.
//!
//! The counting allocator counts for the whole process, the test harness included: so there is one test, and of
//! several runs of the same work the one with the fewest allocations counts.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::alloc::System;

use fresh::{SECOND, World};
use larder_core::Store;
use larder_patterns::{Budget, Freshness};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations(work: impl Fn()) -> usize {
    let run = || {
        let region = Region::new(ALLOCATOR);
        work();
        let change = region.change();
        change.allocations + change.reallocations
    };
    (0..9).map(|_| run()).min().unwrap_or(usize::MAX)
}

/// Reads key 1 a thousand times, in both ways.
fn hits(world: &World) -> usize {
    let store = &*world.store;
    allocations(|| {
        for _ in 0..1_000 {
            let mut get = std::pin::pin!(store.get(&1));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(
                matches!(get.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(found)) if found.is_hit())
            );
            assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
        }
    })
}

#[test]
fn a_hit_allocates_nothing() {
    let freshness = Freshness::new()
        .refresh_ahead(0.8)
        .early_expiration(1.0)
        .stale_while_revalidate(60 * SECOND)
        .back_off(60 * SECOND, 60 * SECOND)
        .soft_timeout(SECOND)
        .negative_ttl(SECOND)
        .budget(Budget::new(8).unwrap());
    let world = World::new(freshness);
    world.put(1, 10);
    assert_eq!(hits(&world), 0, "fresh");
    world.pass(90 * SECOND);
    assert_eq!(world.answered(1), Ok(Some(10)));
    assert_eq!((hits(&world), world.gate.calls()), (0, 1), "its reload is under way");
    world.pass(20 * SECOND);
    assert_eq!((hits(&world), world.gate.calls()), (0, 1), "stale, and its reload is under way");
    world.fail();
    assert_eq!((hits(&world), world.gate.calls()), (0, 1), "stale, and its reload has to wait");
    assert_ne!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 0, "the counter counts");
}
