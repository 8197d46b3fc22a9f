//! The hit path of what would load on a miss.

use std::hint::black_box;

use larder::patterns::PatternExt;
use larder::policies::{Lru, Sieve, WTinyLfu};
use larder::{Cache, EvictionPolicy, Store};

use super::hits::{filled, hit, number_entries, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::polled::polled;
use crate::setting::{Setting, env};
use crate::workload::{Requests, number};

const RANKS: u64 = 10_000;

pub(super) fn contestants(setting: Setting) -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    let memory = move || filled(setting.roomy(RANKS), Lru::new, number_entries(RANKS));
    vec![
        yardsticks::map(&requests, || number_entries(RANKS)),
        hit("Memory::get", setting, &requests, RANKS, Lru::new, || number_entries(RANKS)),
        hit("Memory::get, sieve", setting, &requests, RANKS, Sieve::new, || number_entries(RANKS)),
        Contestant::new("Memory::get_or_insert_with", &requests, move || {
            let memory = memory();
            move |key: &u64| black_box(memory.get_or_insert_with(*key, || u64::MAX)) != u64::MAX
        }),
        Contestant::new("ReadThrough, get", &requests, move || {
            let store = memory().read_through_in(|key: u64| async move { Ok(Some(key)) }, &env());
            move |key: &u64| black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
        }),
        Contestant::new("Cache::get", &requests, move || {
            let cache = cache(Lru::new);
            move |key: &u64| cache.as_ref().is_some_and(|cache| black_box(cache.get(key)).is_some())
        }),
        get_or_load("Cache::get_or_load", &requests, Lru::new),
        get_or_load("Cache::get_or_load, sieve", &requests, Sieve::new),
        get_or_load("Cache::get_or_load, w-tinylfu", &requests, WTinyLfu::new),
    ]
}

fn get_or_load<P: EvictionPolicy>(name: &str, requests: &Requests<u64>, policy: fn(u64) -> P) -> Contestant {
    Contestant::new(name, requests, move || {
        let cache = cache(policy);
        move |key: &u64| {
            let Some(cache) = &cache else { return false };
            let loaded = polled(cache.get_or_load(key, || async { Ok(u64::MAX) }));
            black_box(loaded).is_ok_and(|value| value != u64::MAX)
        }
    })
}

/// A filled cache; none if it could not be built, which the column of hits then shows.
fn cache<P: EvictionPolicy>(policy: fn(u64) -> P) -> Option<Cache<u64, u64>> {
    let cache = Cache::builder().capacity(2 * RANKS).policy(policy).env(&env()).build().ok()?;
    number_entries(RANKS).for_each(|(key, value)| cache.insert(key, value));
    Some(cache)
}
