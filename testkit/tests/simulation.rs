//! The simulator itself: what a run is, and what its oracle finds in stores that are odd.

use std::future::pending;

use larder_core::{Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Result, Store};
use larder_testkit::MapStore;
use larder_testkit::simulation::{Simulation, Summary, World, for_seeds};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Oddity {
    None,
    /// Look-ups of key 1 never end.
    Hangs,
    /// Look-ups of key 1 always fail.
    Fails,
    /// Look-ups of key 1 panic.
    Panics,
    /// Look-ups of key 1 find a value that nobody wrote.
    Invents,
    /// A batch has one answer too few.
    Short,
    /// A removal is acknowledged and not made.
    KeepsRemoved,
    /// A flush fails.
    NeverFlushes,
}

struct Odd {
    inner: MapStore<u64, u64>,
    oddity: Oddity,
}

impl Odd {
    fn new(env: &Env, oddity: Oddity) -> Self {
        Self { inner: MapStore::new(env), oddity }
    }
}

impl Store for Odd {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        match (self.oddity, key) {
            (Oddity::Hangs, 1) => pending().await,
            (Oddity::Fails, 1) => Err(Error::new(ErrorKind::Store, "looking up")),
            (Oddity::Panics, 1) => panic!("an odd store"),
            (Oddity::Invents, 1) => Ok(Lookup::Hit(Entry::new(u64::MAX))),
            _ => self.inner.get(key).await,
        }
    }
    fn get_now(&self, _key: &u64) -> Option<Lookup<u64>> {
        None
    }
    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.inner.lease(key).await
    }
    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.inner.insert(key, entry).await
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        if self.oddity == Oddity::KeepsRemoved { Ok(true) } else { self.inner.remove(key).await }
    }
    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        let few = usize::from(self.oddity == Oddity::Short);
        self.inner.get_many(&keys[..keys.len() - few]).await
    }
    async fn flush(&self) -> Result<()> {
        let fails = self.oddity == Oddity::NeverFlushes;
        if fails { Err(Error::new(ErrorKind::Store, "flushing")) } else { Ok(()) }
    }
}

/// Why the first of some seeds fails.
fn reason(oddity: Oddity) -> Option<String> {
    let run = |seed| {
        let simulation = Simulation::new(seed).keeps_misses();
        simulation.try_run(|world| world.watched(Odd::new(world.env(), oddity)))
    };
    (0..50).find_map(|seed| run(seed).err()).map(|failure| failure.reason().to_owned())
}

#[track_caller]
fn finds(oddity: Oddity, expected: &str) {
    let reason = reason(oddity);
    assert!(reason.as_ref().is_some_and(|reason| reason.contains(expected)), "{reason:?}");
}

#[test]
fn a_store_without_oddities_keeps_all_promises() {
    assert_eq!(reason(Oddity::None), None);
}

#[test]
fn a_key_that_hangs_is_found() {
    finds(Oddity::Hangs, "hangs");
}

#[test]
fn a_key_that_fails_for_ever_is_found() {
    finds(Oddity::Fails, "nothing fails any more, but key 1 does");
}

#[test]
fn a_panic_is_found() {
    finds(Oddity::Panics, "the tower panicked");
}

#[test]
fn a_value_that_nobody_wrote_is_found() {
    finds(Oddity::Invents, "reads key 1 = 18446744073709551615");
}

#[test]
fn a_batch_with_too_few_answers_is_found() {
    finds(Oddity::Short, "another number of answers");
}

#[test]
fn a_removal_that_was_not_made_is_found() {
    finds(Oddity::KeepsRemoved, "older than a write that was acknowledged before");
}

#[test]
fn a_flush_that_never_works_is_found() {
    finds(Oddity::NeverFlushes, "but a flush does");
}

#[test]
fn a_miss_is_found_where_misses_must_be_loaded() {
    let run = |seed| Simulation::new(seed).try_run(|world| MapStore::new(world.env()));
    let failure = (0..50).find_map(|seed| run(seed).err()).expect("key 0 has a row and is never loaded");
    assert!(
        failure.reason().contains("= nothing") || failure.reason().contains("reads nothing"),
        "{failure}"
    );
}

fn unsteady(simulation: Simulation) -> Summary {
    simulation.keeps_misses().run(|world: &World| world.unsteady(MapStore::new(world.env())))
}

#[test]
fn one_seed_is_one_run_and_another_seed_another() {
    for_seeds(100, |seed| {
        let summary = unsteady(Simulation::new(seed));
        assert_eq!(summary, unsteady(Simulation::new(seed)));
        assert_ne!(summary.trace(), unsteady(Simulation::new(seed + 1)).trace());
    });
}

#[test]
fn without_faults_nothing_fails_and_nobody_leaves() {
    let upsets = |percent: u8| {
        let lines = (0..50).flat_map(|seed| unsteady(Simulation::new(seed).faults(percent)).trace().to_vec());
        lines.filter(|line| line.ends_with("left") || line.contains("a simulated fault")).count()
    };
    assert_eq!(upsets(0), 0);
    assert!(upsets(50) > 0);
}

#[test]
fn every_client_does_all_its_operations() {
    let summary = unsteady(Simulation::new(1).clients(5).operations(40).keys(1));
    assert_eq!(summary.trace().iter().filter(|line| line.ends_with("is done")).count(), 5);
    assert!(summary.steps() > 5 * 40);
}

#[test]
#[should_panic(expected = "to see it again: LARDER_SEED=3")]
fn a_failing_run_panics_with_its_seed() {
    let _ = Simulation::new(3).keeps_misses().run(|world| Odd::new(world.env(), Oddity::NeverFlushes));
}
