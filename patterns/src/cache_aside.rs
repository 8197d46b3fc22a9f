//! Cache-aside: the application asks the cache, then the origin, and tells the cache what it learned.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Change, Entry, Error, Lease, Loader, Lookup, Result, Store, Writer};

use crate::flight::guarded;
use crate::flight::reentrance::Node;
use crate::loading::exactly;
use crate::origin_first::OriginFirst;

/// A repository over a cache and its origin: what an application writes by hand around the two, with the races taken out.
///
/// Cache-aside, also "lazy loading", is the oldest pattern of all ("Cache-Aside pattern", Azure Architecture Center; leases
/// for it: Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013). A read asks the cache, then the origin, and fills
/// the cache under the lease of its miss. A write invalidates the key, is made at the origin, and invalidates the key again: so
/// a slow reader who loaded the old row can't bring it back. The writes of one key are made one at a time.
///
/// Loads run in the caller, one for each who misses. Where many miss one key at once,
/// [`read_through`](crate::PatternExt::read_through) loads it once for all.
///
/// ```
/// use larder_core::{Change, Memory};
/// use larder_patterns::CacheAside;
/// use larder_policies::Lru;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let load = |id: u64| async move { Ok(Some(format!("user {id}"))) };
/// let write = |_: Change<u64, String>| async move { Ok(()) };
/// let users = CacheAside::new(Memory::new(100, Lru::new), load, write);
/// assert_eq!(users.get(&7).await?.as_deref(), Some("user 7"));
/// users.update(7, "Grace".to_owned()).await?; // at the origin; the next reader loads it
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
///
/// # When something fails
///
/// - The cache fails to look up, or to take what was loaded: the origin answers, nothing is cached, and
///   [`AsideStats::cache_errors`] counts it. So an origin must bear the load without its cache.
/// - The loader fails or panics, or answers a batch with the wrong number of values: the error is passed on, and nothing is
///   cached.
/// - The cache fails to invalidate: the error is passed on. Before the write, the origin is not asked; after it, the write
///   stands and an old copy may, too.
/// - The writer fails or panics: the error is passed on. Nobody knows whether the write was made; the key stays invalidated.
/// - The future of a write is dropped midway: the key is invalidated then and there. That is certain for a cache in memory,
///   which never waits; one that does wait is only asked to begin.
/// - The loader or the writer hangs: its caller waits, and so do writes of the keys that share a stripe with one that hangs.
pub struct CacheAside<S, L, W> {
    origin: OriginFirst<S, W>,
    loader: L,
    counts: Counts,
}

/// What a [`CacheAside`] did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AsideStats {
    /// Keys that the cache had.
    pub hits: u64,
    /// Keys that the origin was asked for.
    pub misses: u64,
    /// Failures of the cache that the origin made up for.
    pub cache_errors: u64,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    cache_errors: AtomicU64,
}

impl<S, L, W> CacheAside<S, L, W>
where
    S: Store,
    L: Loader<S::Key, S::Value>,
    W: Writer<S::Key, S::Value>,
{
    /// A repository of what `loader` reads and `writer` writes, with `cache` beside it.
    pub fn new(cache: S, loader: L, writer: W) -> Self {
        Self { origin: OriginFirst::new(cache, writer), loader, counts: Counts::default() }
    }

    /// The cache.
    pub const fn cache(&self) -> &S {
        &self.origin.inner
    }

    /// What the cache had, and had not, so far.
    pub fn stats(&self) -> AsideStats {
        AsideStats {
            hits: self.counts.hits.load(Ordering::Relaxed),
            misses: self.counts.misses.load(Ordering::Relaxed),
            cache_errors: self.counts.cache_errors.load(Ordering::Relaxed),
        }
    }

    /// The value of `key`; `None` if there is no such thing.
    pub async fn get(&self, key: &S::Key) -> Result<Option<S::Value>> {
        let lease = match self.cached(self.cache().get(key).await) {
            Some(Lookup::Hit(entry)) => {
                self.counts.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(Some(entry.into_value()));
            }
            Some(Lookup::Miss(lease)) => Some(lease),
            None => None,
        };
        self.counts.misses.fetch_add(1, Ordering::Relaxed);
        let load = Box::pin(async { self.loader.load(key).await });
        let Some(entry) = guarded(Node::new(), load, None).await? else { return Ok(None) };
        if let Some(lease) = lease {
            self.cached(self.cache().fill(key.clone(), entry.clone(), lease).await.map(drop));
        }
        Ok(Some(entry.into_value()))
    }

    /// The values of `keys`, in their order; what is missing is loaded in one call.
    pub async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Option<S::Value>>> {
        let (mut values, mut missing, mut leases) = self.look_up_many(keys).await;
        self.counts.hits.fetch_add((keys.len() - missing.len()) as u64, Ordering::Relaxed);
        if missing.is_empty() {
            return Ok(values);
        }
        self.counts.misses.fetch_add(missing.len() as u64, Ordering::Relaxed);
        let wanted: Vec<_> = missing.iter().map(|&at| keys[at].clone()).collect();
        let loaded = guarded(Node::new(), Box::pin(exactly(&self.loader, &wanted)), None).await?;
        let mut fills = Vec::with_capacity(missing.len());
        for (((at, lease), key), loaded) in missing.drain(..).zip(leases.drain(..)).zip(wanted).zip(loaded) {
            values[at] = loaded.as_ref().map(|entry| entry.value().clone());
            fills.extend(lease.zip(loaded).map(|(lease, entry)| (key, entry, lease)));
        }
        if !fills.is_empty() {
            self.cached(self.cache().fill_many(fills).await.map(drop));
        }
        Ok(values)
    }

    /// Writes `value` to the origin, and removes the key from the cache.
    pub async fn update(&self, key: S::Key, value: S::Value) -> Result<()> {
        self.change(Change::Put(key, value)).await
    }

    /// Deletes `key` at the origin, and removes it from the cache.
    pub async fn delete(&self, key: &S::Key) -> Result<()> {
        self.change(Change::Delete(key.clone())).await
    }

    async fn change(&self, change: Change<S::Key, S::Value>) -> Result<()> {
        let key = change.key().clone();
        let removed = async { self.cache().remove(&key).await.map(drop) };
        self.origin.change(change, removed).await.map(drop)
    }

    /// The values that the cache has, the places of those that it has not, and the leases on them, where it gave any.
    async fn look_up_many(&self, keys: &[S::Key]) -> (Vec<Option<S::Value>>, Vec<usize>, Vec<Option<Lease>>) {
        let (mut values, mut missing, mut leases) = (vec![None; keys.len()], Vec::new(), Vec::new());
        let mut found = self.cached(self.cache().get_many(keys).await).into_iter().flatten();
        for (at, value) in values.iter_mut().enumerate() {
            match found.next() {
                Some(Lookup::Hit(entry)) => *value = Some(Entry::into_value(entry)),
                missed => {
                    missing.push(at);
                    leases.push(missed.and_then(lease));
                }
            }
        }
        (values, missing, leases)
    }

    /// What the cache said, unless it failed: that is counted.
    fn cached<T>(&self, said: Result<T, Error>) -> Option<T> {
        if said.is_err() {
            self.counts.cache_errors.fetch_add(1, Ordering::Relaxed);
        }
        said.ok()
    }
}

fn lease<V>(lookup: Lookup<V>) -> Option<Lease> {
    match lookup {
        Lookup::Hit(_) => None,
        Lookup::Miss(lease) => Some(lease),
    }
}

impl<S: fmt::Debug, L, W> fmt::Debug for CacheAside<S, L, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheAside").field("cache", &self.origin.inner).finish_non_exhaustive()
    }
}
