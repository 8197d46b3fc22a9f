//! Two tiers under the contract of one store.

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

use super::Tiered;
use super::lease::{join, part};
use crate::hits::hit_now;
use crate::invalidating::{Invalidating, Written};

#[deny(clippy::missing_trait_methods)]
impl<F: Store, N: Store<Key = F::Key, Value = F::Value>> Store for Tiered<N, F> {
    type Key = F::Key;
    type Value = F::Value;

    async fn get(&self, key: &F::Key) -> Result<Lookup<F::Value>> {
        if let Some(hit) = self.get_now(key) {
            return Ok(hit);
        }
        self.get_waiting(key).await
    }

    /// Answers with a near hit only.
    #[inline]
    fn get_now(&self, key: &F::Key) -> Option<Lookup<F::Value>> {
        hit_now(&self.near, key).inspect(|_| self.counts.near_hit())
    }

    async fn lease(&self, key: &F::Key) -> Result<Lease> {
        let near = self.counts.near_said(self.near.lease(key).await);
        Ok(join(near, self.far.lease(key).await?))
    }

    async fn fill(&self, key: F::Key, entry: Entry<F::Value>, lease: Lease) -> Result<Filled> {
        let Some((near_lease, far_lease)) = part(lease) else { return Ok(Filled::Void) };
        let filled = self.far.fill(key.clone(), entry.clone(), far_lease).await?;
        if let Filled::Stored(life) = filled {
            let copy = Entry::with_life(entry.into_value(), life).promoted();
            self.copy_near(vec![(key, copy, near_lease)]).await;
        }
        Ok(filled)
    }

    async fn insert(&self, key: F::Key, entry: Entry<F::Value>) -> Result<()> {
        let _turn = self.stripes.lock(&key).await;
        let writing = Invalidating::new(&self.near, Written::One(key.clone()));
        if let Err(error) = self.far.insert(key.clone(), entry.clone()).await {
            return writing.failed(error).await;
        }
        self.near.insert(key, entry.promoted()).await?;
        writing.done();
        Ok(())
    }

    async fn remove(&self, key: &F::Key) -> Result<bool> {
        let _turn = self.stripes.lock(key).await;
        let writing = Invalidating::new(&self.near, Written::One(key.clone()));
        let far = match self.far.remove(key).await {
            Ok(far) => far,
            Err(error) => return writing.failed(error).await,
        };
        let near = self.near.remove(key).await?;
        writing.done();
        Ok(far || near)
    }

    async fn clear(&self) -> Result<()> {
        let _turn = self.stripes.lock_all().await;
        let writing = Invalidating::new(&self.near, Written::All);
        if let Err(error) = self.far.clear().await {
            return writing.failed(error).await;
        }
        self.near.clear().await?;
        writing.done();
        Ok(())
    }

    async fn get_many(&self, keys: &[F::Key]) -> Result<Vec<Lookup<F::Value>>> {
        match self.counts.near_said(self.near.get_many(keys).await) {
            Some(near) if near.iter().all(Lookup::is_hit) => {
                self.counts.add(near.len() as u64, 0, 0);
                Ok(near)
            }
            Some(near) => self.get_many_far(keys, near.into_iter().map(Some).collect()).await,
            None => self.get_many_far(keys, keys.iter().map(|_| None).collect()).await,
        }
    }

    async fn fill_many(&self, entries: Vec<(F::Key, Entry<F::Value>, Lease)>) -> Result<Vec<Filled>> {
        let mut answers = vec![Filled::Void; entries.len()];
        let (mut places, mut far, mut near) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (key, entry, lease)) in entries.into_iter().enumerate() {
            let Some((near_lease, far_lease)) = part(lease) else { continue };
            places.push(at);
            near.push((key.clone(), entry.value().clone(), near_lease));
            far.push((key, entry, far_lease));
        }
        let mut copies = Vec::new();
        for ((at, filled), copy) in places.into_iter().zip(self.far.fill_many(far).await?).zip(near) {
            answers[at] = filled;
            if let (Filled::Stored(life), (key, value, lease)) = (filled, copy) {
                copies.push((key, Entry::with_life(value, life).promoted(), lease));
            }
        }
        self.copy_near(copies).await;
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(F::Key, Entry<F::Value>)>) -> Result<()> {
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let _turns = self.stripes.lock_many(keys.iter()).await;
        let writing = Invalidating::new(&self.near, Written::Many(keys));
        if let Err(error) = self.far.insert_many(entries.clone()).await {
            return writing.failed(error).await;
        }
        let copies = entries.into_iter().map(|(key, entry)| (key, entry.promoted())).collect();
        self.near.insert_many(copies).await?;
        writing.done();
        Ok(())
    }

    /// How many of the keys had a usable entry in the far tier, or in the near one if that had more.
    async fn remove_many(&self, keys: &[F::Key]) -> Result<usize> {
        let _turns = self.stripes.lock_many(keys.iter()).await;
        let writing = Invalidating::new(&self.near, Written::Many(keys.to_vec()));
        let far = match self.far.remove_many(keys).await {
            Ok(far) => far,
            Err(error) => return writing.failed(error).await,
        };
        let near = self.near.remove_many(keys).await?;
        writing.done();
        Ok(far.max(near))
    }

    async fn flush(&self) -> Result<()> {
        let near = self.near.flush().await;
        self.far.flush().await.and(near)
    }

    async fn close(&self) -> Result<()> {
        let near = self.near.close().await;
        self.far.close().await.and(near)
    }
}
