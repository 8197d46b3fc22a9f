//! Towers of patterns under the simulator: thousands of seeds, and an oracle that is shown to have teeth.

use std::time::Duration;

use larder_core::{Memory, MemoryOptions, Store};
use larder_patterns::{Batch, CacheAside, Freshness, InNamespace, Namespace, PatternExt, Stamped, Tags};
use larder_policies::Lru;
use larder_testkit::MapStore;
use larder_testkit::simulation::{Simulation, World, Writes, for_seeds};

#[path = "simulation/as_stores.rs"]
mod as_stores;
#[path = "simulation/broken.rs"]
mod broken;
#[path = "simulation/mortal.rs"]
mod mortal;
#[path = "simulation/the_oracle_finds.rs"]
mod the_oracle_finds;

use as_stores::{Aside, ByHandle, Loading};
use mortal::Mortal;

const MS: Duration = Duration::from_millis(1);

/// How many seeds each tower is tried with.
const SEEDS: u64 = 1_500;

/// With how many of them it is tried twice.
const TWICE: u64 = 60;

/// A row for each tower: its name, what the clients do, and how it is built. From it follow a test that it keeps its promises, and
/// one that a seed replays exactly.
macro_rules! towers {
    ($($name:ident: $simulation:expr, $tower:expr;)*) => {
        mod a_tower_keeps_its_promises {
            use super::*;

            $(#[test]
            fn $name() {
                for_seeds(SEEDS, |seed| {
                    $simulation(seed).run($tower);
                });
            })*
        }

        mod a_seed_replays_exactly {
            use super::*;

            $(#[test]
            fn $name() {
                for_seeds(TWICE, |seed| {
                    let once = $simulation(seed).run($tower);
                    assert_eq!(once, $simulation(seed).run($tower), "seed {seed}");
                });
            })*
        }
    };
}

towers! {
    memory_and_read_through: Simulation::new, |world| {
        world.watched(engine(world)).read_through_in(world.origin(), world.env())
    };
    read_through_with_a_deadline_over_an_unsteady_store: Simulation::new, |world| {
        far(world).read_through_in(world.origin(), world.env()).deadline(15 * MS)
    };
    tiers_and_read_through: Simulation::new, |world| {
        far(world).fronted_by(world.watched(engine(world))).read_through_in(world.origin(), world.env())
    };
    tiers_that_both_fail: |seed| Simulation::new(seed).clients(4), |world| {
        far(world).fronted_by(world.unsteady(engine(world))).read_through_in(world.origin(), world.env())
    };
    the_cache: Simulation::new, Loading::new;
    refresh_ahead_stale_answers_and_negative_entries: Simulation::new, |world| {
        world.watched(short_lived(world)).keep_fresh(world.origin(), freshness(), world.env()).unwrap()
    };
    cache_aside: |seed| through(seed).many_flights(), |world| {
        Aside(CacheAside::new(world.watched(engine(world)), world.origin(), world.origin()))
    };
    cache_aside_over_tiers_that_fail: |seed| through(seed).many_flights(), |world| {
        let tiers = far(world).fronted_by(world.watched(engine(world)));
        Aside(CacheAside::new(tiers, world.origin(), world.origin()))
    };
    tags_through_writes: Simulation::new, |world| {
        let tagged = stamped(world).tagged_in(&Tags::new(), name);
        world.watched(tagged).read_through_in(world.origin(), world.env())
    };
    tags_on_a_handle: Simulation::new, |world| {
        by_tag(|tags| world.watched(stamped(world).tagged_in(tags, name)).read_through_in(world.origin(), world.env()))
    };
    tags_on_a_handle_and_freshness: Simulation::new, |world| {
        let freshness = Freshness::new().refresh_ahead(0.5).soft_timeout(5 * MS).hard_timeout(30 * MS).error_ttl(10 * MS);
        by_tag(|tags| {
            let memory = world.watched(stamped(world).tagged_in(tags, name));
            memory.keep_fresh(world.origin(), freshness, world.env()).unwrap()
        })
    };
    tags_on_a_handle_over_tiers_that_fail: Simulation::new, |world| {
        by_tag(|tags| {
            let tiers = MapStore::new(world.env()).ttl(150 * MS).fronted_by(stamped(world));
            world.unsteady(tiers.tagged_in(tags, name)).read_through_in(world.origin(), world.env())
        })
    };
    namespaces: Simulation::new, |world| {
        let part = shared(world).in_namespace(&Namespace::new("users", 1));
        world.watched(part).read_through_in(world.origin(), world.env())
    };
    namespaces_cleared_on_a_handle: Simulation::new, |world| {
        let namespace = Namespace::new("users", 1);
        let part = world.unsteady(shared(world).in_namespace(&namespace));
        let clear = [namespace.clone(), namespace].map(|handle| move || handle.clear());
        let [one, all] = clear;
        let tower = part.read_through_in(world.origin(), world.env());
        ByHandle { tower, changed: Box::new(move |_| one()), all_changed: Box::new(all) }
    };
    write_through: through, |world| {
        let memory = world.watched(engine(world));
        memory.read_through_in(world.origin(), world.env()).write_through(world.origin())
    };
    write_through_tiers_that_fail: through, |world| {
        let tiers = far(world).fronted_by(world.watched(engine(world)));
        tiers.read_through_in(world.origin(), world.env()).write_through(world.origin())
    };
    write_around: through, |world| {
        let memory = world.watched(engine(world));
        memory.read_through_in(world.origin(), world.env()).write_around(world.origin())
    };
    write_behind: through, |world| {
        behind(world, world.watched(engine(world)).read_through_in(world.origin(), world.env()))
    };
    write_behind_over_a_store_that_fails_and_evicts: |seed| through(seed).judges_reads_only(), |world| {
        behind(world, world.unsteady(engine(world)).read_through_in(world.origin(), world.env()))
    };
    write_behind_over_tiers_that_fail: |seed| through(seed).judges_reads_only(), |world| {
        let tiers = far(world).fronted_by(world.watched(engine(world)));
        behind(world, tiers.read_through_in(world.origin(), world.env()))
    };
    durable_write_behind_whose_process_ends: through, Mortal::new;
}

type Engine = Memory<u64, u64, Lru>;

/// Room for one to three of the three keys, which live 60 ms (about three delays) or for ever: as the seed has it.
fn engine(world: &World) -> Engine {
    let draw = world.env().random().next();
    let options = MemoryOptions::new(1 + draw % 3).env(world.env()).shards(1);
    if draw & 64 == 0 { options.build(Lru::new) } else { options.ttl(60 * MS).build(Lru::new) }
}

/// The same with room for stamps.
fn stamped(world: &World) -> Memory<u64, Stamped<u64>, Lru> {
    let draw = world.env().random().next();
    MemoryOptions::new(1 + draw % 3).ttl(60 * MS).env(world.env()).shards(1).build(Lru::new)
}

/// The same for namespaces.
fn shared(world: &World) -> Memory<InNamespace<u64>, u64, Lru> {
    let draw = world.env().random().next();
    MemoryOptions::new(1 + draw % 3).ttl(60 * MS).env(world.env()).shards(1).build(Lru::new)
}

/// Each key has a tag of its own, and shares none: the oracle would take a needless load for a second one.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as tags are asked for")]
fn name(key: &u64, _: &u64) -> [String; 1] {
    [format!("key:{key}")]
}

/// A tower whose keys are invalidated by their tags alone.
fn by_tag<S>(tower: impl FnOnce(&Tags) -> S) -> ByHandle<S> {
    let tags = Tags::new();
    let (tower, all) = (tower(&tags), tags.clone());
    let changed = move |key| tags.invalidate(format!("key:{key}"));
    ByHandle { tower, changed: Box::new(changed), all_changed: Box::new(move || all.invalidate_all()) }
}

/// Room for two keys, which are soon stale, and gone not long after.
fn short_lived(world: &World) -> Engine {
    let options = MemoryOptions::new(2).fresh_for(40 * MS).ttl(120 * MS);
    options.env(world.env()).shards(1).build(Lru::new)
}

fn far(world: &World) -> impl Store<Key = u64, Value = u64> + use<> {
    world.unsteady(MapStore::new(world.env()).ttl(150 * MS))
}

fn freshness() -> Freshness {
    Freshness::new()
        .refresh_ahead(0.5)
        .stale_while_revalidate(20 * MS)
        .soft_timeout(5 * MS)
        .hard_timeout(30 * MS)
        .negative_ttl(30 * MS)
        .error_ttl(10 * MS)
}

/// Writes go through the tower.
fn through(seed: u64) -> Simulation {
    Simulation::new(seed).writes(Writes::Through)
}

fn behind<S: Store<Key = u64, Value = u64>>(
    world: &World,
    inner: S,
) -> impl Store<Key = u64, Value = u64> + use<S> {
    let batch = Batch::of(2).every(15 * MS).capacity(2).back_off(5 * MS, 20 * MS);
    inner.write_behind(world.origin(), batch, world.env())
}

#[test]
fn a_failing_seed_replays_exactly() {
    let run = |seed| {
        Simulation::new(seed).try_run(|world| {
            broken::Leaseless(MapStore::new(world.env())).read_through_in(world.origin(), world.env())
        })
    };
    let failure = (0..300).find_map(|seed| run(seed).err()).expect("a stale set is found");
    assert_eq!(run(failure.seed()).unwrap_err(), failure);
    assert!(failure.to_string().contains(&format!("LARDER_SEED={}", failure.seed())));
}
