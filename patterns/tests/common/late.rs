//! A store that answers late: what it found may be out of date by then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder_core::{Entry, Env, Filled, Lease, Lookup, Result, Store};
use larder_testkit::MapStore;

const SECOND: Duration = Duration::from_secs(1);

/// A store whose next look-up, when told, is done at once and answered a second later.
pub(crate) struct LateReply {
    pub(crate) inner: MapStore<u64, u64>,
    env: Env,
    pub(crate) is_late: AtomicBool,
    /// As if the removal of every key were queued.
    pub(crate) is_removing: AtomicBool,
}

impl LateReply {
    pub(crate) fn new(env: &Env) -> Self {
        Self {
            inner: MapStore::new(env),
            env: env.clone(),
            is_late: AtomicBool::new(false),
            is_removing: AtomicBool::new(false),
        }
    }
}

impl Store for LateReply {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        if self.is_removing.load(Ordering::Relaxed) {
            return Ok(Lookup::Miss(Lease::void()));
        }
        let found = self.inner.get(key).await;
        if self.is_late.swap(false, Ordering::Relaxed) {
            self.env.sleep(SECOND).await;
        }
        found
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
        self.inner.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
}
