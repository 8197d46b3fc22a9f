//! Freshness under the contract of a store: look-ups load and reload, writes end what was said of their keys.

use larder_core::{Entry, Filled, Lease, Loader, Lookup, Result, Store};

use super::forgetting::Forgetting;
use super::seek::Fresh;

#[deny(clippy::missing_trait_methods)]
impl<S: Store, L: Loader<S::Key, S::Value>> Store for Fresh<S, L> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let seen = self.flights.seen();
        let waiting = match self.inner().get_now(key) {
            Some(Lookup::Hit(entry)) if self.is_plainly_fresh(entry.life()) => return Ok(Lookup::Hit(entry)),
            Some(Lookup::Hit(entry)) => match self.get_due(key, entry, seen) {
                Ok(answer) => return Ok(answer),
                Err(waiting) => waiting,
            },
            Some(Lookup::Miss(_)) | None => self.get_waiting(key, seen),
        };
        waiting.await
    }

    /// Answers with a hit only, and with none whose reload is to be started.
    #[inline]
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        // Judged in its place, so that every hit is spared a copy.
        let mut found = self.inner().get_now(key);
        if !matches!(&found, Some(Lookup::Hit(entry)) if self.answers_now(key, entry)) {
            found = None;
        }
        found
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner().lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        let _forgetting = Forgetting::one(&self.parts.verdicts, &key);
        self.inner().fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let _forgetting = Forgetting::one(&self.parts.verdicts, &key);
        let _detaching = self.flights.detaching(&key);
        self.inner().insert(key, entry).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let _forgetting = Forgetting::one(&self.parts.verdicts, key);
        let _detaching = self.flights.detaching(key);
        self.inner().remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        let _forgetting = Forgetting::all(&self.parts.verdicts);
        let _detaching = self.flights.detaching_all();
        self.inner().clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let seen = self.flights.seen();
        let found = self.inner().get_many(keys).await?;
        Box::pin(self.answer_many(keys, found, seen)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let _forgetting = Forgetting::many(&self.parts.verdicts, entries.iter().map(|(key, _, _)| key));
        self.inner().fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let _forgetting = Forgetting::many(&self.parts.verdicts, entries.iter().map(|(key, _)| key));
        let _detaching = self.flights.detaching_many(entries.iter().map(|(key, _)| key));
        self.inner().insert_many(entries).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let _forgetting = Forgetting::many(&self.parts.verdicts, keys.iter());
        let _detaching = self.flights.detaching_many(keys.iter());
        self.inner().remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner().flush().await
    }

    /// Starts no more reloads; a load under way ends by itself.
    async fn close(&self) -> Result<()> {
        self.stop_reloading();
        self.inner().close().await
    }
}
