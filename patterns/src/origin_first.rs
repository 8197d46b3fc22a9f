//! A write that the origin takes before the cache hears of the new value.

use larder_core::{Change, Result, Store, Writer};

use crate::invalidating::{Invalidating, Written};
use crate::stripes::Stripes;
use crate::writes::write;

/// A store, the writer of its origin, and the locks that keep the writes of one key in one order.
#[derive(Debug)]
pub(crate) struct OriginFirst<S, W> {
    pub(crate) inner: S,
    writer: W,
    stripes: Stripes,
}

impl<S: Store, W: Writer<S::Key, S::Value>> OriginFirst<S, W> {
    pub(crate) fn new(inner: S, writer: W) -> Self {
        Self { inner, writer, stripes: Stripes::new() }
    }

    /// Removes the key from the cache, makes `change` at the origin, then lets `finish` bring the cache up to it. Whether
    /// there was a usable entry.
    ///
    /// The removal comes first, so that a cache out of reach stops the write before it is made. What a reader fills
    /// between it and the end is the old value, perhaps; so `finish` must void leases, too.
    pub(crate) async fn change(
        &self,
        change: Change<S::Key, S::Value>,
        finish: impl Future<Output = Result<()>>,
    ) -> Result<bool> {
        let _turn = self.stripes.lock(change.key()).await;
        let writing = Invalidating::new(&self.inner, Written::One(change.key().clone()));
        let removed = match self.inner.remove(change.key()).await {
            Ok(removed) => removed,
            Err(error) => return writing.failed(error).await,
        };
        self.end(writing, &[change], finish).await?;
        Ok(removed)
    }

    /// The same for many changes, with one call of the writer. How many keys had a usable entry.
    pub(crate) async fn change_many(
        &self,
        changes: &[Change<S::Key, S::Value>],
        finish: impl Future<Output = Result<()>>,
    ) -> Result<usize> {
        if changes.is_empty() {
            return Ok(0);
        }
        let keys: Vec<_> = changes.iter().map(|change| change.key().clone()).collect();
        let _turns = self.stripes.lock_many(keys.iter()).await;
        let writing = Invalidating::new(&self.inner, Written::Many(keys.clone()));
        let removed = match self.inner.remove_many(&keys).await {
            Ok(removed) => removed,
            Err(error) => return writing.failed(error).await,
        };
        self.end(writing, changes, finish).await?;
        Ok(removed)
    }

    async fn end(
        &self,
        writing: Invalidating<'_, S>,
        changes: &[Change<S::Key, S::Value>],
        finish: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        if let Err(error) = write(&self.writer, changes, None).await {
            return writing.failed(error).await;
        }
        if let Err(error) = finish.await {
            return writing.failed(error).await;
        }
        writing.done();
        Ok(())
    }
}
