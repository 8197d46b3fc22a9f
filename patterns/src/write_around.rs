//! Write-around: a write reaches the origin and only invalidates the cache.

use std::fmt;

use larder_core::{Change, Entry, Filled, Lease, Lookup, Result, Store, Writer};

use crate::origin_first::OriginFirst;

/// A store whose writes go around it to the origin. Made by [`PatternExt::write_around`](crate::PatternExt::write_around).
///
/// For what is written more often than read: a write leaves no entry, and the next reader loads it. (Hardware knows it
/// as no-write-allocate; Smith, "Cache Memories", ACM Computing Surveys, 1982.) The key is invalidated before the write and
/// again after it, so that a reader who loads the old row meanwhile fills nothing that stays. The writes of one
/// key are made one at a time. A batch is one call of [`Writer::write_many`].
///
/// It never reads the origin: put [`read_through`](crate::PatternExt::read_through) on the inside,
/// `store.read_through(db).write_around(db)`.
///
/// An [`insert`](Store::insert) is the one write after which [`get`](Store::get) doesn't find the value: "as if it were
/// evicted at once". Its life counts for nothing; that of the loaded value does. [`clear`](Store::clear) empties the cache
/// and leaves the origin alone.
///
/// # When something fails
///
/// - The store fails to invalidate: the error is passed on. Before the write, the origin is not asked; after it, the write
///   stands and an old copy may, too.
/// - The writer fails or panics: the error is passed on. Nobody knows whether the write was made; the key stays invalidated.
/// - The future of a write is dropped midway: the key is invalidated then and there. That is certain for a store in memory,
///   which never waits; one that does wait is only asked to begin.
/// - The writer hangs: its caller waits, and so do writes of the keys that share its stripe. A writer should have a deadline.
pub struct WriteAround<S, W> {
    origin: OriginFirst<S, W>,
}

impl<S: Store, W: Writer<S::Key, S::Value>> WriteAround<S, W> {
    /// `inner`, whose writes `writer` makes at the origin.
    pub fn new(inner: S, writer: W) -> Self {
        Self { origin: OriginFirst::new(inner, writer) }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.origin.inner
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store, W: Writer<S::Key, S::Value>> Store for WriteAround<S, W> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.inner().get(key).await
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner().get_now(key)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner().lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner().fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let removed = async { self.inner().remove(&key).await.map(drop) };
        self.origin.change(Change::Put(key.clone(), entry.into_value()), removed).await.map(drop)
    }

    /// Deletes the key at the origin. Whether the cache had a usable entry.
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let removed = async { self.inner().remove(key).await.map(drop) };
        self.origin.change(Change::Delete(key.clone()), removed).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner().clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.inner().get_many(keys).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.inner().fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let put = |(key, entry): (S::Key, Entry<S::Value>)| Change::Put(key, entry.into_value());
        let changes: Vec<_> = entries.into_iter().map(put).collect();
        let removed = async { self.inner().remove_many(&keys).await.map(drop) };
        self.origin.change_many(&changes, removed).await.map(drop)
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let changes: Vec<_> = keys.iter().cloned().map(Change::Delete).collect();
        let removed = async { self.inner().remove_many(keys).await.map(drop) };
        self.origin.change_many(&changes, removed).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner().flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner().close().await
    }
}

impl<S: fmt::Debug, W> fmt::Debug for WriteAround<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteAround").field("inner", &self.origin.inner).finish_non_exhaustive()
    }
}
