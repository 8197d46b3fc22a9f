//! A store in a run: watched by the oracle, and failing if it is to.

use std::fmt;
use std::sync::Arc;

use larder_core::{Entry, Error, ErrorKind, Filled, Lease, Life, Lookup, Result, Store};

use super::chance::{Callee, Chance};
use super::history::History;

/// A store of a simulated [`World`](super::World): the oracle sees what is installed in it. An unsteady one is, by the seed, slow,
/// late, failing, or done without a reply.
///
/// # When something fails
///
/// Errors of the wrapped store are passed on, those of the seed are of kind [`Store`](ErrorKind::Store).
pub struct SimulatedStore<S> {
    inner: S,
    chance: Option<Arc<Chance>>,
    history: Arc<History>,
}

/// A change under way: it ends when it is dropped.
struct Changing<'a> {
    history: &'a History,
    keys: Vec<u64>,
}

impl<S> SimulatedStore<S> {
    pub(super) fn new(inner: S, chance: Option<&Arc<Chance>>, history: &Arc<History>) -> Self {
        Self { inner, chance: chance.map(Arc::clone), history: Arc::clone(history) }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    async fn upset<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let fault = || Error::new(ErrorKind::Store, "a simulated fault");
        match &self.chance {
            None => call.await,
            Some(chance) => chance.upset(Callee::Store, fault, call).await,
        }
    }

    fn change(&self, keys: Vec<u64>) -> Changing<'_> {
        keys.iter().for_each(|key| self.history.begin_change(*key));
        Changing { history: &self.history, keys }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.keys.iter().for_each(|key| self.history.end_change(*key));
    }
}

impl<S: Store<Key = u64, Value = u64>> SimulatedStore<S> {
    /// What is stale before the fill must not be there after it.
    async fn fill_watched(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        let (value, floor) = (*entry.value(), self.history.floor(key));
        let filled = self.inner.fill(key, entry, lease).await?;
        self.history.say(&format!(
            "store: fill {key} = {value}: {}",
            if filled.is_stored() { "stored" } else { "void" }
        ));
        if let Filled::Stored(life) = filled {
            self.history.judge_installed("a fill installs", key, (value, life), floor);
        }
        Ok(filled)
    }

    async fn insert_watched(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        let (value, floor) = (*entry.value(), self.history.floor(key));
        self.history.say(&format!("store: insert {key} = {value}"));
        self.inner.insert(key, entry).await?;
        self.history.judge_installed("an insert installs", key, (value, Life::DEFAULT), floor);
        Ok(())
    }
}

/// The batch methods that fill and insert loop, so that each is seen; the others pass on.
#[deny(clippy::missing_trait_methods)]
impl<S: Store<Key = u64, Value = u64>> Store for SimulatedStore<S> {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        self.upset(self.inner.get(key)).await
    }

    /// Half of the time an unsteady store has to be waited for.
    fn get_now(&self, key: &u64) -> Option<Lookup<u64>> {
        let waits = self.chance.as_ref().is_some_and(|chance| chance.goes_on() && chance.below(2) == 0);
        if waits { None } else { self.inner.get_now(key) }
    }

    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.upset(self.inner.lease(key)).await
    }

    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        self.upset(self.fill_watched(key, entry, lease)).await
    }

    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        let _change = self.change(vec![key]);
        self.upset(self.insert_watched(key, entry)).await
    }

    async fn remove(&self, key: &u64) -> Result<bool> {
        let _change = self.change(vec![*key]);
        self.upset(self.inner.remove(key)).await
    }

    async fn clear(&self) -> Result<()> {
        let _change = self.change((0..self.history.keys()).collect());
        self.upset(self.inner.clear()).await
    }

    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        self.upset(self.inner.get_many(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(u64, Entry<u64>, Lease)>) -> Result<Vec<Filled>> {
        let fill = async {
            let mut filled = Vec::with_capacity(entries.len());
            for (key, entry, lease) in entries {
                filled.push(self.fill_watched(key, entry, lease).await?);
            }
            Ok(filled)
        };
        self.upset(fill).await
    }

    async fn insert_many(&self, entries: Vec<(u64, Entry<u64>)>) -> Result<()> {
        let _change = self.change(entries.iter().map(|(key, _)| *key).collect());
        let insert = async {
            for (key, entry) in entries {
                self.insert_watched(key, entry).await?;
            }
            Ok(())
        };
        self.upset(insert).await
    }

    async fn remove_many(&self, keys: &[u64]) -> Result<usize> {
        let _change = self.change(keys.to_vec());
        self.upset(self.inner.remove_many(keys)).await
    }

    async fn flush(&self) -> Result<()> {
        self.upset(self.inner.flush()).await
    }

    async fn close(&self) -> Result<()> {
        self.upset(self.inner.close()).await
    }
}

impl<S: fmt::Debug> fmt::Debug for SimulatedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore")
            .field("inner", &self.inner)
            .field("unsteady", &self.chance.is_some())
            .finish_non_exhaustive()
    }
}
