//! Write-through: a write reaches the origin, then the cache, before it returns.

use std::fmt;

use larder_core::{Change, Entry, Filled, Lease, Lookup, Result, Store, Writer};

use crate::origin_first::OriginFirst;

/// A store whose writes go through to the origin. Made by [`PatternExt::write_through`](crate::PatternExt::write_through).
///
/// Write-through is as old as the hardware cache (Smith, "Cache Memories", ACM Computing Surveys, 1982). Here a write
/// invalidates the key, is made at the origin, and only then stored. So a reader finds what the origin has or has had, or
/// nothing; never a value that the origin refused. The writes of one key are made one at a time. A batch is one call
/// of [`Writer::write_many`].
///
/// It writes the origin and never reads it: put [`read_through`](crate::PatternExt::read_through) on the inside,
/// `store.read_through(db).write_through(db)`. The other way round works alike, but a load under way is then joined by
/// those who come while its key is being written; inside, a write ends it.
///
/// [`clear`](Store::clear) empties the cache and leaves the origin alone.
///
/// # When something fails
///
/// - The store fails to invalidate: the error is passed on, and the origin is not asked.
/// - The writer fails or panics: the error is passed on. Nobody knows whether the write was made, so the key stays
///   invalidated.
/// - The store fails to take what the origin took: the error is passed on, and the key is invalidated again. The write stands.
/// - The future of a write is dropped midway: the key is invalidated then and there. That is certain for a store in memory,
///   which never waits; one that does wait is only asked to begin.
/// - The writer hangs: its caller waits, and so do writes of the keys that share its stripe. A writer should have a deadline.
pub struct WriteThrough<S, W> {
    origin: OriginFirst<S, W>,
}

impl<S: Store, W: Writer<S::Key, S::Value>> WriteThrough<S, W> {
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
impl<S: Store, W: Writer<S::Key, S::Value>> Store for WriteThrough<S, W> {
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
        let change = Change::Put(key.clone(), entry.value().clone());
        self.origin.change(change, self.inner().insert(key, entry)).await.map(drop)
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
        let put = |(key, entry): &(S::Key, Entry<S::Value>)| Change::Put(key.clone(), entry.value().clone());
        let changes: Vec<_> = entries.iter().map(put).collect();
        self.origin.change_many(&changes, self.inner().insert_many(entries)).await.map(drop)
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

impl<S: fmt::Debug, W> fmt::Debug for WriteThrough<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteThrough").field("inner", &self.origin.inner).finish_non_exhaustive()
    }
}
