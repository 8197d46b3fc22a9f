//! What the memory engine does, seen from outside, on a clock that is moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_core::{
    Cause, Clock, Entry, Env, EvictionPolicy, Filled, Lookup, Manual, Memory, MemoryOptions, Stats, Store,
    StoreExt,
};
use larder_policies::{Lru, POLICIES, Sieve};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn options(capacity: u64) -> (MemoryOptions<u32, u32>, Manual) {
    let (env, manual) = Env::manual();
    (MemoryOptions::new(capacity).env(&env).shards(1), manual)
}

fn lease<P: EvictionPolicy>(memory: &Memory<u32, u32, P>, key: u32) -> larder_core::Lease {
    match memory.lookup(&key) {
        Lookup::Miss(lease) => lease,
        Lookup::Hit(_) => panic!("expected a miss"),
    }
}

#[test]
fn the_guides_lru_example_evicts_b() {
    let memory = Memory::new(3, Lru::new);
    for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
        memory.insert(key, value);
    }
    assert_eq!(memory.get("a"), Some(1));
    memory.insert("d", 4);
    assert_eq!(["a", "b", "c", "d"].map(|key| memory.get(key)), [Some(1), None, Some(3), Some(4)]);
}

#[test]
fn an_expired_entry_leaves_before_any_live_one_under_every_policy() {
    for policy in POLICIES {
        let (options, manual) = options(3);
        let memory = options.build(policy.make);
        memory.insert_entry(1, Entry::new(1).ttl(Duration::from_millis(100)));
        memory.insert(2, 2);
        memory.insert(3, 3);
        manual.advance(Duration::from_millis(150));
        memory.insert(4, 4);
        let found = [1, 2, 3, 4].map(|key| memory.get(&key));
        assert_eq!(found, [None, Some(2), Some(3), Some(4)], "{}", policy.name);
        assert_eq!((memory.stats().expired, memory.stats().evicted), (1, 0), "{}", policy.name);
    }
}

#[test]
fn an_entry_is_served_up_to_its_deadline_and_not_a_nanosecond_longer() {
    let (options, manual) = options(10);
    let memory = options.ttl(SECOND).build(Lru::new);
    memory.insert(1, 1);
    manual.advance(Duration::from_nanos(999_999_999));
    assert_eq!(memory.get(&1), Some(1));
    manual.advance(Duration::from_nanos(1));
    assert_eq!(memory.get(&1), None);
    assert!(!memory.contains(&1));
    assert_eq!((memory.len(), memory.keys(), memory.entries().len()), (0, vec![], 0));
}

#[test]
fn a_life_of_its_own_overrides_the_default_and_none_means_none() {
    let (options, manual) = options(10);
    let memory = options.ttl(60 * SECOND).build(Lru::new);
    memory.insert(1, 1);
    memory.insert_entry(2, Entry::new(2).ttl(10 * SECOND));
    memory.insert_entry(3, Entry::new(3).never_expires());
    manual.advance(10 * SECOND);
    assert_eq!([1, 2, 3].map(|key| memory.contains(&key)), [true, false, true]);
    manual.advance(50 * SECOND);
    assert_eq!([1, 2, 3].map(|key| memory.contains(&key)), [false, false, true]);
    manual.advance(Duration::MAX);
    assert!(memory.contains(&3));
}

#[test]
fn an_overwrite_starts_a_new_life() {
    let (options, manual) = options(10);
    let memory = options.build(Lru::new);
    memory.insert_entry(1, Entry::new(1).ttl(SECOND));
    memory.insert_entry(1, Entry::new(2));
    manual.advance(2 * SECOND);
    assert_eq!(memory.get(&1), Some(2));
}

#[test]
fn an_entry_that_is_used_outlives_its_idle_time_and_one_that_is_not_does_not() {
    let (options, manual) = options(10);
    let memory = options.idle(10 * SECOND).build(Lru::new);
    memory.insert(1, 1);
    memory.insert(2, 2);
    for _ in 0..5 {
        manual.advance(6 * SECOND);
        assert_eq!(memory.get(&1), Some(1));
    }
    assert_eq!(memory.get(&2), None);
    assert_eq!(memory.len(), 1);
    manual.advance(10 * SECOND);
    assert_eq!(memory.get(&1), None);
    assert_eq!(memory.prune(), 1);
}

proptest! {
    #[test]
    fn an_entry_ends_when_it_was_idle_for_its_time_and_by_no_more_than_a_thousandth_too_early(
        pauses in proptest::collection::vec((0_u32..1_200, any::<bool>()), 1..60),
        ttl in proptest::option::of(1_000_u32..10_000),
    ) {
        const IDLE: Duration = Duration::from_millis(1);
        for policy in POLICIES {
            let (options, manual) = options(4);
            let memory = options.idle(IDLE).build(policy.make);
            let life = ttl.map_or(Entry::new(1), |ttl| Entry::new(1).ttl(Duration::from_micros(ttl.into())));
            memory.insert_entry(1, life);
            let (mut idle, mut age) = (Duration::ZERO, Duration::ZERO);
            for (pause, is_long) in &pauses {
                let pause = Duration::from_nanos(u64::from(*pause) * if *is_long { 1_000 } else { 1 });
                manual.advance(pause);
                (idle, age) = (idle + pause, age + pause);
                let found = memory.get(&1).is_some();
                let is_over = idle >= IDLE || ttl.is_some_and(|ttl| age >= Duration::from_micros(ttl.into()));
                prop_assert!(!(found && is_over), "{}: {idle:?} is too long", policy.name);
                prop_assert!(found || is_over || idle + IDLE / 1_000 >= IDLE, "{}: {idle:?}", policy.name);
                if !found {
                    break;
                }
                idle = Duration::ZERO;
            }
        }
    }
}

#[test]
fn what_may_not_be_idle_at_all_is_never_usable() {
    let (options, manual) = options(4);
    let memory = options.idle(Duration::ZERO).build(Lru::new);
    memory.insert(1, 1);
    assert_eq!((memory.get(&1), memory.len()), (None, 0));
    manual.advance(SECOND);
    memory.insert(1, 1);
    assert_eq!((memory.get(&1), memory.len()), (None, 0));
}

/// Once a second thread reads, an overwrite comes to lie elsewhere: where others were idle before it.
#[test]
fn a_value_that_is_overwritten_was_used_when_it_was_written() {
    for policy in POLICIES {
        let (options, manual) = options(4);
        let memory = options.idle(10 * SECOND).build(policy.make);
        std::thread::scope(|scope| {
            memory.get(&0);
            scope.spawn(|| memory.get(&0)).join().unwrap();
        });
        for round in 0..3_000 {
            memory.insert(round % 3, round);
            manual.advance(3 * SECOND);
            assert_eq!(memory.get(&(round % 3)), Some(round), "{}", policy.name);
        }
        manual.advance(10 * SECOND);
        assert_eq!((memory.get(&0), memory.len()), (None, 0), "{}", policy.name);
    }
}

#[test]
fn a_store_with_a_precise_clock_hits_misses_and_counts_like_any_other() {
    let memory = MemoryOptions::new(10).clock(Clock::precise()).build(Sieve::new);
    memory.insert(1, 1);
    assert_eq!([memory.get(&1), memory.get(&2)], [Some(1), None]);
    assert!(memory.lookup(&1).hit().is_some() && memory.lookup(&2).hit().is_none());
    assert_eq!((memory.stats().hits, memory.stats().misses), (2, 2));
}

#[test]
fn threads_beyond_the_first_find_what_is_there_and_count_it() {
    let memory = MemoryOptions::new(1_000).build(Sieve::new);
    (0..1_000_u32).for_each(|key| memory.insert(key, key));
    let all_there = std::sync::Barrier::new(40);
    let look = || {
        all_there.wait();
        (0..1_000).filter(|key| memory.get(key) == Some(*key)).count() as u64
    };
    let found: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..40).map(|_| scope.spawn(look)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let stats = memory.stats();
    assert_eq!((stats.hits, stats.hits + stats.misses), (found, 40_000));
    assert!(found >= 40 * 900, "{found} of 40,000");
}

#[test]
fn idle_time_ends_no_later_than_the_life_itself() {
    let (options, manual) = options(10);
    let memory = options.idle(10 * SECOND).ttl(15 * SECOND).build(Lru::new);
    memory.insert(1, 1);
    manual.advance(9 * SECOND);
    assert!(memory.get(&1).is_some());
    manual.advance(6 * SECOND);
    assert!(memory.get(&1).is_none());
}

#[test]
fn jitter_spreads_the_ends_of_lives_that_began_together() {
    let (options, _manual) = options(1_000);
    let memory = options.ttl(100 * SECOND).jitter(0.2).build(Lru::new);
    (0..1_000).for_each(|key| memory.insert(key, key));
    let ends = memory.entries().into_iter().map(|(_, entry)| entry.life().usable_until().time().unwrap());
    let seconds: Vec<u64> = ends.map(|end| end.as_nanos() / 1_000_000_000).collect();
    assert!(seconds.iter().all(|end| (80..=100).contains(end)));
    for decile in [82, 86, 90, 94, 98] {
        assert!(seconds.iter().any(|end| (decile - 2..decile).contains(end)), "none end in {decile}");
    }
}

#[test]
fn a_fill_after_a_write_is_void() {
    let (options, _manual) = options(10);
    let memory = options.build(Lru::new);
    let stale = lease(&memory, 1);
    memory.insert(1, 20);
    assert_eq!(memory.fill_now(1, Entry::new(10), stale), Filled::Void);
    assert_eq!(memory.get(&1), Some(20));
    assert_eq!(memory.stats().void_fills, 1);
}

#[test]
fn a_fill_after_a_removal_is_void_even_if_there_was_nothing_to_remove() {
    let (options, _manual) = options(10);
    let memory = options.build(Lru::new);
    let stale = lease(&memory, 1);
    assert_eq!(memory.remove(&1), None);
    assert_eq!(memory.fill_now(1, Entry::new(10), stale), Filled::Void);
    assert_eq!(memory.get(&1), None);
}

#[test]
fn a_fill_after_a_clear_is_void() {
    let (options, _manual) = options(10);
    let memory = options.build(Lru::new);
    let stale = lease(&memory, 1);
    memory.clear();
    assert_eq!(memory.fill_now(1, Entry::new(10), stale), Filled::Void);
}

#[test]
fn of_two_leases_on_a_key_the_first_fill_wins() {
    let (options, _manual) = options(10);
    let memory = options.build(Lru::new);
    let (one, other) = (lease(&memory, 1), lease(&memory, 1));
    assert!(memory.fill_now(1, Entry::new(10), other).is_stored());
    assert_eq!(memory.fill_now(1, Entry::new(11), one), Filled::Void);
    assert_eq!(memory.get(&1), Some(10));
}

#[test]
fn eviction_and_expiry_leave_leases_good() {
    let (options, manual) = options(2);
    let memory = options.build(Lru::new);
    memory.insert_entry(1, Entry::new(1).ttl(SECOND));
    let refresh = memory.lease_now(&1);
    manual.advance(2 * SECOND);
    memory.prune();
    let filled = memory.fill_now(1, Entry::new(100), refresh);
    assert!(filled.is_stored(), "slower than its life, and still lands");
    assert_eq!(memory.get(&1), Some(100));
}

#[test]
fn a_lease_of_another_store_is_void() {
    let (one, other) = (Memory::new(10, Lru::new), Memory::new(10, Lru::new));
    let foreign = lease(&one, 1);
    assert_eq!(other.fill_now(1, Entry::new(1), foreign), Filled::Void);
}

#[test]
fn fills_of_other_keys_do_not_void_a_lease() {
    let memory = Memory::new(100_000, Lru::new);
    let leases: Vec<_> = (0..10_000_u32).map(|key| (key, lease(&memory, key))).collect();
    let stored = leases.into_iter().map(|(key, lease)| memory.fill_now(key, Entry::new(key), lease));
    assert!(stored.into_iter().all(Filled::is_stored));
}

#[test]
fn weight_never_exceeds_capacity_and_what_weighs_more_is_refused_and_counted() {
    let (options, _manual) = options(100);
    let memory = options.weigh(|_, weight| *weight).build(Lru::new);
    memory.insert(1, 60);
    memory.insert(2, 40);
    assert_eq!(memory.weight(), 100);
    memory.insert(3, 30);
    assert_eq!((memory.weight(), memory.get(&1)), (70, None));
    memory.insert(2, 101);
    assert_eq!((memory.weight(), memory.get(&2)), (30, None), "the old value is out of date");
    assert_eq!(memory.stats().refused, 1);
}

#[test]
fn an_update_that_grows_evicts_others() {
    let (options, _manual) = options(100);
    let memory = options.weigh(|_, weight| *weight).build(Lru::new);
    memory.insert(1, 50);
    memory.insert(2, 50);
    memory.insert(2, 80);
    assert_eq!((memory.get(&1), memory.get(&2), memory.weight()), (None, Some(80), 80));
}

#[test]
fn the_listener_is_told_each_departure_and_its_cause() {
    let (options, manual) = options(2);
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let memory = options.on_removal(move |key, value, cause| log.lock().unwrap().push((*key, *value, cause)));
    let memory = memory.build(Lru::new);
    memory.insert(1, 10);
    memory.insert(1, 11);
    memory.insert(2, 20);
    memory.insert(3, 30);
    memory.remove(&2);
    memory.insert_entry(4, Entry::new(40).ttl(SECOND));
    manual.advance(SECOND);
    memory.prune();
    memory.clear();
    let expected = [
        (1, 10, Cause::Replaced),
        (1, 11, Cause::Evicted),
        (2, 20, Cause::Removed),
        (4, 40, Cause::Expired),
        (3, 30, Cause::Cleared),
    ];
    assert_eq!(*told.lock().unwrap(), expected);
    let stats = memory.stats();
    assert_eq!(expected.map(|(_, _, cause)| stats.left(cause)), [1; 5]);
}

#[test]
fn the_listener_may_use_the_cache_it_listens_to() {
    let (options, _manual) = options(1);
    let memory: Arc<Mutex<Option<Memory<u32, u32, Lru>>>> = Arc::default();
    let inner = Arc::clone(&memory);
    let built = options.on_removal(move |key, _, _| {
        let memory = inner.lock().unwrap().clone().unwrap();
        assert_eq!(memory.get(key), None);
    });
    let built = built.build(Lru::new);
    *memory.lock().unwrap() = Some(built.clone());
    built.insert(1, 1);
    built.insert(2, 2);
    assert_eq!((built.stats().evicted, built.stats().panics), (1, 0));
    memory.lock().unwrap().take();
}

#[test]
fn resizing_evicts_what_no_longer_fits_and_makes_room_for_more() {
    let (options, _manual) = options(10);
    let memory = options.build(Lru::new);
    (0..10).for_each(|key| memory.insert(key, key));
    memory.resize(3);
    assert_eq!((memory.len(), memory.capacity(), memory.get(&9)), (3, 3, Some(9)));
    memory.resize(100);
    (10..100).for_each(|key| memory.insert(key, key));
    assert_eq!(memory.len(), 93);
}

#[test]
fn shares_of_all_shards_add_up_to_the_capacity() {
    for (capacity, shards) in [(10, 16), (1_003, 4), (u64::from(u32::MAX), 8)] {
        let memory = MemoryOptions::<u64, ()>::new(capacity).shards(shards).build(Lru::new);
        (0..5_000).for_each(|key| memory.insert(key, ()));
        assert!(memory.len() as u64 <= capacity);
        assert_eq!(memory.stats().max_weight, Some(capacity));
    }
}

#[test]
fn retain_removes_what_the_predicate_rejects() {
    let memory = Memory::new(1_000, Lru::new);
    (0..100_u32).for_each(|key| memory.insert(key, key % 3));
    assert_eq!(memory.retain(|_, value| *value == 0), 66);
    assert!(memory.keys().into_iter().all(|key| key % 3 == 0));
}

#[test]
fn statistics_count_what_happened_and_can_start_anew() {
    let (options, _manual) = options(1_000);
    let memory = options.build(Lru::new);
    memory.insert(1, 1);
    memory.insert(2, 2);
    for key in [1, 1, 3, 4] {
        memory.get(&key);
    }
    assert!(memory.contains(&1));
    let stats = memory.stats();
    assert_eq!((stats.entries, stats.max_weight, stats.hits, stats.misses), (2, Some(1_000), 2, 2));
    assert!((stats.hit_rate() - 0.5).abs() < f64::EPSILON);
    memory.reset_stats();
    let mut fresh = Stats::default();
    (fresh.entries, fresh.weight, fresh.max_weight) = (2, 2, Some(1_000));
    assert_eq!(memory.stats(), fresh);
}

#[test]
fn the_engine_is_the_same_through_the_trait_and_through_a_dyn_store() {
    let (options, manual) = options(10);
    let store = options.build(Lru::new);
    let erased = store.clone().into_dyn();
    manual
        .block_on(async {
            erased.put(1, 10).await?;
            assert_eq!(store.get(&1), Some(10));
            assert_eq!(erased.value(&1).await?, Some(10));
            let Lookup::Miss(lease) = erased.get(&2).await? else { panic!("nothing there yet") };
            assert!(erased.remove(&1).await?);
            assert!(erased.fill(2, 20.into(), lease).await?.is_stored());
            assert_eq!(store.keys(), [2]);
            erased.clear().await?;
            erased.flush().await?;
            erased.close().await
        })
        .unwrap();
    assert!(store.is_empty());
}

#[test]
fn expired_entries_leave_by_themselves_while_others_come_in() {
    let (options, manual) = options(u64::MAX);
    let memory = options.ttl(SECOND).build(Lru::new);
    for round in 0..100_u32 {
        (0..100).for_each(|key| memory.insert(round * 100 + key, key));
        manual.advance(SECOND);
    }
    assert!(memory.stats().entries <= 200, "grown to {}", memory.stats().entries);
}
