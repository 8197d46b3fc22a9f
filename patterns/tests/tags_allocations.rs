//! A hit through tags, namespaces, tiers, read-through and refresh-ahead over memory allocates nothing.
//!
//! The counting allocator counts for the whole process, the test harness included: so there is one test, and of
//! several runs of the same work the one with the fewest allocations counts.

use std::alloc::System;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use larder_core::{Env, MemoryOptions, Store, StoreExt};
use larder_patterns::{InNamespace, Namespace, PatternExt, Tags};
use larder_policies::Lru;
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

fn a_hit_allocates_nothing(what: &str, store: &impl Store<Key = u64, Value = u64>, touch: impl Fn()) {
    (0..KEYS).for_each(|key| now(store.put(key, key)).unwrap());
    touch();
    let read = |key| assert_eq!(now(store.get(&key)).unwrap().value(), Some(key));
    assert_eq!(allocations(|| (0..KEYS).for_each(read)), 0, "get: {what}");
    let read_now = |key| assert!(store.get_now(&key).is_some_and(|found| found.is_hit()));
    assert_eq!(allocations(|| (0..KEYS).for_each(read_now)), 0, "get_now: {what}");
}

#[test]
fn a_hit_through_the_patterns_allocates_nothing() {
    let (env, _manual) = Env::manual();
    let options = || MemoryOptions::new(10 * KEYS).env(&env);
    let origin = |key: u64| async move { Ok(Some(key)) };
    let few = |key: &u64, _: &u64| [larder_patterns::Tag::from_number(*key), "all".into()];
    let many =
        |key: &u64, _: &u64| (0..9).map(|n| larder_patterns::Tag::from_number(n + key)).collect::<Vec<_>>();

    let tags = Tags::new();
    let elsewhere = || (0..10).for_each(|n| tags.invalidate(format!("elsewhere:{n}")));
    a_hit_allocates_nothing("tagged", &options().build(Lru::new).tagged_in(&tags, few), || {});
    a_hit_allocates_nothing("after others", &options().build(Lru::new).tagged_in(&tags, few), elsewhere);
    a_hit_allocates_nothing("many tags", &options().build(Lru::new).tagged_in(&tags, many), elsewhere);
    let tower = options()
        .build(Lru::new)
        .fronted_by(options().build(Lru::new))
        .tagged_in(&tags, few)
        .read_through_in(origin, &env)
        .into_dyn();
    a_hit_allocates_nothing("a tower", &tower, elsewhere);
    let ahead = || {
        let memory = options().ttl(Duration::from_mins(1)).build(Lru::new);
        let tagged = memory.tagged_in(&tags, few).read_through_in(origin, &env);
        tagged.refresh_ahead(origin, 0.8, &env).unwrap()
    };
    a_hit_allocates_nothing("read-through and refresh-ahead", &ahead(), || {});
    a_hit_allocates_nothing("the same behind one name, after others", &ahead().into_dyn(), elsewhere);
    let shared = MemoryOptions::<InNamespace<u64>, u64>::new(10 * KEYS).env(&env).build(Lru::new);
    a_hit_allocates_nothing("in a namespace", &shared.in_namespace(&Namespace::new("numbers", 1)), || {});
    assert_ne!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 0, "the counter counts");
}
