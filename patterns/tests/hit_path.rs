//! What a hit costs beside its instructions: the size of the future that finds it, and what is counted on the way.

use std::time::Duration;

use larder_core::{DynStore, Env, Memory, MemoryOptions, Result, Stats, Store, StoreExt};
use larder_patterns::{PatternExt, Stamped, Tag, Tags};
use larder_policies::Lru;
use larder_testkit::Manual;

const MINUTE: Duration = Duration::from_mins(1);

type Engine = Memory<u64, Stamped<u64>, Lru>;

/// Memory, tags, read-through and refresh-ahead, with a handle on the memory and one on the tags.
struct Tower<S> {
    manual: Manual,
    memory: Engine,
    tags: Tags,
    store: S,
}

async fn squared(key: u64) -> Result<Option<u64>> {
    Ok(Some(key * key))
}

fn tower() -> Tower<impl Store<Key = u64, Value = u64> + use<>> {
    let (env, manual) = Env::manual();
    let memory: Engine = MemoryOptions::new(1_000).ttl(MINUTE).env(&env).build(Lru::new);
    let tags = Tags::new();
    let tagged = memory.clone().tagged_in(&tags, |_: &u64, _: &u64| [Tag::new("all")]);
    let store = tagged.read_through_in(squared, &env).refresh_ahead(squared, 0.8, &env).unwrap();
    Tower { manual, memory, tags, store }
}

impl<S: Store<Key = u64, Value = u64>> Tower<S> {
    #[track_caller]
    fn reads(&self, key: u64) {
        assert_eq!(self.manual.block_on(self.store.value(&key)).unwrap(), Some(key * key));
    }

    /// The hits and misses of the memory since the last question.
    fn counted(&self) -> (u64, u64) {
        let Stats { hits, misses, .. } = self.memory.stats();
        self.memory.reset_stats();
        (hits, misses)
    }
}

#[test]
fn a_hit_waits_in_a_small_future_however_high_the_tower() {
    let Tower { store, .. } = tower();
    assert!(size_of_val(&store.get(&7)) <= 48, "{} bytes", size_of_val(&store.get(&7)));
    let store: DynStore<u64, u64> = store.into_dyn();
    assert!(size_of_val(&store.get(&7)) <= 48, "{} bytes", size_of_val(&store.get(&7)));
    let (env, _manual) = Env::manual();
    let memory = || MemoryOptions::new(10).env(&env).build(Lru::new);
    let tiers = memory().fronted_by(memory()).read_through_in(squared, &env);
    assert!(size_of_val(&tiers.get(&7)) <= 48, "{} bytes", size_of_val(&tiers.get(&7)));
}

#[test]
fn a_look_up_that_nobody_waits_for_is_none() {
    let tower = tower();
    tower.reads(3);
    tower.counted();
    drop(tower.store.get(&3));
    assert_eq!(tower.counted(), (0, 0));
}

#[test]
fn a_look_up_counts_once_in_the_store_below_whether_it_hits_or_misses() {
    let tower = tower();
    tower.reads(3);
    assert_eq!(tower.counted(), (0, 1));
    for _ in 0..10 {
        tower.reads(3);
        assert!(tower.store.get_now(&3).is_some_and(|found| found.is_hit()));
    }
    assert_eq!(tower.counted(), (20, 0));
}

#[test]
fn an_entry_that_is_due_counts_as_one_hit() {
    let (env, manual) = Env::manual();
    let memory: Memory<u64, u64, Lru> = MemoryOptions::new(10).ttl(MINUTE).env(&env).build(Lru::new);
    let store = memory.clone().refresh_ahead(squared, 0.8, &env).unwrap();
    assert_eq!(manual.block_on(store.value(&3)).unwrap(), Some(9));
    assert_eq!(
        (memory.stats().hits, memory.stats().misses),
        (0, 1),
        "loaded under the lease of the one miss"
    );
    manual.advance(MINUTE * 9 / 10);
    assert_eq!(manual.block_on(store.value(&3)).unwrap(), Some(9));
    assert_eq!((memory.stats().hits, memory.stats().misses), (1, 1));
    manual.run();
    assert_eq!((store.stats().reloaded, store.stats().loads.ok), (1, 2));
}

#[test]
fn an_entry_that_was_invalidated_is_loaded_once_and_counts_as_no_miss_of_the_memory() {
    let tower = tower();
    tower.reads(3);
    tower.counted();
    tower.tags.invalidate("all");
    assert!(tower.store.get_now(&3).is_none());
    tower.reads(3);
    assert_eq!(tower.counted().1, 0);
    tower.reads(3);
    assert_eq!(tower.counted(), (1, 0));
}

#[test]
fn a_near_tier_counts_what_it_had_not() {
    let (env, manual) = Env::manual();
    let memory = || -> Memory<u64, u64, Lru> { MemoryOptions::new(10).env(&env).build(Lru::new) };
    let (near, far) = (memory(), memory());
    let store = far.clone().fronted_by(near.clone());
    far.insert(3, 9);
    for _ in 0..4 {
        assert_eq!(manual.block_on(store.value(&3)).unwrap(), Some(9));
    }
    assert_eq!((near.stats().hits, near.stats().misses), (3, 1));
    assert_eq!((far.stats().hits, far.stats().misses), (1, 0));
    assert_eq!((store.stats().near_hits, store.stats().far_hits), (3, 1));
}
