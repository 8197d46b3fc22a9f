//! Tags under the contract of a store: what was invalidated is a miss, and a lease carries its date.

use std::sync::atomic::Ordering;

use larder_core::{BoxFuture, Entry, Filled, Lease, Lookup, Result, Store, Value};

use super::Tagged;
use super::stamp::Stamped;
use super::tag::Tag;

#[deny(clippy::missing_trait_methods)]
impl<S, V, F, I> Store for Tagged<S, F>
where
    S: Store<Value = Stamped<V>>,
    V: Value,
    F: Fn(&S::Key, &V) -> I + Send + Sync + 'static,
    I: IntoIterator<Item: Into<Tag>>,
{
    type Key = S::Key;
    type Value = V;

    async fn get(&self, key: &S::Key) -> Result<Lookup<V>> {
        let replacing = match self.inner.get(key).await? {
            Lookup::Hit(entry) if self.vouches_for(&entry) => return Ok(Lookup::Hit(plain(entry))),
            Lookup::Hit(_) => self.replacing(key),
            Lookup::Miss(lease) => return Ok(Lookup::Miss(self.tags.dated(lease))),
        };
        replacing.await
    }

    /// Answers with a hit only: the lease of a miss would have to be dated.
    #[inline]
    fn get_now(&self, key: &S::Key) -> Option<Lookup<V>> {
        match self.inner.get_now(key) {
            Some(Lookup::Hit(entry)) if self.vouches_for(&entry) => Some(Lookup::Hit(plain(entry))),
            // Apart, for the same reason as in `hit_now`.
            Some(Lookup::Hit(_outdated)) => None,
            Some(Lookup::Miss(_lease)) => None,
            None => None,
        }
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        Ok(self.tags.dated(self.inner.lease(key).await?))
    }

    async fn fill(&self, key: S::Key, entry: Entry<V>, lease: Lease) -> Result<Filled> {
        self.fill_tagged(key, entry, lease, &[]).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<V>) -> Result<()> {
        self.insert_tagged(key, entry, &[]).await
    }

    /// Removes the entry. One that a tag had invalidated and nobody has asked for since counts as one.
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<V>>> {
        let found = self.inner.get_many(keys).await?;
        let mut answers = Vec::with_capacity(found.len());
        for (key, found) in keys.iter().zip(found) {
            answers.push(match found {
                Lookup::Hit(entry) if self.vouches_for(&entry) => Lookup::Hit(plain(entry)),
                Lookup::Hit(_) => self.replacing(key).await?,
                Lookup::Miss(lease) => Lookup::Miss(self.tags.dated(lease)),
            });
        }
        Ok(answers)
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<V>, Lease)>) -> Result<Vec<Filled>> {
        let mut answers = vec![Filled::Void; entries.len()];
        let (mut places, mut good) = (Vec::new(), Vec::new());
        for (at, (key, entry, lease)) in entries.into_iter().enumerate() {
            if let Some((stamped, lease)) = self.loaded(&key, entry, lease, &[]) {
                places.push((at, stamped.value().stamp().clone()));
                good.push((key, stamped, lease));
            }
        }
        for ((at, stamp), filled) in places.into_iter().zip(self.inner.fill_many(good).await?) {
            answers[at] = self.still(filled, &stamp);
        }
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<V>)>) -> Result<()> {
        let stamp = |(key, entry)| {
            let stamped = self.written(&key, entry, &[]);
            (key, stamped)
        };
        self.inner.insert_many(entries.into_iter().map(stamp).collect()).await
    }

    /// Removes all keys. Entries that a tag had invalidated count as in [`remove`](Self::remove).
    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

impl<S, V, F, I> Tagged<S, F>
where
    S: Store<Value = Stamped<V>>,
    V: Value,
    F: Fn(&S::Key, &V) -> I + Send + Sync + 'static,
    I: IntoIterator<Item: Into<Tag>>,
{
    /// A lease to replace an entry that was invalidated.
    #[cold]
    fn replacing<'a>(&'a self, key: &'a S::Key) -> BoxFuture<'a, Result<Lookup<V>>> {
        self.outdated.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { self.lease(key).await.map(Lookup::Miss) })
    }
}

/// The entry without its stamp.
fn plain<V>(entry: Entry<Stamped<V>>) -> Entry<V> {
    entry.map(Stamped::into_value)
}
