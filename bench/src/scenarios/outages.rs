//! What a far tier costs that does not answer: once the circuit breaker is open, to be held against the deadline of 100 ms
//! that a look-up costs until then. Beside it, what the guards cost while all is well.

use std::future::pending;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::patterns::{Breaker, Circuit, Guarded, PatternExt, TimeLimit};
use larder::policies::Lru;
use larder::{Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Memory, Result, Store};

use super::hits::{number_entries, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::polled::polled;
use crate::setting::{Setting, env};
use crate::workload::{Requests, number};

const RANKS: u64 = 10_000;
const LIMIT: Duration = Duration::from_millis(100);

pub(super) fn contestants(setting: Setting) -> Vec<Contestant> {
    vec![
        yardsticks::map(&requests(), || number_entries(RANKS)),
        looked_up("far tier, bare", move |env| Some(Far::new(setting, env))),
        looked_up("time limit, breaker, optional around it", move |env| {
            guarded(setting, env).map(|store| store.optional(|_, _| {}, env))
        }),
        looked_up("it hangs, the breaker is open", move |env| guarded(setting, env).map(opened)),
        looked_up("it hangs, the breaker is open, a miss by optional", move |env| {
            guarded(setting, env).map(opened).map(|store| store.optional(|_, _| {}, env))
        }),
    ]
}

fn guarded(setting: Setting, env: &Env) -> Option<Guarded<Guarded<Far, TimeLimit>, Circuit>> {
    Far::new(setting, env).within(LIMIT, env).circuit_broken(Breaker::new(1.0, 1), env).ok()
}

/// The same with a far tier that hangs, after its one failure has opened the breaker. The clock stands still: it stays open.
fn opened(store: Guarded<Guarded<Far, TimeLimit>, Circuit>) -> Guarded<Guarded<Far, TimeLimit>, Circuit> {
    let far = store.inner().inner();
    far.fails.store(true, Ordering::Relaxed);
    black_box(polled(store.get(&0)).is_err());
    far.hangs.store(true, Ordering::Relaxed);
    store
}

/// If the store could not be made, the column of hits shows it.
fn looked_up<S: Store<Key = u64, Value = u64>>(
    name: &str,
    make: impl FnOnce(&Env) -> Option<S> + 'static,
) -> Contestant {
    Contestant::new(name, &requests(), move || {
        let store = make(&env());
        move |key: &u64| {
            let Some(store) = &store else { return false };
            black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
        }
    })
}

fn requests() -> Requests<u64> {
    Requests::zipf(RANKS, requests_for(RANKS), number)
}

/// Answers only who waits, as what is far away does; fails or hangs when told.
struct Far {
    memory: Memory<u64, u64, Lru>,
    fails: AtomicBool,
    hangs: AtomicBool,
}

impl Far {
    fn new(setting: Setting, env: &Env) -> Self {
        let memory = setting.roomy(RANKS).env(env).build(Lru::new);
        number_entries(RANKS).for_each(|(key, value)| memory.insert(key, value));
        Self { memory, fails: AtomicBool::new(false), hangs: AtomicBool::new(false) }
    }
}

impl Store for Far {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        if self.hangs.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Store, "asking a store that is told to fail"));
        }
        Store::get(&self.memory, key).await
    }

    fn get_now(&self, _: &u64) -> Option<Lookup<u64>> {
        None
    }

    async fn lease(&self, key: &u64) -> Result<Lease> {
        Store::lease(&self.memory, key).await
    }

    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        Store::fill(&self.memory, key, entry, lease).await
    }

    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        Store::insert(&self.memory, key, entry).await
    }

    async fn remove(&self, key: &u64) -> Result<bool> {
        Store::remove(&self.memory, key).await
    }

    async fn clear(&self) -> Result<()> {
        Store::clear(&self.memory).await
    }
}
