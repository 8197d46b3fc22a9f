//! A store that several owners share: `Arc<S>` is a store, too.

use std::future::Future;
use std::sync::Arc;

use crate::{Entry, Filled, Lease, Lookup, Result, Store};

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Arc<S> {
    type Key = S::Key;
    type Value = S::Value;

    fn get(&self, key: &S::Key) -> impl Future<Output = Result<Lookup<S::Value>>> + Send {
        (**self).get(key)
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        (**self).get_now(key)
    }
    fn lease(&self, key: &S::Key) -> impl Future<Output = Result<Lease>> + Send {
        (**self).lease(key)
    }
    fn fill(
        &self,
        key: S::Key,
        entry: Entry<S::Value>,
        lease: Lease,
    ) -> impl Future<Output = Result<Filled>> + Send {
        (**self).fill(key, entry, lease)
    }
    fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> impl Future<Output = Result<()>> + Send {
        (**self).insert(key, entry)
    }
    fn remove(&self, key: &S::Key) -> impl Future<Output = Result<bool>> + Send {
        (**self).remove(key)
    }
    fn clear(&self) -> impl Future<Output = Result<()>> + Send {
        (**self).clear()
    }
    fn get_many(&self, keys: &[S::Key]) -> impl Future<Output = Result<Vec<Lookup<S::Value>>>> + Send {
        (**self).get_many(keys)
    }
    fn fill_many(
        &self,
        entries: Vec<(S::Key, Entry<S::Value>, Lease)>,
    ) -> impl Future<Output = Result<Vec<Filled>>> + Send {
        (**self).fill_many(entries)
    }
    fn insert_many(
        &self,
        entries: Vec<(S::Key, Entry<S::Value>)>,
    ) -> impl Future<Output = Result<()>> + Send {
        (**self).insert_many(entries)
    }
    fn remove_many(&self, keys: &[S::Key]) -> impl Future<Output = Result<usize>> + Send {
        (**self).remove_many(keys)
    }
    fn flush(&self) -> impl Future<Output = Result<()>> + Send {
        (**self).flush()
    }
    fn close(&self) -> impl Future<Output = Result<()>> + Send {
        (**self).close()
    }
}
