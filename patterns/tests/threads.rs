//! What must hold on real threads, whatever they do first. Nothing here waits for time to pass.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use common::block_on;
use larder_core::{Memory, Store, StoreExt};
use larder_patterns::{Cache, PatternExt};
use larder_policies::Lru;

const THREADS: u64 = 4;
const ROUNDS: u64 = 2_000;

/// Races 1, 30, 39, 40 and 43 together: who changed the origin and removed the cached copy never reads an older value.
#[test]
fn nobody_reads_a_value_older_than_his_own_last_removal() {
    let versions: Arc<[AtomicU64; 3]> = Arc::default();
    let origin = Arc::clone(&versions);
    let load = move |key: u64| {
        let version = origin[key as usize].load(Ordering::SeqCst);
        async move { Ok(Some(version)) }
    };
    let store = Memory::new(100, Lru::new).read_through(load);
    let cache = Cache::<u64, u64>::builder().capacity(100).build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, cache, versions) = (&store, &cache, &versions);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let key = (thread + round) % 3;
                    let written = versions[key as usize].fetch_add(1, Ordering::SeqCst) + 1;
                    block_on(store.remove(&key)).unwrap();
                    let read = block_on(store.value(&key)).unwrap();
                    assert!(read >= Some(written), "read-through: {read:?} after {written}");
                    cache.remove(&key);
                    let origin = Arc::clone(versions);
                    let load = move || async move { Ok(origin[key as usize].load(Ordering::SeqCst)) };
                    let read = block_on(cache.get_or_load(&key, load)).unwrap();
                    assert!(read >= written, "cache: {read} after {written}");
                }
            });
        }
    });
    assert_eq!(store.in_flight(), 0);
}

/// Race 30 on threads: a key that is never removed is loaded once, whoever comes when.
#[test]
fn each_key_is_loaded_once_whoever_comes_first() {
    let cache = Cache::<u64, u64>::new();
    let loads = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for key in 0..ROUNDS {
                    let loads = Arc::clone(&loads);
                    let load = move || async move {
                        loads.fetch_add(1, Ordering::Relaxed);
                        Ok(key * 10)
                    };
                    assert_eq!(block_on(cache.get_or_load(&key, load)).unwrap(), key * 10);
                }
            });
        }
    });
    assert_eq!(loads.load(Ordering::Relaxed), ROUNDS as usize);
    assert_eq!(cache.stats().loads_ok, ROUNDS);
}
