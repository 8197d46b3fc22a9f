//! A namespace under the contract of a store: each call is made in the epoch that it finds.

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

use super::Namespaced;
use super::key::SharedKey;
use crate::hits::hit_now;

type Plain<S> = <<S as Store>::Key as SharedKey>::Plain;

impl<S: Store<Key: SharedKey>> Namespaced<S> {
    fn key(&self, epoch: u64, key: &Plain<S>) -> S::Key {
        S::Key::below(self.namespace.prefix(epoch), key)
    }

    fn now(&self, key: &Plain<S>) -> S::Key {
        self.key(self.namespace.epoch(), key)
    }

    fn still(&self, epoch: u64, filled: Filled) -> Filled {
        if epoch == self.namespace.epoch() { filled } else { Filled::Void }
    }

    fn dated<V>(&self, epoch: u64, found: Lookup<V>) -> Lookup<V> {
        match found {
            Lookup::Hit(entry) => Lookup::Hit(entry),
            Lookup::Miss(lease) => Lookup::Miss(self.namespace.dated(epoch, lease)),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store<Key: SharedKey>> Store for Namespaced<S> {
    type Key = Plain<S>;
    type Value = S::Value;

    async fn get(&self, key: &Plain<S>) -> Result<Lookup<S::Value>> {
        let epoch = self.namespace.epoch();
        let found = self.inner.get(&self.key(epoch, key)).await?;
        Ok(self.dated(epoch, found))
    }

    /// Answers with a hit only, if the key can be made without allocating.
    fn get_now(&self, key: &Plain<S>) -> Option<Lookup<S::Value>> {
        if S::Key::ALLOCATES {
            return None;
        }
        hit_now(&self.inner, &self.now(key))
    }

    async fn lease(&self, key: &Plain<S>) -> Result<Lease> {
        let epoch = self.namespace.epoch();
        let lease = self.inner.lease(&self.key(epoch, key)).await?;
        Ok(self.namespace.dated(epoch, lease))
    }

    /// Fills the epoch of the lease: should it end meanwhile, nobody will look there, and the fill was void.
    async fn fill(&self, key: Plain<S>, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        match self.namespace.undated(lease) {
            Some((epoch, lease)) => {
                let filled = self.inner.fill(self.key(epoch, &key), entry, lease).await?;
                Ok(self.still(epoch, filled))
            }
            None => Ok(Filled::Void),
        }
    }

    async fn insert(&self, key: Plain<S>, entry: Entry<S::Value>) -> Result<()> {
        self.inner.insert(self.now(&key), entry).await
    }

    async fn remove(&self, key: &Plain<S>) -> Result<bool> {
        self.inner.remove(&self.now(key)).await
    }

    /// One step, whatever the store: begins the next epoch.
    async fn clear(&self) -> Result<()> {
        self.namespace.clear();
        Ok(())
    }

    async fn get_many(&self, keys: &[Plain<S>]) -> Result<Vec<Lookup<S::Value>>> {
        let epoch = self.namespace.epoch();
        let keys: Vec<_> = keys.iter().map(|key| self.key(epoch, key)).collect();
        let found = self.inner.get_many(&keys).await?;
        Ok(found.into_iter().map(|found| self.dated(epoch, found)).collect())
    }

    async fn fill_many(&self, entries: Vec<(Plain<S>, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let mut answers = vec![Filled::Void; entries.len()];
        let (mut places, mut good) = (Vec::new(), Vec::new());
        for (at, (key, entry, lease)) in entries.into_iter().enumerate() {
            if let Some((epoch, lease)) = self.namespace.undated(lease) {
                places.push((at, epoch));
                good.push((self.key(epoch, &key), entry, lease));
            }
        }
        for ((at, epoch), filled) in places.into_iter().zip(self.inner.fill_many(good).await?) {
            answers[at] = self.still(epoch, filled);
        }
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(Plain<S>, Entry<S::Value>)>) -> Result<()> {
        let epoch = self.namespace.epoch();
        let entries = entries.into_iter().map(|(key, entry)| (self.key(epoch, &key), entry));
        self.inner.insert_many(entries.collect()).await
    }

    async fn remove_many(&self, keys: &[Plain<S>]) -> Result<usize> {
        let epoch = self.namespace.epoch();
        let keys: Vec<_> = keys.iter().map(|key| self.key(epoch, key)).collect();
        self.inner.remove_many(&keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
