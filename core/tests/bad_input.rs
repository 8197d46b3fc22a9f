//! Settings, keys, values and callbacks that no one should have.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use larder_core::{Entry, Env, EvictionPolicy, Hits, Lookup, Marks, Memory, MemoryOptions, Slot};
use larder_policies::{Lru, POLICIES};

#[test]
fn a_cache_of_capacity_zero_keeps_nothing_under_every_policy() {
    for policy in POLICIES {
        let memory = Memory::new(0, policy.make);
        (0..100_u32).for_each(|key| memory.insert(key, key));
        assert_eq!((memory.len(), memory.get(&1), memory.weight()), (0, None, 0), "{}", policy.name);
        assert_eq!(memory.get_or_insert_with(5, || 50), 50);
        assert_eq!(memory.stats().refused, 101);
    }
}

#[test]
fn a_cache_without_bounds_keeps_everything_under_every_policy() {
    for policy in POLICIES {
        let memory = Memory::new(u64::MAX, policy.make);
        (0..10_000_u32).for_each(|key| memory.insert(key, key));
        assert_eq!(memory.len(), 10_000, "{}", policy.name);
        assert_eq!(memory.stats().max_weight, None);
    }
}

#[test]
fn weights_from_nothing_to_everything_are_bounded_by_the_capacity() {
    let weigh = |_: &u32, weight: &u32| *weight;
    for policy in POLICIES {
        let memory = MemoryOptions::new(u64::from(u32::MAX) + 10).shards(1).weigh(weigh).build(policy.make);
        for key in 0..100 {
            memory.insert(key, [0, 1, u32::MAX][key as usize % 3]);
            assert!(memory.weight() <= memory.capacity(), "{}", policy.name);
        }
        memory.resize(5);
        (0..100).for_each(|key| memory.insert(key, 0));
        assert!(memory.len() <= 5, "a weight of 0 counts as 1: {}", policy.name);
    }
}

#[test]
fn lives_of_zero_one_nanosecond_and_for_ever() {
    let (env, manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).build(Lru::new);
    memory.insert_entry(1, Entry::new(1).ttl(Duration::ZERO));
    memory.insert_entry(2, Entry::new(2).ttl(Duration::from_nanos(1)));
    memory.insert_entry(3, Entry::new(3).ttl(Duration::MAX));
    assert_eq!([1, 2, 3].map(|key| memory.contains(&key)), [false, true, true]);
    manual.advance(Duration::from_nanos(1));
    assert_eq!([1, 2, 3].map(|key| memory.contains(&key)), [false, false, true]);
    manual.advance(Duration::MAX);
    assert!(memory.contains(&3));
}

#[test]
fn an_entry_written_expired_replaces_what_was_there() {
    let memory = Memory::new(10, Lru::new);
    memory.insert(1, 1);
    memory.insert_entry(1, Entry::new(2).ttl(Duration::ZERO));
    assert_eq!((memory.get(&1), memory.stats().expired, memory.stats().replaced), (None, 1, 1));
}

#[test]
fn defaults_of_zero_and_of_everything() {
    let (env, manual) = Env::manual();
    for (ttl, kept) in [(Duration::ZERO, false), (Duration::MAX, true)] {
        let memory =
            MemoryOptions::new(10).env(&env).ttl(ttl).idle(Duration::MAX).jitter(f64::NAN).build(Lru::new);
        memory.insert(1, 1);
        manual.advance(Duration::from_secs(1));
        assert_eq!(memory.contains(&1), kept);
    }
    for jitter in [-1.0, 2.0, f64::INFINITY, f64::NEG_INFINITY] {
        let options = MemoryOptions::new(10).env(&env).ttl(Duration::from_secs(9)).jitter(jitter);
        options.build(Lru::new).insert(1, 1);
    }
}

#[test]
fn a_clock_that_stands_still_does_not_stop_the_cache() {
    let (env, _manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).ttl(Duration::from_nanos(1)).idle(Duration::from_nanos(1));
    let memory = memory.build(Lru::new);
    (0..1_000_u32).for_each(|key| memory.insert(key, key));
    assert_eq!((memory.len(), memory.get(&999)), (10, Some(999)));
}

#[test]
fn shard_counts_from_none_to_absurd_are_brought_into_range() {
    for shards in [0, 3, usize::MAX] {
        let memory = MemoryOptions::new(100_000).shards(shards).build(Lru::new);
        (0..1_000_u32).for_each(|key| memory.insert(key, key));
        assert_eq!(memory.len(), 1_000);
    }
}

/// A key whose hash and equality say something else each time.
#[derive(Clone, Debug)]
struct Liar;

static LIES: AtomicU32 = AtomicU32::new(0);

impl Hash for Liar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(LIES.fetch_add(1, Ordering::Relaxed) % 7);
    }
}

impl PartialEq for Liar {
    fn eq(&self, _: &Self) -> bool {
        LIES.fetch_add(1, Ordering::Relaxed).is_multiple_of(3)
    }
}

impl Eq for Liar {}

#[test]
fn keys_that_contradict_themselves_get_wrong_answers_and_break_nothing() {
    for policy in POLICIES {
        let memory = MemoryOptions::new(5).shards(2).build(policy.make);
        for round in 0..1_000_u32 {
            memory.insert(Liar, round);
            memory.get(&Liar);
            if round % 3 == 0 {
                memory.remove(&Liar);
            }
            if let Lookup::Miss(lease) = memory.lookup(&Liar) {
                let _ = memory.fill_now(Liar, Entry::new(round), lease);
            }
            assert!(memory.weight() <= 5, "{}", policy.name);
        }
        memory.clear();
        assert_eq!(memory.len(), 0);
    }
}

/// A key that panics when asked for its hash, or compared.
#[derive(Clone, PartialEq)]
struct Mine(u32, bool);

impl Eq for Mine {}

impl Hash for Mine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        assert!(!self.1, "a key's hash panics");
        self.0.hash(state);
    }
}

#[test]
fn a_hasher_that_panics_does_so_in_its_caller_only() {
    let memory = Memory::new(10, Lru::new);
    memory.insert(Mine(1, false), 1);
    assert!(catch_unwind(AssertUnwindSafe(|| memory.insert(Mine(1, true), 2))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| memory.get(&Mine(1, true)))).is_err());
    assert_eq!(memory.get(&Mine(1, false)), Some(1));
    assert_eq!(memory.weight(), 1);
}

#[test]
fn a_listener_that_panics_harms_nobody_and_is_counted() {
    let memory = MemoryOptions::new(1).on_removal(|_, _, _| panic!("a listener panics")).build(Lru::new);
    (0..10_u32).for_each(|key| memory.insert(key, key));
    assert_eq!((memory.get(&9), memory.stats().panics), (Some(9), 9));
}

#[test]
fn a_weigher_that_panics_refuses_the_entry_and_is_counted() {
    let memory =
        MemoryOptions::new(10).weigh(|_, value| if *value == 13 { panic!("a weigher panics") } else { 1 });
    let memory = memory.build(Lru::new);
    memory.insert(1, 1);
    memory.insert(1, 13);
    assert_eq!((memory.get(&1), memory.stats().panics, memory.stats().refused), (None, 1, 1));
}

/// A value that panics when cloned or dropped, while armed.
struct Bomb;

static ARMED: AtomicBool = AtomicBool::new(false);

impl Clone for Bomb {
    fn clone(&self) -> Self {
        assert!(!ARMED.load(Ordering::Relaxed), "a value panics when cloned");
        Self
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!ARMED.load(Ordering::Relaxed) || std::thread::panicking(), "a value panics when dropped");
    }
}

#[test]
fn values_that_panic_when_cloned_or_dropped_harm_nobody_else() {
    let memory = Memory::new(2, Lru::new);
    (0..2_u32).for_each(|key| memory.insert(key, Bomb));
    ARMED.store(true, Ordering::Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| memory.get(&1).is_some())).is_err());
    memory.insert(2, Bomb);
    memory.insert(2, Bomb);
    assert_eq!((memory.len(), memory.stats().panics), (2, 2), "one evicted, one replaced");
    memory.clear();
    assert_eq!((memory.len(), memory.stats().panics), (0, 4));
    memory.insert(3, Bomb);
    memory.insert(4, Bomb);
    drop(memory);
    ARMED.store(false, Ordering::Relaxed);
}

/// A policy that names slots it was never told of, or none at all.
struct Nonsense(u32);

impl EvictionPolicy for Nonsense {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, _: Slot, _: u64, _: u32) {}
    fn on_update(&mut self, _: Slot, _: u32) {}
    fn on_remove(&mut self, _: Slot) {}
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.0 += 1;
        marks.foresee(Some(Slot(self.0 % 7)));
        marks.foresee(Some(Slot(u32::MAX - self.0 % 2)));
        (self.0.is_multiple_of(2)).then_some(Slot(self.0.wrapping_mul(0x9e37_79b9)))
    }
}

#[test]
fn a_policy_that_talks_nonsense_costs_hits_and_never_the_bound() {
    let memory = Memory::new(3, |_| Nonsense(0));
    for key in 0..1_000_u32 {
        memory.insert(key, key);
        assert!(memory.weight() <= 3);
    }
}

#[test]
fn a_lease_is_good_for_one_fill_however_odd_the_entry() {
    let (env, _manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).build(Lru::new);
    let lease = memory.lease_now(&1);
    assert!(memory.fill_now(1, Entry::new(1).ttl(Duration::ZERO), lease).is_stored());
    assert_eq!(memory.get(&1), None, "stored, and expired at once");
}
