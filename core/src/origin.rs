//! The source of truth behind a cache: `Loader` reads it, `Writer` writes it.

use std::future::Future;

use crate::{BoxFuture, Entry, Key, Result, Value};

/// Loads values that a cache has not.
///
/// A closure from a key to a future is a loader; so is anything behind an `Arc`, a `dyn Loader` included.
///
/// ```
/// use larder_core::{Loader, Result};
///
/// fn is_a_loader(_: impl Loader<u64, String>) {}
///
/// is_a_loader(|id: u64| async move { Ok(Some(format!("user {id}"))) });
/// ```
pub trait Loader<K: Key, V: Value>: Send + Sync + 'static {
    /// The value of `key` with the life it should have; `None` if there is no such thing at the origin.
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>>;

    /// The values of all `keys`, one answer for each, in their order. An origin that can answer many questions at
    /// once does so here; the default asks one after the other.
    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move {
            let mut loaded = Vec::with_capacity(keys.len());
            for key in keys {
                loaded.push(self.load(key).await?);
            }
            Ok(loaded)
        })
    }
}

/// What a loading closure may answer: a value, or an entry with a life of its own.
pub trait Loaded<V>: Send {
    /// The answer, as [`Loader::load`] gives it.
    fn into_loaded(self) -> Result<Option<Entry<V>>>;
}

impl<V: Value> Loaded<V> for Result<Option<V>> {
    fn into_loaded(self) -> Result<Option<Entry<V>>> {
        self.map(|value| value.map(Entry::new))
    }
}

impl<V: Value> Loaded<V> for Result<Option<Entry<V>>> {
    fn into_loaded(self) -> Result<Option<Entry<V>>> {
        self
    }
}

impl<K, V, F, Fut> Loader<K, V> for F
where
    K: Key,
    V: Value,
    F: Fn(K) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Loaded<V>> + Send,
{
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move { self(key.clone()).await.into_loaded() })
    }
}

impl<K: Key, V: Value, L: Loader<K, V> + ?Sized> Loader<K, V> for std::sync::Arc<L> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        (**self).load(key)
    }
    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        (**self).load_many(keys)
    }
}

/// One change at the origin.
#[derive(Clone, PartialEq, Eq)]
pub enum Change<K, V> {
    /// The key has this value now.
    Put(K, V),
    /// The key has no value any more.
    Delete(K),
}

impl<K, V> Change<K, V> {
    /// The key that changes.
    pub const fn key(&self) -> &K {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }

    /// The new value, unless it is a deletion.
    pub const fn value(&self) -> Option<&V> {
        match self {
            Self::Put(_, value) => Some(value),
            Self::Delete(_) => None,
        }
    }
}

impl<K, V> std::fmt::Debug for Change<K, V> {
    /// Shows the kind of change only: keys and values don't belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Put(..) => "Put",
            Self::Delete(_) => "Delete",
        })
    }
}

/// Writes values to the origin.
///
/// Writing the same change twice must be harmless: a write whose reply was lost is tried again.
///
/// A closure from a [`Change`] to a future is a writer; so is anything behind an `Arc`, a `dyn Writer` included.
pub trait Writer<K: Key, V: Value>: Send + Sync + 'static {
    /// Makes one change. After an error nobody knows whether it was made.
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>>;

    /// Makes all `changes`, in their order. After an error any part of them may be made.
    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for change in changes {
                self.write(change).await?;
            }
            Ok(())
        })
    }
}

impl<K, V, F, Fut> Writer<K, V> for F
where
    K: Key,
    V: Value,
    F: Fn(Change<K, V>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self(change.clone()).await })
    }
}

impl<K: Key, V: Value, W: Writer<K, V> + ?Sized> Writer<K, V> for std::sync::Arc<W> {
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        (**self).write(change)
    }
    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        (**self).write_many(changes)
    }
}
