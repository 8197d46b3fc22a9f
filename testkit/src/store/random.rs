//! A long run of random operations, each answer compared with the model's.

use std::time::Duration;

use larder_core::{Entry, Filled, Lease, Lookup, Random, Store, Time};

use super::model::{Expected, KEYS, Model, Ttl};
use super::{Options, Probe};

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(
    fresh: &impl AsyncFn() -> Probe<'a, S>,
    options: &Options<S::Key, S::Value>,
) {
    let mut run = Run {
        probe: fresh().await,
        model: Model::new(options.now().unwrap_or_default(), options.tick, options.default_ttl),
        random: Random::seeded(options.seed),
        leases: Vec::new(),
        operation: 0,
    };
    for operation in 0..options.operations {
        run.operation = operation;
        run.step().await;
    }
}

struct Run<'a, S: Store> {
    probe: Probe<'a, S>,
    model: Model,
    random: Random,
    leases: Vec<Held>,
    operation: usize,
}

/// A lease, and what the model knew when it was taken.
struct Held {
    key: u64,
    generation: u64,
    lease: Lease,
}

impl<S: Store<Value: PartialEq>> Run<'_, S> {
    async fn step(&mut self) {
        match self.below(100) {
            0..30 => self.get().await,
            30..40 => self.take_lease().await,
            40..58 => self.fill().await,
            58..72 => self.insert().await,
            72..80 => self.remove().await,
            80..82 => self.clear().await,
            82..87 => self.get_many().await,
            87..91 => self.insert_many().await,
            91..94 => self.remove_many().await,
            94..97 => self.fill_many().await,
            _ => self.pass().await,
        }
    }

    async fn get(&mut self) {
        let key = self.below(KEYS);
        let found = self.probe.get(key).await;
        self.compare(key, found);
    }

    async fn get_many(&mut self) {
        let numbers = self.some_keys();
        let keys: Vec<_> = numbers.iter().map(|key| self.probe.key(*key)).collect();
        let found = self.done(self.probe.store.get_many(&keys).await);
        self.demand(found.len() == keys.len(), "get_many gives one answer for each key");
        for (key, found) in numbers.into_iter().zip(found) {
            self.compare(key, found);
        }
    }

    async fn take_lease(&mut self) {
        let key = self.below(KEYS);
        let lease = self.probe.lease(key).await;
        self.hold(key, lease);
    }

    async fn fill(&mut self) {
        let Some(held) = self.pick_lease() else { return };
        let (value, ttl, entry) = self.some_entry();
        let filled = self.probe.fill(held.key, entry, held.lease).await;
        self.filled(held.key, held.generation, filled, value, ttl);
    }

    async fn fill_many(&mut self) {
        let mut batch = Vec::new();
        let mut notes = Vec::new();
        for _ in 0..self.below(4) {
            let Some(held) = self.pick_lease() else { break };
            let (value, ttl, entry) = self.some_entry();
            batch.push((self.probe.key(held.key), entry, held.lease));
            notes.push((held.key, held.generation, value, ttl));
        }
        let filled = self.done(self.probe.store.fill_many(batch).await);
        self.demand(filled.len() == notes.len(), "fill_many gives one answer for each entry");
        for ((key, generation, value, ttl), filled) in notes.into_iter().zip(filled) {
            self.filled(key, generation, filled, value, ttl);
        }
    }

    fn filled(&mut self, key: u64, generation: u64, filled: Filled, value: u64, ttl: Ttl) {
        let good = generation == self.model.generation(key);
        match filled {
            Filled::Stored(_) => {
                self.demand(good, "a lease is void once its key was written, removed, cleared or filled");
                self.model.write(key, value, ttl);
            }
            Filled::Void => {
                self.demand(!good || self.probe.options.coarse, "a lease is good until its key is written");
            }
        }
    }

    async fn insert(&mut self) {
        let key = self.below(KEYS);
        let (value, ttl, entry) = self.some_entry();
        self.probe.insert(key, entry).await;
        self.model.write(key, value, ttl);
    }

    async fn insert_many(&mut self) {
        let mut batch = Vec::new();
        for key in self.some_keys() {
            let (value, ttl, entry) = self.some_entry();
            batch.push((self.probe.key(key), entry));
            self.model.write(key, value, ttl);
        }
        self.done(self.probe.store.insert_many(batch).await);
    }

    async fn remove(&mut self) {
        let key = self.below(KEYS);
        let removed = self.probe.remove(key).await;
        match self.model.expected(key) {
            Expected::Nothing => self.demand(!removed, "remove says that there was nothing"),
            Expected::Value(_) => {
                self.demand(removed || self.probe.options.lossy, "remove says that there was an entry");
            }
            Expected::Either(_) => {}
        }
        self.model.remove(key);
    }

    async fn remove_many(&mut self) {
        let numbers = self.some_keys();
        let keys: Vec<_> = numbers.iter().map(|key| self.probe.key(*key)).collect();
        let removed = self.done(self.probe.store.remove_many(&keys).await);
        let (mut least, mut most) = (0, 0);
        for key in numbers {
            let expected = self.model.expected(key);
            least += usize::from(matches!(expected, Expected::Value(_)) && !self.probe.options.lossy);
            most += usize::from(expected != Expected::Nothing);
            self.model.remove(key);
        }
        self.demand((least..=most).contains(&removed), "remove_many counts the usable entries");
    }

    async fn clear(&mut self) {
        self.probe.clear().await;
        self.model.clear();
    }

    /// Moves the clock by up to some lives; where time passes by itself, the run does without.
    async fn pass(&mut self) {
        let step = self.some_life();
        if let Some(before) = self.probe.options.now().filter(|now| now.after(step) < Time::MAX) {
            self.probe.pass(step).await;
            self.model.pass(before.after(step));
        }
    }

    fn compare(&mut self, key: u64, found: Lookup<S::Value>) {
        let lossy = self.probe.options.lossy;
        match (self.model.expected(key), found) {
            (Expected::Value(value) | Expected::Either(value), Lookup::Hit(entry)) => {
                let same = *entry.value() == self.probe.options.value(value);
                self.demand(same, "a hit has the value that was written last");
            }
            (Expected::Nothing, Lookup::Hit(_)) => {
                self.demand(false, "what was removed, has expired or was let go doesn't come back");
            }
            (expected, Lookup::Miss(lease)) => {
                let may_miss = lossy || !matches!(expected, Expected::Value(_));
                self.demand(may_miss, "an entry is there until it is removed or expires");
                self.model.lose(key);
                self.hold(key, lease);
            }
        }
    }

    fn hold(&mut self, key: u64, lease: Lease) {
        self.leases.push(Held { key, generation: self.model.generation(key), lease });
        if self.leases.len() > 24 {
            self.leases.remove(0);
        }
    }

    fn pick_lease(&mut self) -> Option<Held> {
        let held = self.leases.len() as u64;
        (held > 0).then(|| self.leases.swap_remove(self.below(held) as usize))
    }

    fn some_keys(&self) -> Vec<u64> {
        (0..self.below(5)).map(|_| self.below(KEYS)).collect()
    }

    fn some_entry(&self) -> (u64, Ttl, Entry<S::Value>) {
        let value = 1_000 + self.below(1 << 32);
        let entry = self.probe.entry(value);
        match self.below(10) {
            0..3 => (value, Ttl::Default, entry),
            3..6 => (value, Ttl::Never, entry.never_expires()),
            6 => (value, Ttl::Of(Duration::ZERO), entry.ttl(Duration::ZERO)),
            7 => (value, Ttl::Of(Duration::MAX), entry.ttl(Duration::MAX)),
            _ if self.probe.options.now().is_none() => (value, Ttl::Never, entry.never_expires()),
            _ => {
                let ttl = self.some_life();
                (value, Ttl::Of(ttl), entry.ttl(ttl))
            }
        }
    }

    /// From a tick to some weeks, each order of magnitude as likely as the others.
    fn some_life(&self) -> Duration {
        let ticks = 1 + self.random.next() % (1 << (1 + self.below(20)));
        let unit = [self.probe.options.tick, Duration::from_millis(1), Duration::from_secs(1)];
        let unit = unit[self.below(3) as usize].max(self.probe.options.tick);
        unit.saturating_mul(ticks as u32)
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.next() % bound
    }

    #[track_caller]
    fn done<T>(&self, result: larder_core::Result<T>) -> T {
        self.demand(result.is_ok(), "a store that is well never fails");
        match result {
            Ok(done) => done,
            Err(error) => unreachable!("{error}"),
        }
    }

    #[track_caller]
    fn demand(&self, holds: bool, rule: &str) {
        let (seed, operation) = (self.probe.options.seed, self.operation);
        assert!(holds, "the store breaks its contract: {rule} (seed {seed}, operation {operation})");
    }
}
