//! The hit of what would load on a miss: async.

use std::cell::OnceCell;
use std::hint::black_box;
use std::mem::ManuallyDrop;

use larder::policies::{Lru, Sieve};
use larder::{Cache, EvictionPolicy};
use larder_bench::contestant::Contestant;
use larder_bench::polled::polled;
use larder_bench::workload::{Requests, number};
use tokio::runtime::{EnterGuard, Handle};

use super::hits::{number_entries, requests_for};

const RANKS: u64 = 10_000;

thread_local! {
    /// foyer looks for a runtime, on a hit as well. A thread that ends must not leave it: what it would leave is gone then.
    static RUNTIME: OnceCell<Option<ManuallyDrop<EnterGuard<'static>>>> = const { OnceCell::new() };
}

/// Ours and the rivals that load.
pub fn contestants() -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    vec![
        ours("larder, SIEVE", &requests, Sieve::new),
        ours("larder, LRU", &requests, Lru::new),
        Contestant::new("quick_cache", &requests, || {
            let cache = quick_cache::sync::Cache::new(2 * RANKS as usize);
            number_entries(RANKS).into_iter().for_each(|(key, value)| cache.insert(key, value));
            move |key: &u64| {
                let loaded = polled(cache.get_or_insert_async(key, async { Ok::<_, ()>(u64::MAX) }));
                black_box(loaded).is_ok_and(|value| value != u64::MAX)
            }
        }),
        Contestant::new("foyer, SIEVE", &requests, || {
            let cache: foyer_memory::Cache<u64, u64> = foyer_memory::CacheBuilder::new(2 * RANKS as usize)
                .with_eviction_config(foyer_memory::SieveConfig)
                .build();
            number_entries(RANKS).into_iter().for_each(|(key, value)| drop(cache.insert(key, value)));
            let runtime: &'static Handle = Box::leak(Box::new(Handle::current()));
            move |key: &u64| {
                let enter = || Handle::try_current().err().map(|_| ManuallyDrop::new(runtime.enter()));
                RUNTIME.with(|inside| _ = inside.get_or_init(enter));
                let load = || async { Ok::<_, std::io::Error>(u64::MAX) };
                black_box(polled(cache.get_or_fetch(key, load))).is_ok_and(|entry| *entry.value() != u64::MAX)
            }
        }),
        Contestant::new("moka, future", &requests, || {
            let cache = moka::future::Cache::new(2 * RANKS);
            number_entries(RANKS).into_iter().for_each(|(key, value)| polled(cache.insert(key, value)));
            move |key: &u64| black_box(polled(cache.get_with(*key, async { u64::MAX }))) != u64::MAX
        }),
        Contestant::new("cachet", &requests, || {
            let cache = cachet::Cache::builder::<u64, u64>(tick::Clock::new_tokio())
                .memory_with(|memory| memory.max_capacity(2 * RANKS))
                .build();
            for (key, value) in number_entries(RANKS) {
                polled(cache.insert(key, value)).expect("a memory cache takes it");
            }
            move |key: &u64| {
                let loaded = polled(cache.get_or_insert(key, || async { u64::MAX }));
                black_box(loaded).is_ok_and(|entry| *entry.value() != u64::MAX)
            }
        }),
    ]
}

fn ours<P: EvictionPolicy>(name: &str, requests: &Requests<u64>, policy: fn(u64) -> P) -> Contestant {
    Contestant::new(name, requests, move || {
        let cache =
            Cache::builder().capacity(2 * RANKS).policy(policy).build().expect("the settings are good");
        number_entries(RANKS).into_iter().for_each(|(key, value)| cache.insert(key, value));
        move |key: &u64| {
            let loaded = polled(cache.get_or_load(key, || async { Ok(u64::MAX) }));
            black_box(loaded).is_ok_and(|value| value != u64::MAX)
        }
    })
}
