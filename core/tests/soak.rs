//! Everything at once: eight threads do everything to one memory store, under every policy; then nothing may be wrong.
//!
//! `LARDER_SOAK_SECONDS=600 cargo test --release -p larder-core --test soak` goes on for ten minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use larder_core::{Cause, Entry, Env, EvictionPolicy, Lookup, Manual, Memory, MemoryOptions};
use larder_policies::POLICIES;

const THREADS: u64 = 8;
const KEYS: u64 = 4_096;
const CAPACITY: u64 = 1_024;
const HEAVIEST: u64 = 8;
const STEPS: usize = 4_000;
/// Values that are neither in the store nor in a thread's hands: what awaits its last reader.
const GARBAGE: usize = 4_096;

type Policy = Box<dyn EvictionPolicy>;

/// A value that knows what it is of, and is counted while it is anywhere.
struct Value {
    key: u64,
    version: u64,
    living: Arc<AtomicUsize>,
}

impl Value {
    fn weight(&self) -> u64 {
        1 + (self.key + self.version) % HEAVIEST
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::Relaxed);
    }
}

struct World {
    memory: Memory<u64, Arc<Value>, Policy>,
    ticker: Manual,
    /// The version that each key has where values come from. Only the key's own thread raises it.
    origin: Vec<AtomicU64>,
    living: Arc<AtomicUsize>,
    told: Arc<[AtomicUsize; 2]>,
}

impl World {
    fn new(policy: fn(u64) -> Policy) -> Self {
        let (env, ticker) = Env::manual();
        let told = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let listener = Arc::clone(&told);
        let memory = MemoryOptions::new(CAPACITY)
            .shards(2)
            .ttl(Duration::from_secs(50))
            .idle(Duration::from_secs(20))
            .jitter(0.2)
            .weigh(|_, value: &Arc<Value>| u32::try_from(value.weight()).unwrap_or(u32::MAX))
            .on_removal(move |key: &u64, value: &Arc<Value>, cause| {
                assert_eq!(*key, value.key);
                listener[usize::from(cause == Cause::Refused)].fetch_add(1, Ordering::Relaxed);
            })
            .env(&env)
            .build(policy);
        let origin = (0..KEYS).map(|_| AtomicU64::new(0)).collect();
        Self { memory, ticker, origin, living: Arc::default(), told }
    }

    /// The value that `key` has where values come from. That takes a while at times.
    fn load(&self, key: u64) -> Arc<Value> {
        self.living.fetch_add(1, Ordering::Relaxed);
        let version = self.origin[usize::try_from(key).unwrap()].load(Ordering::SeqCst);
        if (key + version).is_multiple_of(16) {
            thread::yield_now();
        }
        Arc::new(Value { key, version, living: Arc::clone(&self.living) })
    }

    /// What a look-up by `thread` must find, if it finds anything: what its key's own thread has written last.
    fn check(&self, thread: u64, key: u64, found: Option<&Arc<Value>>) {
        let Some(value) = found else { return };
        assert_eq!(value.key, key, "a value of another key");
        let version = self.origin[usize::try_from(key).unwrap()].load(Ordering::SeqCst);
        assert!(value.version <= version);
        assert!(key % THREADS != thread || value.version == version, "older than the last write");
    }

    fn step(&self, thread: u64, random: &mut Random) {
        // A few keys are much asked for.
        let key = if random.below(2) == 0 { random.below(KEYS) } else { random.below(KEYS / 64) };
        let own = key - key % THREADS + thread;
        match random.below(1_000) {
            0..400 => self.check(thread, key, self.memory.get(&key).as_ref()),
            400..600 => self.check(thread, own, self.memory.get(&own).as_ref()),
            600..750 => match self.memory.lookup(&key) {
                Lookup::Hit(entry) => self.check(thread, key, Some(entry.value())),
                Lookup::Miss(lease) => drop(self.memory.fill_now(key, Entry::new(self.load(key)), lease)),
            },
            750..800 => {
                let found = self.memory.get_or_insert_with(key, || self.load(key));
                assert_eq!(found.key, key);
            }
            800..900 => {
                self.origin[usize::try_from(own).unwrap()].fetch_add(1, Ordering::SeqCst);
                self.memory.insert(own, self.load(own));
            }
            900..980 => {
                self.origin[usize::try_from(own).unwrap()].fetch_add(1, Ordering::SeqCst);
                self.memory.remove(&own);
            }
            980..990 => self.ticker.advance(Duration::from_millis(random.below(500))),
            990..996 => drop(self.memory.prune()),
            996 => drop(self.memory.retain(|key, _| key % 3 != 0)),
            997 => self.memory.resize(CAPACITY / (1 + random.below(2))),
            998 => assert!(self.memory.entries().iter().all(|(key, entry)| entry.value().key == *key)),
            _ => self.memory.clear(),
        }
    }

    fn is_within_bounds(&self) {
        let memory = &self.memory;
        let entries = memory.entries();
        assert_eq!((entries.len(), memory.stats().panics), (memory.len(), 0));
        let weight: u64 = entries.iter().map(|(_, entry)| entry.value().weight()).sum();
        assert!(weight == memory.weight() && weight <= CAPACITY, "{weight} within {CAPACITY}");
        assert!(entries.iter().all(|(key, entry)| entry.value().key == *key));
        let [left, refused] = [0, 1].map(|cause| self.told[cause].load(Ordering::Relaxed));
        assert_eq!(memory.stats().inserts, (left + memory.len()) as u64, "and {refused} were refused");
        let living = self.living.load(Ordering::Relaxed);
        assert!(living <= entries.len() + GARBAGE, "{living} values for {} entries", entries.len());
    }
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn soak(policy: fn(u64) -> Policy, seed: u64) {
    let world = World::new(policy);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                let mut random = Random(seed * THREADS + thread);
                (0..STEPS).for_each(|_| world.step(thread, &mut random));
            });
        }
    });
    world.is_within_bounds();
    let World { memory, living, .. } = world;
    drop(memory);
    assert_eq!(living.load(Ordering::Relaxed), 0, "a value outlives its store");
}

#[test]
fn eight_threads_that_do_everything_leave_every_count_right() {
    let seconds = std::env::var("LARDER_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let begun = Instant::now();
    for seed in 0.. {
        for policy in POLICIES {
            soak(policy.make, seed);
        }
        if begun.elapsed() >= Duration::from_secs(seconds) {
            println!("{} rounds of {} policies", seed + 1, POLICIES.len());
            return;
        }
    }
}
