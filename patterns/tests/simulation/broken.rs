//! Parts that each break one promise.

use std::collections::VecDeque;
use std::sync::Mutex;

use larder_core::{BoxFuture, Change, Entry, Filled, Lease, Life, Loader, Lookup, Result, Store, Writer};
use larder_testkit::simulation::SimulatedOrigin;

/// Fills whatever the lease says.
pub(crate) struct Leaseless<S>(pub(crate) S);

impl<S: Store> Store for Leaseless<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.0.get(key).await
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.0.get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.0.lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, _lease: Lease) -> Result<Filled> {
        self.0.insert(key, entry).await?;
        Ok(Filled::Stored(Life::DEFAULT))
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.0.insert(key, entry).await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.0.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear().await
    }
}

/// Everybody loads for himself.
pub(crate) struct Solo<S, L> {
    inner: S,
    loader: L,
}

impl<S, L> Solo<S, L> {
    pub(crate) fn new(inner: S, loader: L) -> Self {
        Self { inner, loader }
    }
}

impl<S: Store, L: Loader<S::Key, S::Value>> Store for Solo<S, L> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let Lookup::Miss(lease) = self.inner.get(key).await? else { return self.inner.get(key).await };
        match self.loader.load(key).await? {
            None => Ok(Lookup::Miss(lease)),
            Some(entry) => {
                let _ = self.inner.fill(key.clone(), entry.clone(), lease).await?;
                Ok(Lookup::Hit(entry))
            }
        }
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key).filter(Lookup::is_hit)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner.lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.inner.insert(key, entry).await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.inner.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
}

/// Copies a far hit near without a lease.
pub(crate) struct Promoting<N, F> {
    pub(crate) near: N,
    pub(crate) far: F,
}

impl<F: Store, N: Store<Key = F::Key, Value = F::Value>> Store for Promoting<N, F> {
    type Key = F::Key;
    type Value = F::Value;

    async fn get(&self, key: &F::Key) -> Result<Lookup<F::Value>> {
        if let Lookup::Hit(entry) = self.near.get(key).await? {
            return Ok(Lookup::Hit(entry));
        }
        let found = self.far.get(key).await?;
        if let Lookup::Hit(entry) = &found {
            self.near.insert(key.clone(), entry.clone().promoted()).await?;
        }
        Ok(found)
    }
    fn get_now(&self, key: &F::Key) -> Option<Lookup<F::Value>> {
        self.near.get_now(key).filter(Lookup::is_hit)
    }
    async fn lease(&self, key: &F::Key) -> Result<Lease> {
        self.far.lease(key).await
    }
    async fn fill(&self, key: F::Key, entry: Entry<F::Value>, lease: Lease) -> Result<Filled> {
        self.far.fill(key, entry, lease).await
    }
    async fn insert(&self, key: F::Key, entry: Entry<F::Value>) -> Result<()> {
        self.far.insert(key.clone(), entry).await?;
        self.near.remove(&key).await.map(drop)
    }
    async fn remove(&self, key: &F::Key) -> Result<bool> {
        Ok(self.far.remove(key).await? | self.near.remove(key).await?)
    }
    async fn clear(&self) -> Result<()> {
        self.far.clear().await?;
        self.near.clear().await
    }
}

/// Writes the cache, then the origin.
pub(crate) struct CacheFirst<S, W> {
    pub(crate) inner: S,
    pub(crate) writer: W,
}

impl<S: Store, W: Writer<S::Key, S::Value>> Store for CacheFirst<S, W> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.inner.get(key).await
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner.lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.inner.insert(key.clone(), entry.clone()).await?;
        self.writer.write(&Change::Put(key, entry.into_value())).await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let removed = self.inner.remove(key).await?;
        self.writer.write(&Change::Delete(key.clone())).await?;
        Ok(removed)
    }
    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
}

/// Says that it wrote, whether it did or not.
pub(crate) struct Forgetful(pub(crate) SimulatedOrigin);

impl Writer<u64, u64> for Forgetful {
    fn write<'a>(&'a self, change: &'a Change<u64, u64>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _ = self.0.write(change).await;
            Ok(())
        })
    }
}

/// A write-behind as one writes it first: no overlay, and a retry goes to the end of the line.
pub(crate) struct NaiveBehind<S: Store, W> {
    inner: S,
    writer: W,
    queue: Mutex<VecDeque<Change<S::Key, S::Value>>>,
}

impl<S: Store, W> NaiveBehind<S, W> {
    pub(crate) fn new(inner: S, writer: W) -> Self {
        Self { inner, writer, queue: Mutex::default() }
    }

    fn queue(&self, change: Change<S::Key, S::Value>) {
        self.queue.lock().unwrap().push_back(change);
    }
}

impl<S: Store, W: Writer<S::Key, S::Value>> Store for NaiveBehind<S, W> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.inner.get(key).await
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner.lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.queue(Change::Put(key.clone(), entry.value().clone()));
        self.inner.insert(key, entry).await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.queue(Change::Delete(key.clone()));
        self.inner.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
    async fn flush(&self) -> Result<()> {
        loop {
            let Some(change) = self.queue.lock().unwrap().pop_front() else { return Ok(()) };
            if self.writer.write(&change).await.is_err() {
                self.queue(change);
            }
        }
    }
}
