//! Locks that keep the writes of one key in one order.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use larder_core::Key;
use tokio::sync::{Mutex, MutexGuard};

const STRIPES: usize = 64;

/// Locks shared by the keys that hash alike. Held while a write waits, so they are asynchronous.
///
/// Which keys share one is the same in every run, so that a run can be repeated. There is nothing in it to guard: who
/// writes a few hundred keys at once meets every stripe, whether he knows them or not.
#[derive(Debug)]
pub(crate) struct Stripes {
    locks: [Mutex<()>; STRIPES],
    hasher: FixedState,
}

impl Stripes {
    pub(crate) fn new() -> Self {
        Self { locks: std::array::from_fn(|_| Mutex::new(())), hasher: FixedState::default() }
    }

    /// Locks the stripe of `key`.
    pub(crate) async fn lock<K: Key>(&self, key: &K) -> MutexGuard<'_, ()> {
        self.locks[self.stripe(key)].lock().await
    }

    /// Locks the stripes of all `keys`, each once, in the one order that can't lead to a dead lock.
    pub(crate) async fn lock_many<'k, K: Key>(
        &self,
        keys: impl Iterator<Item = &'k K>,
    ) -> Vec<MutexGuard<'_, ()>> {
        let mut stripes: Vec<_> = keys.map(|key| self.stripe(key)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        let mut guards = Vec::with_capacity(stripes.len());
        for stripe in stripes {
            guards.push(self.locks[stripe].lock().await);
        }
        guards
    }

    /// Locks all stripes.
    pub(crate) async fn lock_all(&self) -> Vec<MutexGuard<'_, ()>> {
        let mut guards = Vec::with_capacity(STRIPES);
        for lock in &self.locks {
            guards.push(lock.lock().await);
        }
        guards
    }

    fn stripe<K: Key>(&self, key: &K) -> usize {
        (self.hasher.hash_one(key) >> 32) as usize % STRIPES
    }
}
