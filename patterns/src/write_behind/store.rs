//! Write-behind under the contract of a store: look-ups see the queue first, writes go into it.

use larder_core::{Entry, Error, ErrorKind, Filled, Lease, Lookup, Result, Store, Writer};

use super::behind::WriteBehind;
use super::pending::Seen;

#[deny(clippy::missing_trait_methods)]
impl<S: Store, W: Writer<S::Key, S::Value>> Store for WriteBehind<S, W> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        match self.get_now(key) {
            Some(found @ Lookup::Hit(_)) => Ok(found),
            _ => Box::pin(self.get_waiting(key)).await,
        }
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        if self.flusher.pending.may_be_pending(key)
            && let Some(found) = self.overlay_now(key)
        {
            return found;
        }
        match self.inner().get_now(key) {
            Some(Lookup::Miss(_)) if self.is_pending(key) => None,
            found => found,
        }
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        let lease = self.inner().lease(key).await?;
        Ok(if self.is_pending(key) { Lease::void() } else { lease })
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        if lease.is_void() || self.is_pending(&key) {
            return Ok(Filled::Void);
        }
        self.inner().fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let queued = self.queue(vec![self.put(&key, &entry)]).await?;
        let said = self.inner().insert(key, entry).await;
        queued.told(said);
        Ok(())
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let queued = self.queue(vec![(key.clone(), None)]).await?;
        let had = queued.had.first().copied().flatten();
        let said = queued.told(self.inner().remove(key).await);
        Ok(had.unwrap_or_else(|| said.unwrap_or(false)))
    }

    async fn clear(&self) -> Result<()> {
        self.inner().clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let _reading = self.flusher.pending.reading(keys.iter());
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.overlay(key).await?);
        }
        let asked: Vec<_> = keys
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        let mut cached = self.inner().get_many(&asked).await?.into_iter();
        let mut answers = Vec::with_capacity(keys.len());
        for (key, found) in keys.iter().zip(found) {
            answers.push(match found.or_else(|| cached.next()) {
                Some(found @ Lookup::Hit(_)) => found,
                Some(found) => self.overlay(key).await?.unwrap_or(found),
                None => return Err(short_answer()),
            });
        }
        Ok(answers)
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let mut answers = vec![Filled::Void; entries.len()];
        let (mut places, mut fills) = (Vec::new(), Vec::new());
        for (at, (key, entry, lease)) in entries.into_iter().enumerate() {
            if !lease.is_void() && !self.is_pending(&key) {
                places.push(at);
                fills.push((key, entry, lease));
            }
        }
        for (at, filled) in places.into_iter().zip(self.inner().fill_many(fills).await?) {
            answers[at] = filled;
        }
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        for entries in entries.chunks(self.flusher.batch.capacity) {
            let puts = entries.iter().map(|(key, entry)| self.put(key, entry)).collect();
            let queued = self.queue(puts).await?;
            let said = self.inner().insert_many(entries.to_vec()).await;
            queued.told(said);
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let mut removed = 0;
        for keys in keys.chunks(self.flusher.batch.capacity) {
            let queued = self.queue(keys.iter().map(|key| (key.clone(), None)).collect()).await?;
            removed += queued.had.iter().filter(|had| **had == Some(true)).count();
            let (cached, pending): (Vec<_>, Vec<_>) =
                keys.iter().cloned().zip(&queued.had).partition(|(_, had)| had.is_none());
            let said = self.remove_each(cached, pending).await;
            removed += queued.told(said).unwrap_or(0);
        }
        Ok(removed)
    }

    async fn flush(&self) -> Result<()> {
        self.flusher.flush().await?;
        self.inner().flush().await
    }

    async fn close(&self) -> Result<()> {
        self.flusher.pending.close();
        self.flusher.drain().await?;
        if let Some(durable) = &self.flusher.durable {
            durable.close().await?;
        }
        self.inner().close().await
    }
}

impl<S: Store, W: Writer<S::Key, S::Value>> WriteBehind<S, W> {
    /// The answer of the queue, and whether it can be given without waiting; `None`: ask the cache.
    #[expect(clippy::option_option, reason = "is there an answer, and may it be given at once")]
    fn overlay_now(&self, key: &S::Key) -> Option<Option<Lookup<S::Value>>> {
        match self.flusher.pending.look(key, self.flusher.env.now()) {
            Seen::Cached => None,
            Seen::Hit(entry) => Some(Some(Lookup::Hit(entry))),
            Seen::Miss => Some(Some(Lookup::Miss(Lease::void()))),
            Seen::Later => Some(None),
        }
    }

    async fn get_waiting(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let _reading = self.flusher.pending.reading(std::iter::once(key));
        if let Some(found) = self.overlay(key).await? {
            return Ok(found);
        }
        match self.inner().get(key).await? {
            found @ Lookup::Hit(_) => Ok(found),
            found => Ok(self.overlay(key).await?.unwrap_or(found)),
        }
    }

    fn is_pending(&self, key: &S::Key) -> bool {
        self.flusher.pending.is_pending(key)
    }

    /// Removes all from the cache. How many of the first it had: the others are in the queue, and counted there.
    async fn remove_each<T>(&self, cached: Vec<(S::Key, T)>, pending: Vec<(S::Key, T)>) -> Result<usize> {
        let keys = |keys: Vec<(S::Key, T)>| keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let (cached, pending) = (keys(cached), keys(pending));
        let removed = self.inner().remove_many(&cached).await?;
        if !pending.is_empty() {
            self.inner().remove_many(&pending).await?;
        }
        Ok(removed)
    }
}

fn short_answer() -> Error {
    Error::new(ErrorKind::Store, "looking up many keys, for which there are too few answers")
}
