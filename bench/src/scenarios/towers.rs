//! The hit path through every pattern that a read may meet, beside the bare engine: by value, and by the contract of a
//! store, whose answers are larger by the life of the entry. The entries do expire, but not now.

use std::hint::black_box;
use std::time::Duration;

use larder::patterns::{PatternExt, Stamped};
use larder::policies::Lru;
use larder::{Env, Memory, Store, StoreExt, Value};

use super::hits::{number_entries, requests_for};
use crate::contestant::Contestant;
use crate::polled::polled;
use crate::setting::{Setting, env};
use crate::workload::{Requests, number};

const RANKS: u64 = 10_000;
const HOUR: Duration = Duration::from_hours(1);

/// After which part of its life an entry would be reloaded.
const PART: f64 = 0.8;

/// By `get`.
pub(super) fn get(setting: Setting) -> Vec<Contestant> {
    contestants::<false>(setting)
}

/// By `get_now`.
pub(super) fn get_now(setting: Setting) -> Vec<Contestant> {
    contestants::<true>(setting)
}

fn contestants<const NOW: bool>(setting: Setting) -> Vec<Contestant> {
    vec![
        by_value(setting),
        made::<NOW, _>("bare", move |env| Some(memory(setting, env))),
        made::<NOW, _>("read-through", move |env| Some(memory(setting, env).read_through_in(load, env))),
        made::<NOW, _>("read-through as DynStore", move |env| {
            Some(memory(setting, env).read_through_in(load, env).into_dyn())
        }),
        made::<NOW, _>("refresh-ahead", move |env| memory(setting, env).refresh_ahead(load, PART, env).ok()),
        made::<NOW, _>("tags", move |env| Some(tagged(setting, env))),
        made::<NOW, _>("tags, refresh-ahead", move |env| {
            tagged(setting, env).refresh_ahead(load, PART, env).ok()
        }),
        made::<NOW, _>("tags, read-through, refresh-ahead", move |env| tower(setting, env)),
        made::<NOW, _>("the same as DynStore", move |env| tower(setting, env).map(StoreExt::into_dyn)),
    ]
}

/// The engine's own look-up, whose answer is the value alone.
fn by_value(setting: Setting) -> Contestant {
    Contestant::new("Memory::get", &requests(), move || {
        let memory = memory(setting, &env());
        number_entries(RANKS).for_each(|(key, value)| memory.insert(key, value));
        move |key: &u64| black_box(memory.get(key)).is_some()
    })
}

/// What `make` makes, filled. If it could not be made, the column of hits shows it.
fn made<const NOW: bool, S: Store<Key = u64, Value = u64>>(
    name: &str,
    make: impl FnOnce(&Env) -> Option<S> + 'static,
) -> Contestant {
    Contestant::new(name, &requests(), move || {
        let store = make(&env())
            .filter(|store| number_entries(RANKS).all(|(key, value)| polled(store.put(key, value)).is_ok()));
        move |key: &u64| {
            let Some(store) = &store else { return false };
            if NOW {
                black_box(store.get_now(key)).is_some_and(|found| found.is_hit())
            } else {
                black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
            }
        }
    })
}

fn memory<V: Value>(setting: Setting, env: &Env) -> Memory<u64, V, Lru> {
    setting.roomy(RANKS).ttl(HOUR).env(env).build(Lru::new)
}

fn tagged(setting: Setting, env: &Env) -> impl Store<Key = u64, Value = u64> + use<> {
    memory::<Stamped<u64>>(setting, env).tagged(|key: &u64, _: &u64| [format!("tag {}", key % 100)])
}

fn tower(setting: Setting, env: &Env) -> Option<impl Store<Key = u64, Value = u64> + use<>> {
    tagged(setting, env).read_through_in(load, env).refresh_ahead(load, PART, env).ok()
}

async fn load(key: u64) -> larder::Result<Option<u64>> {
    Ok(Some(key))
}

fn requests() -> Requests<u64> {
    Requests::zipf(RANKS, requests_for(RANKS), number)
}
