//! Two tiers: a hit in the near one, async.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use larder::patterns::PatternExt;
use larder::policies::{Lru, Sieve};
use larder::{EvictionPolicy, Memory, MemoryOptions, Store, StoreExt};
use larder_bench::contestant::Contestant;
use larder_bench::polled::polled;
use larder_bench::workload::{Requests, shuffled, string};
use multi_tier_cache::{CacheManager, CacheStrategy, MokaCache, MokaCacheConfig};

use super::hits::{Page, page, requests_for};

const RANKS: u64 = 10_000;

/// Ours, and the two rivals that have tiers; moka alone beside them.
pub fn contestants() -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), string);
    vec![
        ours("larder, SIEVE before SIEVE", &requests, Sieve::new),
        ours("larder, LRU before LRU", &requests, Lru::new),
        erased(&requests),
        Contestant::new("moka, future, one tier", &requests, || {
            let cache = moka::future::Cache::new(2 * RANKS);
            entries().for_each(|(key, value)| polled(cache.insert(key, value)));
            move |key: &String| black_box(polled(cache.get(key))).is_some()
        }),
        multi_tier_cache(&requests),
        cachet(&requests),
    ]
}

fn ours<P: EvictionPolicy>(name: &str, requests: &Requests<String>, policy: fn(u64) -> P) -> Contestant {
    Contestant::new(name, requests, move || {
        let far = Memory::<String, Page, P>::new(2 * RANKS, policy);
        let store = far.fronted_by(near(policy));
        move |key: &String| black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
    })
}

fn erased(requests: &Requests<String>) -> Contestant {
    Contestant::new("larder, SIEVE, both behind DynStore", requests, || {
        let far = Memory::<String, Page, Sieve>::new(2 * RANKS, Sieve::new);
        let store = far.fronted_by(near(Sieve::new)).into_dyn();
        move |key: &String| black_box(polled(store.get(key))).is_ok_and(|found| found.is_hit())
    })
}

fn near<P: EvictionPolicy>(policy: fn(u64) -> P) -> Memory<String, Page, P> {
    let memory = MemoryOptions::new(2 * RANKS).build(policy);
    entries().for_each(|(key, value)| memory.insert(key, value));
    memory
}

fn multi_tier_cache(requests: &Requests<String>) -> Contestant {
    Contestant::new("multi-tier-cache", requests, || {
        let tier = || {
            Arc::new(
                MokaCache::new(MokaCacheConfig { max_capacity: 2 * RANKS, ..MokaCacheConfig::default() })
                    .expect("the settings are good"),
            )
        };
        let cache = CacheManager::new_with_backends(tier(), tier(), None).expect("two tiers");
        for (key, value) in entries() {
            let value = Bytes::copy_from_slice(value.as_slice());
            let hour = CacheStrategy::Custom(Duration::from_hours(1));
            polled(cache.set_with_strategy(&key, value, hour)).expect("memory takes it");
        }
        move |key: &String| black_box(polled(cache.get(key))).is_ok_and(|found| found.is_some())
    })
}

fn cachet(requests: &Requests<String>) -> Contestant {
    Contestant::new("cachet", requests, || {
        let clock = tick::Clock::new_tokio();
        let tier = || {
            cachet::Cache::builder::<String, Page>(clock.clone())
                .memory_with(|memory| memory.max_capacity(2 * RANKS))
        };
        let cache = tier().fallback(tier()).build();
        for (key, value) in entries() {
            polled(cache.insert(key, value)).expect("memory takes it");
        }
        move |key: &String| black_box(polled(cache.get(key))).is_ok_and(|found| found.is_some())
    })
}

fn entries() -> impl Iterator<Item = (String, Page)> {
    shuffled(RANKS).into_iter().map(|rank| (string(rank), page(rank)))
}
