//! Towers of patterns under the simulator: thousands of seeds, and an oracle that is shown to have teeth.

use std::time::Duration;

use larder_core::{Entry, Filled, Lease, Loader, Lookup, Memory, MemoryOptions, Result, Store};
use larder_patterns::{Batch, Cache, Freshness, PatternExt};
use larder_policies::Lru;
use larder_testkit::MapStore;
use larder_testkit::simulation::{Failure, SimulatedOrigin, Simulation, World, Writes, for_seeds};

#[path = "simulation/broken.rs"]
mod broken;

use broken::{CacheFirst, Forgetful, Leaseless, NaiveBehind, Promoting, Solo};

const MS: Duration = Duration::from_millis(1);
const SEEDS: u64 = 1_500;

type Engine = Memory<u64, u64, Lru>;

/// Room for one to three of the three keys, which live 60 ms (about three delays) or for ever: as the seed has it.
fn engine(world: &World) -> Engine {
    let draw = world.env().random().next();
    let options = MemoryOptions::new(1 + draw % 3).env(world.env()).shards(1);
    if draw & 64 == 0 { options.build(Lru::new) } else { options.ttl(60 * MS).build(Lru::new) }
}

fn far(world: &World) -> impl Store<Key = u64, Value = u64> + use<> {
    world.unsteady(MapStore::new(world.env()).ttl(150 * MS))
}

mod a_tower_keeps_its_promises {
    use super::*;

    #[test]
    fn memory_and_read_through() {
        for_seeds(SEEDS, |seed| {
            let simulation = Simulation::new(seed);
            simulation.run(|world| world.watched(engine(world)).read_through_in(world.origin(), world.env()));
        });
    }

    #[test]
    fn read_through_with_a_deadline_over_an_unsteady_store() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed)
                .run(|world| far(world).read_through_in(world.origin(), world.env()).deadline(15 * MS));
        });
    }

    #[test]
    fn tiers_and_read_through() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).run(|world| {
                let near = world.watched(engine(world));
                far(world).fronted_by(near).read_through_in(world.origin(), world.env())
            });
        });
    }

    #[test]
    fn tiers_that_both_fail() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).clients(4).run(|world| {
                let near = world.unsteady(engine(world));
                far(world).fronted_by(near).read_through_in(world.origin(), world.env())
            });
        });
    }

    #[test]
    fn the_cache() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).run(Loading::new);
        });
    }

    #[test]
    fn refresh_ahead_stale_answers_and_negative_entries() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).run(|world| {
                let lives = MemoryOptions::new(2).fresh_for(40 * MS).ttl(120 * MS).env(world.env());
                let freshness = Freshness::new()
                    .refresh_ahead(0.5)
                    .stale_while_revalidate(20 * MS)
                    .soft_timeout(5 * MS)
                    .hard_timeout(30 * MS)
                    .negative_ttl(30 * MS)
                    .error_ttl(10 * MS);
                let memory = world.watched(lives.shards(1).build(Lru::new));
                memory.keep_fresh(world.origin(), freshness, world.env()).unwrap()
            });
        });
    }

    #[test]
    fn write_through() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).run(|world| {
                let memory = world.watched(engine(world));
                memory.read_through_in(world.origin(), world.env()).write_through(world.origin())
            });
        });
    }

    #[test]
    fn write_through_tiers_that_fail() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).run(|world| {
                let tiers = far(world).fronted_by(world.watched(engine(world)));
                tiers.read_through_in(world.origin(), world.env()).write_through(world.origin())
            });
        });
    }

    #[test]
    fn write_around() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).run(|world| {
                let memory = world.watched(engine(world));
                memory.read_through_in(world.origin(), world.env()).write_around(world.origin())
            });
        });
    }

    #[test]
    fn write_behind() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).run(|world| {
                let memory = world.watched(engine(world));
                behind(world, memory.read_through_in(world.origin(), world.env()))
            });
        });
    }

    #[test]
    fn write_behind_over_a_store_that_fails_and_evicts() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).judges_reads_only().run(|world| {
                let memory = world.unsteady(engine(world));
                behind(world, memory.read_through_in(world.origin(), world.env()))
            });
        });
    }

    #[test]
    fn write_behind_over_tiers_that_fail() {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(Writes::Through).judges_reads_only().run(|world| {
                let tiers = far(world).fronted_by(world.watched(engine(world)));
                behind(world, tiers.read_through_in(world.origin(), world.env()))
            });
        });
    }
}

fn behind<S: Store<Key = u64, Value = u64>>(
    world: &World,
    inner: S,
) -> impl Store<Key = u64, Value = u64> + use<S> {
    let batch = Batch::of(2).every(15 * MS).capacity(2).back_off(5 * MS, 20 * MS);
    inner.write_behind(world.origin(), batch, world.env())
}

/// The cache for the many as a store: absence is a value of its own.
struct Loading {
    cache: Cache<u64, Option<u64>>,
    origin: SimulatedOrigin,
}

impl Loading {
    fn new(world: &World) -> Self {
        let builder = Cache::builder().capacity(2).shards(1).ttl(60 * MS).env(world.env());
        Self { cache: builder.load_deadline(25 * MS).build().unwrap(), origin: world.origin() }
    }
}

impl Store for Loading {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        let (origin, wanted) = (self.origin.clone(), *key);
        let load = move || async move { Ok(origin.load(&wanted).await?.map(Entry::into_value)) };
        let value = self.cache.get_or_load(key, load).await?;
        Ok(value.map_or(Lookup::Miss(Lease::new([0, 0])), |value| Lookup::Hit(Entry::new(value))))
    }
    fn get_now(&self, key: &u64) -> Option<Lookup<u64>> {
        self.cache.get(key).flatten().map(|value| Lookup::Hit(Entry::new(value)))
    }
    async fn lease(&self, _key: &u64) -> Result<Lease> {
        Ok(Lease::new([0, 0]))
    }
    async fn fill(&self, _key: u64, _entry: Entry<u64>, _lease: Lease) -> Result<Filled> {
        Ok(Filled::Void)
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.cache.insert(key, Some(entry.into_value()));
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        Ok(self.cache.remove(key))
    }
    async fn clear(&self) -> Result<()> {
        self.cache.clear();
        Ok(())
    }
}

mod the_oracle_finds {
    use super::*;

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
}

#[test]
fn a_failing_seed_replays_exactly() {
    let run = |seed| {
        Simulation::new(seed).try_run(|world| {
            Leaseless(MapStore::new(world.env())).read_through_in(world.origin(), world.env())
        })
    };
    let failure = (0..300).find_map(|seed| run(seed).err()).expect("a stale set is found");
    assert_eq!(run(failure.seed()).unwrap_err(), failure);
    assert!(failure.to_string().contains(&format!("LARDER_SEED={}", failure.seed())));
}
