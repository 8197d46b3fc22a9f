//! Patterns that load, put around write-behind: what is queued is newer than what the origin has, so they must not load it.

use std::time::Duration;

use larder_core::{Entry, Env, MemoryOptions, Store, StoreExt};
use larder_patterns::{Batch, Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Manual, MapOrigin};

const SECOND: Duration = Duration::from_secs(1);
const KEY: u64 = 1;

/// Reads its own writes through `tower`, whose origin is written ten seconds later.
fn reads_its_own_writes<S: Store<Key = u64, Value = u64>>(
    tower: &S,
    manual: &Manual,
    origin: &MapOrigin<u64, u64>,
) {
    let read = || manual.block_on(tower.value(&KEY)).unwrap();
    assert_eq!(read(), Some(1), "loaded");
    manual.block_on(tower.put(KEY, 2)).unwrap();
    assert_eq!((read(), origin.get(&KEY)), (Some(2), Some(1)), "queued");
    manual.block_on(tower.remove(&KEY)).unwrap();
    assert_eq!((read(), origin.get(&KEY)), (None, Some(1)), "the removal is queued");
    let batch = manual.block_on(tower.get_many(&[KEY, KEY])).unwrap();
    assert!(batch.iter().all(|found| !found.is_hit()), "in a batch, too");
    manual.advance(10 * SECOND);
    manual.run();
    assert_eq!((read(), origin.get(&KEY)), (None, None), "written");
    origin.put(KEY, 5);
    assert_eq!(read(), Some(5), "and loaded again");
}

fn world() -> (Env, Manual, MapOrigin<u64, u64>, Batch<u64, u64>) {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::new();
    origin.put(KEY, 1);
    (env, manual, origin, Batch::of(100).every(10 * SECOND))
}

#[test]
fn read_through_around_write_behind_does_not_bring_a_removed_row_back() {
    let (env, manual, origin, batch) = world();
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    let tower = memory.write_behind(origin.clone(), batch, &env).read_through_in(origin.clone(), &env);
    reads_its_own_writes(&tower, &manual, &origin);
}

#[test]
fn refresh_ahead_around_write_behind_does_not_bring_a_removed_row_back() {
    let (env, manual, origin, batch) = world();
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    let behind = memory.write_behind(origin.clone(), batch, &env);
    let tower = behind.keep_fresh(origin.clone(), Freshness::new().refresh_ahead(0.8), &env).unwrap();
    reads_its_own_writes(&tower, &manual, &origin);
}

#[test]
fn refresh_ahead_inside_write_behind_does_not_either() {
    let (env, manual, origin, batch) = world();
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    let fresh = memory.keep_fresh(origin.clone(), Freshness::new().refresh_ahead(0.8), &env).unwrap();
    reads_its_own_writes(&fresh.write_behind(origin.clone(), batch, &env), &manual, &origin);
}

/// A value that is queued and due for a reload is answered as it is: the origin has only an older one.
#[test]
fn a_queued_value_is_not_reloaded() {
    let (env, manual, origin, _) = world();
    let batch = Batch::of(100).every(1_000 * SECOND);
    let loader = CountingLoader::new(origin.clone());
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    let behind = memory.write_behind(origin.clone(), batch, &env);
    let tower = behind.keep_fresh(loader.clone(), Freshness::new().refresh_ahead(0.5), &env).unwrap();
    manual.block_on(tower.insert(KEY, Entry::new(2).ttl(100 * SECOND))).unwrap();
    manual.advance(60 * SECOND);
    for _ in 0..3 {
        assert_eq!(manual.block_on(tower.value(&KEY)).unwrap(), Some(2));
        manual.run();
    }
    assert_eq!((loader.counts().calls(), origin.get(&KEY)), (0, Some(1)));
}
