//! The near copy goes if a write does not come to its end.

use std::pin::pin;
use std::task::{Context, Waker};

use larder_core::{Result, Store};

use crate::panics::caught;

/// A write under way. Dropped before it is done, it removes from the near tier what was being written.
///
/// Dropping can't wait, so the removal is polled once: a store in memory is done by then, and one that waits has begun.
pub(super) struct Invalidating<'a, N: Store> {
    near: &'a N,
    written: Option<Written<N::Key>>,
}

/// What a write is about.
pub(super) enum Written<K> {
    One(K),
    Many(Vec<K>),
    All,
}

impl<'a, N: Store> Invalidating<'a, N> {
    pub(super) const fn new(near: &'a N, written: Written<N::Key>) -> Self {
        Self { near, written: Some(written) }
    }

    /// The write came to its end.
    pub(super) fn done(mut self) {
        self.written = None;
    }

    /// The write failed: removes the near copy, and gives back the failure. While the removal waits, the guard stays.
    pub(super) async fn failed<T>(mut self, error: larder_core::Error) -> Result<T> {
        if let Some(written) = &self.written {
            // The write's own error says more than the removal's could.
            let _ = invalidate(self.near, written).await;
        }
        self.written = None;
        Err(error)
    }
}

impl<N: Store> Drop for Invalidating<'_, N> {
    fn drop(&mut self) {
        let Some(written) = self.written.take() else { return };
        caught(|| {
            let invalidation = pin!(invalidate(self.near, &written));
            let _ = invalidation.poll(&mut Context::from_waker(Waker::noop()));
        });
    }
}

async fn invalidate<N: Store>(near: &N, written: &Written<N::Key>) -> Result<()> {
    match written {
        Written::One(key) => near.remove(key).await.map(|_| ()),
        Written::Many(keys) => near.remove_many(keys).await.map(|_| ()),
        Written::All => near.clear().await,
    }
}
