//! The cached copy goes if a write does not come to its end.

use std::pin::pin;
use std::task::{Context, Waker};

use larder_core::{Result, Store};

use crate::panics::caught;

/// A write under way. Dropped before it is done, it removes from the cache what was being written.
///
/// Dropping can't wait, so the removal is polled once: a store in memory is done by then, and one that waits has begun.
pub(crate) struct Invalidating<'a, S: Store> {
    cache: &'a S,
    written: Option<Written<S::Key>>,
}

/// What a write is about.
pub(crate) enum Written<K> {
    One(K),
    Many(Vec<K>),
    All,
}

impl<'a, S: Store> Invalidating<'a, S> {
    pub(crate) const fn new(cache: &'a S, written: Written<S::Key>) -> Self {
        Self { cache, written: Some(written) }
    }

    /// The write came to its end.
    pub(crate) fn done(mut self) {
        self.written = None;
    }

    /// The write failed: removes the copy, and gives back the failure. While the removal waits, the guard stays.
    pub(crate) async fn failed<T>(mut self, error: larder_core::Error) -> Result<T> {
        if let Some(written) = &self.written {
            // The write's own error says more than the removal's could.
            let _ = invalidate(self.cache, written).await;
        }
        self.written = None;
        Err(error)
    }
}

impl<S: Store> Drop for Invalidating<'_, S> {
    fn drop(&mut self) {
        let Some(written) = self.written.take() else { return };
        caught(|| {
            let invalidation = pin!(invalidate(self.cache, &written));
            let _ = invalidation.poll(&mut Context::from_waker(Waker::noop()));
        });
    }
}

async fn invalidate<S: Store>(cache: &S, written: &Written<S::Key>) -> Result<()> {
    match written {
        Written::One(key) => cache.remove(key).await.map(|_| ()),
        Written::Many(keys) => cache.remove_many(keys).await.map(|_| ()),
        Written::All => cache.clear().await,
    }
}
