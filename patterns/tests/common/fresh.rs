//! A world around a store that is kept fresh, whose every load the test answers.
#![allow(dead_code)]

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Entry, Env, ErrorKind, Lookup, Memory, MemoryOptions, Result, Store, StoreExt};
use larder_patterns::{Fresh, FreshStats, Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::{Gate, LoadCall, Manual};

use crate::common::{Task, kind, start};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) type Engine = Memory<u64, u64, Lru>;

/// Entries are fresh for 100 s and usable for 200 s, unless they say otherwise.
pub(crate) fn engine(env: &Env) -> Engine {
    MemoryOptions::new(10_000).fresh_for(100 * SECOND).ttl(200 * SECOND).env(env).build(Lru::new)
}

pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) manual: Manual,
    pub(crate) gate: Gate<u64, u64>,
    pub(crate) store: Arc<Fresh<Engine, Gate<u64, u64>>>,
}

impl World {
    pub(crate) fn new(freshness: Freshness) -> Self {
        let (env, manual) = Env::manual();
        let gate = Gate::new();
        let store = Arc::new(engine(&env).keep_fresh(gate.clone(), freshness, &env).unwrap());
        Self { env, manual, gate, store }
    }

    /// A look-up under way.
    pub(crate) fn ask(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        let store = Arc::clone(&self.store);
        let task = start(&self.env, async move { kind(store.value(&key).await) });
        self.manual.run();
        task
    }

    /// What a look-up is answered at once.
    #[track_caller]
    pub(crate) fn answered(&self, key: u64) -> Result<Option<u64>, ErrorKind> {
        self.ask(key).answer().expect("the answer does not wait")
    }

    /// What a batch is answered, with what it waits for.
    pub(crate) fn ask_many(&self, keys: &[u64]) -> Task<Result<Vec<Option<u64>>, ErrorKind>> {
        let (store, keys) = (Arc::clone(&self.store), keys.to_vec());
        let values = |found: Vec<Lookup<u64>>| found.into_iter().map(Lookup::value).collect();
        let task = start(&self.env, async move { kind(store.get_many(&keys).await.map(values)) });
        self.manual.run();
        task
    }

    /// The load that has waited longest.
    #[track_caller]
    pub(crate) fn call(&self) -> LoadCall<u64, u64> {
        self.gate.try_next_call().expect("a load is under way")
    }

    #[track_caller]
    pub(crate) fn release(&self, value: u64) {
        self.call().release(value);
        self.manual.run();
    }

    #[track_caller]
    pub(crate) fn fail(&self) {
        self.call().fail(larder_core::Error::load("the origin is down"));
        self.manual.run();
    }

    #[track_caller]
    pub(crate) fn absent(&self) {
        self.call().absent();
        self.manual.run();
    }

    pub(crate) fn put(&self, key: u64, value: u64) {
        self.does(self.store.put(key, value));
    }

    pub(crate) fn does<T>(&self, operation: impl Future<Output = Result<T>>) -> T {
        self.manual.block_on(operation).unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.manual.advance(time);
        self.manual.run();
    }

    /// What the wrapped store has.
    pub(crate) fn kept(&self, key: u64) -> Option<u64> {
        self.store.inner().get_entry(&key).map(Entry::into_value)
    }

    pub(crate) fn stats(&self) -> FreshStats {
        self.store.stats()
    }
}
