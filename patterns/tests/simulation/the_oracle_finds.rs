//! Towers with one part broken: the oracle finds each within a few hundred seeds.

use larder_core::Store;
use larder_patterns::PatternExt;
use larder_testkit::MapStore;
use larder_testkit::simulation::{Failure, Simulation, World, Writes};

use super::broken::{CacheFirst, Forgetful, Leaseless, NaiveBehind, Promoting, Solo};
use super::mortal::Mortal;
use super::{engine, far};

/// The first seed that shows it.
#[track_caller]
fn first<S: Store<Key = u64, Value = u64>>(
    within: u64,
    what: &str,
    simulation: impl Fn(u64) -> Simulation,
    tower: impl Fn(&World) -> S,
) -> Failure {
    let found = (0..within).find_map(|seed| simulation(seed).try_run(&tower).err());
    let failure = found.unwrap_or_else(|| panic!("{what}: not found with {within} seeds"));
    println!("{what}: found by seed {} ({})", failure.seed(), failure.reason());
    failure
}

#[test]
fn a_stale_set_by_what_is_read_when_leases_are_switched_off() {
    let failure = first(300, "leases off, unwatched", Simulation::new, |world| {
        Leaseless(engine(world)).read_through_in(world.origin(), world.env())
    });
    assert!(failure.reason().contains("reads"), "{failure}");
}

#[test]
fn a_stale_set_by_what_is_installed_when_leases_are_switched_off() {
    let failure = first(300, "leases off, watched", Simulation::new, |world| {
        let memory = world.watched(Leaseless(engine(world)));
        memory.read_through_in(world.origin(), world.env())
    });
    assert!(failure.reason().contains("a fill installs"), "{failure}");
}

#[test]
fn a_tower_without_single_flight() {
    let failure =
        first(300, "no single flight", Simulation::new, |world| Solo::new(engine(world), world.origin()));
    assert!(failure.reason().contains("loaded twice at once"), "{failure}");
}

#[test]
fn a_tier_that_promotes_by_insert() {
    let failure = first(300, "promotion by insert", Simulation::new, |world| {
        let tiers = Promoting { near: engine(world), far: far(world) };
        tiers.read_through_in(world.origin(), world.env())
    });
    assert!(failure.reason().contains("older than a write"), "{failure}");
}

#[test]
fn a_write_that_reaches_the_cache_before_the_origin() {
    let through = |seed| Simulation::new(seed).writes(Writes::Through);
    first(300, "cache before origin", through, |world| {
        let memory = engine(world).read_through_in(world.origin(), world.env());
        CacheFirst { inner: memory, writer: world.origin() }
    });
}

#[test]
fn an_acknowledged_write_that_is_lost() {
    let through = |seed| Simulation::new(seed).writes(Writes::Through);
    first(300, "failed writes acknowledged", through, |world| {
        let memory = engine(world).read_through_in(world.origin(), world.env());
        memory.write_through(Forgetful(world.origin()))
    });
}

#[test]
fn a_journal_that_acknowledges_before_it_has_synced() {
    let through = |seed| Simulation::new(seed).writes(Writes::Through);
    first(300, "acknowledged too early", through, Mortal::hasty);
}

#[test]
fn a_queue_that_readers_do_not_see() {
    let through = |seed| Simulation::new(seed).writes(Writes::Through);
    let failure = first(300, "no overlay", through, |world| {
        let memory = engine(world).read_through_in(world.origin(), world.env());
        NaiveBehind::new(memory, world.origin())
    });
    assert!(failure.reason().contains("reads key"), "{failure}");
}

#[test]
fn a_retry_that_writes_the_older_value_last() {
    let through = |seed| Simulation::new(seed).writes(Writes::Through).keeps_misses();
    let failure = first(300, "retries at the end of the line", through, |world| {
        NaiveBehind::new(MapStore::new(world.env()), world.origin())
    });
    assert!(failure.reason().contains("the origin has"), "{failure}");
}
