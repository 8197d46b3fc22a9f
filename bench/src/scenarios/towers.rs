//! The hit path through every pattern that a read may meet.

use std::hint::black_box;

use larder::patterns::{Freshness, PatternExt, Stamped};
use larder::policies::Lru;
use larder::{Store, StoreExt};

use super::hits::{filled, number_entries, requests_for};
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
        Contestant::new("Memory::get", &requests, move || {
            let memory = memory();
            move |key: &u64| black_box(memory.get(key)).is_some()
        }),
        Contestant::new("kept fresh, get_now", &requests, move || {
            let store = memory().keep_fresh(load, Freshness::new().refresh_ahead(0.8), &env()).ok();
            move |key: &u64| store.as_ref().is_some_and(|store| is_hit_now(store, *key))
        }),
        Contestant::new("kept fresh, get", &requests, move || {
            let store = memory().keep_fresh(load, Freshness::new().refresh_ahead(0.8), &env()).ok();
            move |key: &u64| store.as_ref().is_some_and(|store| is_hit(store, *key))
        }),
        Contestant::new("tagged, kept fresh, get_now", &requests, move || {
            let store = tower(setting);
            move |key: &u64| store.as_ref().is_some_and(|store| is_hit_now(store, *key))
        }),
        Contestant::new("tagged, kept fresh, get", &requests, move || {
            let store = tower(setting);
            move |key: &u64| store.as_ref().is_some_and(|store| is_hit(store, *key))
        }),
    ]
}

async fn load(key: u64) -> larder::Result<Option<u64>> {
    Ok(Some(key))
}

/// Memory, tags and freshness, filled; none if it could not be built, which the column of hits then shows.
fn tower(setting: Setting) -> Option<impl Store<Key = u64, Value = u64>> {
    let memory = filled::<u64, Stamped<u64>, _>(setting.roomy(RANKS), Lru::new, std::iter::empty());
    let tagged = memory.tagged(|key: &u64, _: &u64| [format!("tag {}", key % 100)]);
    let store = tagged.keep_fresh(load, Freshness::new().refresh_ahead(0.8), &env()).ok()?;
    for (key, value) in number_entries(RANKS) {
        polled(store.put(key, value)).ok()?;
    }
    Some(store)
}

fn is_hit(store: &impl Store<Key = u64, Value = u64>, key: u64) -> bool {
    black_box(polled(store.get(&key))).is_ok_and(|found| found.is_hit())
}

fn is_hit_now(store: &impl Store<Key = u64, Value = u64>, key: u64) -> bool {
    black_box(store.get_now(&key)).is_some_and(|found| found.is_hit())
}
