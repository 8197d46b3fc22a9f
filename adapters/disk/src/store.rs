//! The disk under the contract of a store.

use larder_core::{Entry, EvictionPolicy, Filled, Lease, Lookup, Parcel, Result, Store};

use crate::Disk;
use crate::inner::Inner;

#[deny(clippy::missing_trait_methods)]
impl<P: EvictionPolicy> Store for Disk<P> {
    type Key = Vec<u8>;
    type Value = Parcel;

    async fn get(&self, key: &Vec<u8>) -> Result<Lookup<Parcel>> {
        self.on(key, Inner::read).await?
    }

    /// Never answers: every look-up may read.
    fn get_now(&self, _: &Vec<u8>) -> Option<Lookup<Parcel>> {
        None
    }

    async fn lease(&self, key: &Vec<u8>) -> Result<Lease> {
        Ok(self.inner().index.lease_now(key))
    }

    async fn fill(&self, key: Vec<u8>, entry: Entry<Parcel>, lease: Lease) -> Result<Filled> {
        self.on(&key, |inner, key| inner.write(key, entry, Some(lease))).await?
    }

    async fn insert(&self, key: Vec<u8>, entry: Entry<Parcel>) -> Result<()> {
        self.on(&key, |inner, key| inner.write(key, entry, None)).await?.map(drop)
    }

    async fn remove(&self, key: &Vec<u8>) -> Result<bool> {
        self.on(key, Inner::remove).await?
    }

    async fn clear(&self) -> Result<()> {
        self.on_all(Inner::clear).await?
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Lookup<Parcel>>> {
        // All are begun before the first is waited for: the workers share them.
        let answers: Vec<_> = keys.iter().map(|key| self.on(key, Inner::read)).collect();
        let mut found = Vec::with_capacity(keys.len());
        for answer in answers {
            found.push(answer.await??);
        }
        Ok(found)
    }

    async fn fill_many(&self, entries: Vec<(Vec<u8>, Entry<Parcel>, Lease)>) -> Result<Vec<Filled>> {
        let begin = |(key, entry, lease): (Vec<u8>, _, _)| {
            self.on(&key, move |inner, key| inner.write(key, entry, Some(lease)))
        };
        let answers: Vec<_> = entries.into_iter().map(begin).collect();
        let mut filled = Vec::with_capacity(answers.len());
        for answer in answers {
            filled.push(answer.await??);
        }
        Ok(filled)
    }

    async fn insert_many(&self, entries: Vec<(Vec<u8>, Entry<Parcel>)>) -> Result<()> {
        let begin =
            |(key, entry): (Vec<u8>, _)| self.on(&key, move |inner, key| inner.write(key, entry, None));
        let answers: Vec<_> = entries.into_iter().map(begin).collect();
        for answer in answers {
            let _ = answer.await??;
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[Vec<u8>]) -> Result<usize> {
        let answers: Vec<_> = keys.iter().map(|key| self.on(key, Inner::remove)).collect();
        let mut removed = 0;
        for answer in answers {
            removed += usize::from(answer.await??);
        }
        Ok(removed)
    }

    async fn flush(&self) -> Result<()> {
        self.on_all(Inner::flush).await?
    }

    async fn close(&self) -> Result<()> {
        self.on_all(Inner::close).await?
    }
}
