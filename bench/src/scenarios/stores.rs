//! The hit path through the trait: what `Store`, `DynStore` and wrappers add.

use std::hint::black_box;

use larder::policies::{Lru, find};
use larder::{EvictionPolicy, Lookup, Store, StoreExt};

use super::hits::{filled, number_entries, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::polled::polled;
use crate::setting::Setting;
use crate::workload::{Requests, number};

const RANKS: u64 = 10_000;

pub(super) fn contestants(setting: Setting) -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    let memory = move || filled(setting.roomy(RANKS), Lru::new, number_entries(RANKS));
    vec![
        yardsticks::map(&requests, || number_entries(RANKS)),
        Contestant::new("Memory::get", &requests, move || {
            let memory = memory();
            move |key: &u64| black_box(memory.get(key)).is_some()
        }),
        Contestant::new("Memory::get, boxed policy", &requests, move || {
            let memory = filled(setting.roomy(RANKS), boxed_lru, number_entries(RANKS));
            move |key: &u64| black_box(memory.get(key)).is_some()
        }),
        got("Store::get", &requests, memory),
        got_now("Store::get_now", &requests, memory),
        got("Shared, get", &requests, move || memory().shared()),
        got("DynStore, get", &requests, move || memory().into_dyn()),
        got_now("DynStore, get_now", &requests, move || memory().into_dyn()),
    ]
}

/// The policy as the table of policies makes it.
fn boxed_lru(capacity: u64) -> Box<dyn EvictionPolicy> {
    match find("lru") {
        Some(policy) => (policy.make)(capacity),
        None => Box::new(Lru::new(capacity)),
    }
}

fn got<S: Store<Key = u64, Value = u64>>(
    name: &str,
    requests: &Requests<u64>,
    store: impl FnOnce() -> S + 'static,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let store = store();
        move |key: &u64| black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
    })
}

fn got_now<S: Store<Key = u64, Value = u64>>(
    name: &str,
    requests: &Requests<u64>,
    store: impl FnOnce() -> S + 'static,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let store = store();
        move |key: &u64| black_box(store.get_now(key)).is_some_and(|found: Lookup<u64>| found.is_hit())
    })
}
