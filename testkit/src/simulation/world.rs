//! Where a tower is built: `World`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder_core::{Env, Store};

use super::chance::Chance;
use super::disk::SimulatedDisk;
use super::history::History;
use super::origin::SimulatedOrigin;
use super::store::SimulatedStore;

/// What a tower is built from: the environment of the run, its origin, and stores for the oracle to watch.
#[derive(Clone)]
pub struct World {
    env: Env,
    pub(super) chance: Arc<Chance>,
    pub(super) history: Arc<History>,
    unsteady: Arc<AtomicBool>,
}

impl World {
    pub(super) fn new(env: Env, chance: Chance, history: History) -> Self {
        let unsteady = Arc::new(AtomicBool::new(false));
        Self { env, chance: Arc::new(chance), history: Arc::new(history), unsteady }
    }

    /// Clock, tasks and randomness of the run.
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// The source of truth, as a loader and a writer.
    pub fn origin(&self) -> SimulatedOrigin {
        SimulatedOrigin::new(&self.chance, &self.history)
    }

    /// A disk for the journal of a durable queue: slow, failing, and of short memory in a crash.
    pub fn disk(&self) -> SimulatedDisk {
        SimulatedDisk::in_run(&self.chance, &self.history)
    }

    /// `inner`, so that the oracle sees what is installed in it. It must not wait: a store in memory.
    pub fn watched<S: Store<Key = u64, Value = u64>>(&self, inner: S) -> SimulatedStore<S> {
        SimulatedStore::new(inner, None, &self.history)
    }

    /// The same with faults, which are those of a store far away.
    pub fn unsteady<S: Store<Key = u64, Value = u64>>(&self, inner: S) -> SimulatedStore<S> {
        self.unsteady.store(true, Ordering::Relaxed);
        SimulatedStore::new(inner, Some(&self.chance), &self.history)
    }

    pub(super) fn is_unsteady(&self) -> bool {
        self.unsteady.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("env", &self.env).finish_non_exhaustive()
    }
}
