//! Under every schedule that the model checker tries, what threads see is what some order of their calls would give.
//!
//! Built with `RUSTFLAGS="--cfg shuttle"`; `cargo xtask test` does so.
#![cfg(shuttle)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use larder_core::{Entry, Env, Lease, Lookup, Memory, MemoryOptions};
use larder_policies::Lru;
use shuttle::rand::{Rng, thread_rng};

const SCHEDULES: usize = 3_000;
const KEYS: usize = 2;

/// What a call did, with the number of the lease it gave or took.
#[derive(Clone, Debug)]
enum Call {
    Get(usize, Option<u32>),
    Miss(usize, usize),
    Insert(usize, u32),
    Fill(usize, u32, usize, bool),
    Remove(usize, Option<u32>),
    Clear,
}

/// A call, and when it began and ended.
#[derive(Clone, Debug)]
struct Event {
    call: Call,
    began: usize,
    ended: usize,
}

/// The cache as one thread would see it: values, and for each lease whether it still can fill.
#[derive(Clone, Default)]
struct Sequential {
    values: [Option<u32>; KEYS],
    leases: Vec<(usize, usize)>,
}

impl Sequential {
    /// Does the call; whether it gives what it gave.
    fn accepts(&mut self, call: &Call) -> bool {
        match *call {
            Call::Get(key, value) => self.values[key] == value,
            Call::Miss(key, lease) => {
                self.leases.push((lease, key));
                self.values[key].is_none()
            }
            Call::Insert(key, value) => {
                self.put(key, Some(value));
                true
            }
            Call::Remove(key, value) => {
                let same = self.values[key] == value;
                self.put(key, None);
                same
            }
            Call::Clear => {
                (0..KEYS).for_each(|key| self.put(key, None));
                true
            }
            Call::Fill(key, value, lease, stored) => {
                let good = self.leases.contains(&(lease, key));
                if good {
                    self.put(key, Some(value));
                }
                good == stored
            }
        }
    }

    fn put(&mut self, key: usize, value: Option<u32>) {
        self.values[key] = value;
        self.leases.retain(|(_, other)| *other != key);
    }
}

/// Whether some order of `events` that respects who ended before whom began gives what was seen (Wing and Gong, 1993).
fn is_linearizable(events: &[Event], state: &Sequential) -> bool {
    let Some(first_end) = events.iter().map(|event| event.ended).min() else { return true };
    (0..events.len()).filter(|index| events[*index].began < first_end).any(|index| {
        let mut next = state.clone();
        let mut rest = events.to_vec();
        let event = rest.swap_remove(index);
        next.accepts(&event.call) && is_linearizable(&rest, &next)
    })
}

struct World {
    memory: Memory<usize, u32, Lru>,
    clock: AtomicUsize,
    leases: AtomicUsize,
    events: Mutex<Vec<Event>>,
}

impl World {
    fn new(shards: usize) -> Self {
        let (env, _manual) = Env::manual();
        let memory = MemoryOptions::new(100).shards(shards).env(&env).build(Lru::new);
        Self { memory, clock: AtomicUsize::new(0), leases: AtomicUsize::new(0), events: Mutex::default() }
    }

    fn tick(&self) -> usize {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn record(&self, began: usize, call: Call) {
        let ended = self.tick();
        self.events.lock().unwrap().push(Event { call, began, ended });
    }

    /// Makes a few calls at random, and records each.
    fn run(&self, calls: usize, may_clear: bool) {
        let mut held: Vec<(usize, usize, Lease)> = Vec::new();
        for _ in 0..calls {
            let key = thread_rng().gen_range(0..KEYS);
            let value = thread_rng().gen_range(0..1_000_000);
            let choice = thread_rng().gen_range(0..if may_clear { 12 } else { 11 });
            let began = self.tick();
            let call = match (choice, held.pop()) {
                (0..5, Some((key, number, lease))) => {
                    let filled = self.memory.fill_now(key, Entry::new(value), lease);
                    Call::Fill(key, value, number, filled.is_stored())
                }
                (0..6, _) => match self.memory.lookup(&key) {
                    Lookup::Hit(entry) => Call::Get(key, Some(entry.into_value())),
                    Lookup::Miss(lease) => {
                        let number = self.leases.fetch_add(1, Ordering::SeqCst);
                        held.push((key, number, lease));
                        Call::Miss(key, number)
                    }
                },
                (6..9, _) => {
                    self.memory.insert(key, value);
                    Call::Insert(key, value)
                }
                (9..11, _) => Call::Remove(key, self.memory.remove(&key)),
                _ => {
                    self.memory.clear();
                    Call::Clear
                }
            };
            self.record(began, call);
        }
    }
}

fn check(threads: usize, calls: usize, shards: usize) {
    let scenario = move || {
        let world = Arc::new(World::new(shards));
        let run = |world: Arc<World>| shuttle::thread::spawn(move || world.run(calls, shards == 1));
        let running: Vec<_> = (0..threads).map(|_| run(Arc::clone(&world))).collect();
        running.into_iter().for_each(|thread| thread.join().unwrap());
        let events = world.events.lock().unwrap().clone();
        assert!(is_linearizable(&events, &Sequential::default()), "no order explains {events:#?}");
    };
    shuttle::check_random(scenario, SCHEDULES);
    shuttle::check_pct(scenario, SCHEDULES, 3);
}

#[test]
fn two_threads_see_one_order_of_calls() {
    check(2, 5, 1);
}

#[test]
fn three_threads_see_one_order_of_calls() {
    check(3, 4, 1);
}

#[test]
fn four_threads_see_one_order_of_calls_on_several_shards() {
    check(4, 3, 4);
}

#[test]
fn threads_that_miss_one_key_share_one_call() {
    let scenario = || {
        let memory = Arc::new(Memory::new(10, Lru::new));
        let calls = Arc::new(AtomicUsize::new(0));
        let ask = |memory: &Arc<Memory<u32, u32, Lru>>, calls: &Arc<AtomicUsize>| {
            let (memory, calls) = (Arc::clone(memory), Arc::clone(calls));
            shuttle::thread::spawn(move || {
                let make = || {
                    shuttle::thread::yield_now();
                    calls.fetch_add(1, Ordering::SeqCst) as u32
                };
                assert_eq!(memory.get_or_insert_with(1, make), 0);
            })
        };
        let asking: Vec<_> = (0..3).map(|_| ask(&memory, &calls)).collect();
        asking.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    };
    shuttle::check_random(scenario, SCHEDULES);
}

#[test]
fn makers_that_wait_for_each_other_are_answered_and_not_stuck() {
    let scenario = || {
        let memory = Arc::new(Memory::new(10, Lru::new));
        let ask = |memory: &Arc<Memory<u32, u32, Lru>>, key: u32| {
            let memory = Arc::clone(memory);
            shuttle::thread::spawn(move || {
                let value = memory.get_or_insert_with(key, || memory.get_or_insert_with(1 - key, || 7));
                assert_eq!(value, 7);
            })
        };
        let (one, other) = (ask(&memory, 0), ask(&memory, 1));
        one.join().unwrap();
        other.join().unwrap();
    };
    shuttle::check_random(scenario, SCHEDULES);
}

#[test]
fn who_asks_after_removing_never_gets_a_value_made_before() {
    let scenario = || {
        let memory = Arc::new(Memory::new(10, Lru::new));
        let origin = Arc::new(AtomicUsize::new(0));
        let slow = {
            let (memory, origin) = (Arc::clone(&memory), Arc::clone(&origin));
            shuttle::thread::spawn(move || {
                memory.get_or_insert_with(1, || {
                    let value = origin.load(Ordering::SeqCst);
                    shuttle::thread::yield_now();
                    value
                })
            })
        };
        shuttle::thread::yield_now();
        origin.store(1, Ordering::SeqCst);
        memory.remove(&1);
        assert_eq!(memory.get_or_insert_with(1, || origin.load(Ordering::SeqCst)), 1);
        slow.join().unwrap();
        assert_eq!(memory.get(&1), Some(1));
    };
    shuttle::check_random(scenario, SCHEDULES);
}

#[test]
fn the_checker_has_teeth() {
    let at = |began, ended, call| Event { call, began, ended };
    let stale =
        [at(0, 1, Call::Miss(0, 0)), at(2, 3, Call::Insert(0, 2)), at(4, 5, Call::Fill(0, 1, 0, true))];
    assert!(!is_linearizable(&stale, &Sequential::default()), "a stale set");
    let lost = [at(0, 1, Call::Insert(0, 2)), at(2, 3, Call::Get(0, None))];
    assert!(!is_linearizable(&lost, &Sequential::default()), "a lost write");
    let either = [at(0, 3, Call::Insert(0, 2)), at(1, 2, Call::Get(0, None))];
    assert!(is_linearizable(&either, &Sequential::default()), "calls that overlap may go either way");
}
