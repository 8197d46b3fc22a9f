//! What is no store, dressed as one for the simulator.

use larder_core::{Entry, Filled, Lease, Loader, Lookup, Result, Store};
use larder_patterns::{Cache, CacheAside};
use larder_testkit::simulation::{SimulatedOrigin, World};

use super::MS;

/// The cache for the many as a store: absence is a value of its own.
pub(crate) struct Loading {
    cache: Cache<u64, Option<u64>>,
    origin: SimulatedOrigin,
}

impl Loading {
    pub(crate) fn new(world: &World) -> Self {
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

/// A repository as a store: updates for inserts, deletions for removals. Clearing empties its cache.
pub(crate) struct Aside<S>(pub(crate) CacheAside<S, SimulatedOrigin, SimulatedOrigin>);

impl<S: Store<Key = u64, Value = u64>> Store for Aside<S> {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        Ok(looked_up(self.0.get(key).await?))
    }
    fn get_now(&self, _key: &u64) -> Option<Lookup<u64>> {
        None
    }
    async fn lease(&self, _key: &u64) -> Result<Lease> {
        Ok(Lease::void())
    }
    async fn fill(&self, _key: u64, _entry: Entry<u64>, _lease: Lease) -> Result<Filled> {
        Ok(Filled::Void)
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.0.update(key, entry.into_value()).await
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        self.0.delete(key).await.map(|()| false)
    }
    async fn clear(&self) -> Result<()> {
        self.0.cache().clear().await
    }
    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        Ok(self.0.get_many(keys).await?.into_iter().map(looked_up).collect())
    }
}

fn looked_up(value: Option<u64>) -> Lookup<u64> {
    value.map_or(Lookup::Miss(Lease::void()), |value| Lookup::Hit(Entry::new(value)))
}

/// A tower that is told of changes on a handle, behind its back: nothing is written or removed through it.
pub(crate) struct ByHandle<S> {
    pub(crate) tower: S,
    /// The key has changed.
    pub(crate) changed: Box<dyn Fn(u64) + Send + Sync>,
    /// Anything may have changed.
    pub(crate) all_changed: Box<dyn Fn() + Send + Sync>,
}

impl<S: Store<Key = u64, Value = u64>> Store for ByHandle<S> {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        self.tower.get(key).await
    }
    fn get_now(&self, key: &u64) -> Option<Lookup<u64>> {
        self.tower.get_now(key)
    }
    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.tower.lease(key).await
    }
    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        self.tower.fill(key, entry, lease).await
    }
    async fn insert(&self, key: u64, _entry: Entry<u64>) -> Result<()> {
        (self.changed)(key);
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        (self.changed)(*key);
        Ok(false)
    }
    async fn clear(&self) -> Result<()> {
        (self.all_changed)();
        Ok(())
    }
    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        self.tower.get_many(keys).await
    }
}
