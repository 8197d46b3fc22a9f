//! The races that a store alone can meet, one test each; the doc comment names the row of the project's list.

use std::time::Duration;

use larder_core::{Clock, Entry, Env, Lookup, Memory, MemoryOptions, Time};
use larder_policies::{Lru, POLICIES};

const YEAR: Duration = Duration::from_hours(24 * 365);

/// Race 33: the clock jumps. Back: it can't. Forward, as after a suspension: what has ended is gone, once, and the
/// cache goes on.
#[test]
fn a_clock_never_goes_back_and_a_jump_forward_ends_what_was_due() {
    let (clock, ticker) = Clock::stepped();
    ticker.advance(YEAR);
    let memory = MemoryOptions::new(10).clock(clock.clone()).ttl(Duration::from_hours(1)).build(Lru::new);
    memory.insert(1, 1);
    ticker.move_to(Time::ZERO);
    assert_eq!(clock.now(), Time::ZERO.after(YEAR), "a year back is no step at all");
    assert_eq!(memory.get(&1), Some(1));
    ticker.advance(YEAR);
    assert_eq!(memory.get(&1), None);
    memory.insert(1, 2);
    assert_eq!((memory.get(&1), memory.len()), (Some(2), 1));
}

/// Race 34: durations overflow. They saturate: the longest is for ever, zero has ended.
#[test]
fn lives_at_the_ends_of_what_a_duration_can_say() {
    let (env, manual) = Env::manual();
    manual.advance(YEAR);
    let memory = MemoryOptions::new(10).env(&env).build(Lru::new);
    let nearly = Duration::from_nanos(u64::MAX - 1);
    for (key, ttl, there) in [
        (0, Duration::ZERO, false),
        (1, Duration::from_nanos(1), true),
        (2, nearly, true),
        (3, Duration::MAX, true),
    ] {
        memory.insert_entry(key, Entry::new(key).ttl(ttl).fresh_for(ttl));
        assert_eq!(memory.contains(&key), there, "{ttl:?}");
    }
    manual.advance(nearly);
    assert_eq!([1, 2, 3].map(|key| memory.contains(&key)), [false, true, true]);
}

/// Race 35: one item under two keys. Value, life and lease of an item are one entry under one key, so nothing of it is
/// left when it is removed.
#[test]
fn removing_a_key_leaves_nothing_of_it_behind() {
    let (env, manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).shards(1).build(Lru::new);
    memory.insert_entry(1, Entry::new(1).fresh_for(Duration::from_secs(1)).ttl(Duration::from_secs(9)));
    let refresh = memory.lease_now(&1);
    memory.remove(&1);
    assert_eq!((memory.len(), memory.weight(), memory.keys()), (0, 0, vec![]));
    assert!(!memory.fill_now(1, Entry::new(2), refresh).is_stored(), "nor its lease");
    memory.insert(1, 3);
    manual.advance(YEAR);
    assert_eq!(memory.get(&1), Some(3), "nor its old life");
}

/// Race 47: two clocks. All that has to do with one cache reads the clock it was given.
#[test]
fn expiry_idle_time_and_stamps_follow_the_one_injected_clock() {
    let (env, manual) = Env::manual();
    manual.advance(YEAR);
    let memory = MemoryOptions::new(10).env(&env).ttl(YEAR).idle(Duration::from_hours(1)).build(Lru::new);
    memory.insert(1, 1);
    let life = memory.get_entry(&1).unwrap().life();
    assert_eq!(life.stored(), Some(env.now()));
    assert_eq!(life.usable_until().time(), Some(env.now().after(YEAR)));
    manual.advance(Duration::from_mins(59));
    assert!(memory.get(&1).is_some());
    manual.advance(Duration::from_hours(1));
    assert!(memory.get(&1).is_none());
}

/// Race 49: lives cut to whole seconds. They are exact to the clock's tick.
#[test]
fn half_a_second_is_neither_none_nor_for_ever() {
    let (env, manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).ttl(Duration::from_millis(500)).build(Lru::new);
    memory.insert(1, 1);
    manual.advance(Duration::from_nanos(499_999_999));
    assert!(memory.contains(&1));
    manual.advance(Duration::from_nanos(1));
    assert!(!memory.contains(&1));
}

/// Race 55: the capacity is overshot because entries come in before the policy sees them.
#[test]
fn no_policy_ever_holds_more_than_the_capacity() {
    for policy in POLICIES {
        let memory = MemoryOptions::new(1_000).shards(4).weigh(|_, weight| *weight).build(policy.make);
        for key in 0..5_000_u32 {
            memory.insert(key, 1 + key % 97);
            assert!(memory.weight() <= 1_000, "{}", policy.name);
        }
        assert!(memory.weight() > 500, "and it is used: {} under {}", memory.weight(), policy.name);
    }
}

/// Race 56: expired entries that nobody touches stay, and memory grows.
#[test]
fn what_has_expired_makes_room_without_being_touched() {
    for policy in POLICIES {
        let (env, manual) = Env::manual();
        let memory: Memory<u32, u32, _> =
            MemoryOptions::new(u64::MAX).env(&env).ttl(Duration::from_secs(1)).build(policy.make);
        for round in 0..50 {
            (0..100).for_each(|key| memory.insert(round * 100 + key, key));
            manual.advance(Duration::from_secs(1));
        }
        assert!(memory.stats().entries <= 200, "{} under {}", memory.stats().entries, policy.name);
    }
}

/// Race 21: an expiry that races with a write takes the fresh value. Expiry looks at the life that is there now.
#[test]
fn an_overwrite_is_not_expired_by_the_life_it_replaced() {
    let (env, manual) = Env::manual();
    let memory = MemoryOptions::new(10).env(&env).build(Lru::new);
    memory.insert_entry(1, Entry::new(1).ttl(Duration::from_secs(1)));
    memory.insert_entry(1, Entry::new(2).ttl(Duration::from_mins(1)));
    manual.advance(Duration::from_secs(1));
    assert_eq!(memory.prune(), 0);
    assert!(matches!(memory.lookup(&1), Lookup::Hit(entry) if *entry.value() == 2));
}
