//! An optional tier under the contract of a store: what fails is a miss.

use larder_core::{Entry, Error, ErrorKind, Filled, Lease, Lookup, Result, Store};

use super::reports::FaultyCall;
use super::wrapper::Optional;
use crate::invalidating::Written;

/// A fill on its way: where its answer goes, and when its lease was taken.
struct Filling<K> {
    at: usize,
    key: K,
    life: larder_core::Life,
    taken: u64,
}

impl<S: Store> Optional<S> {
    /// What the tier gave, unless it failed: that is reported.
    fn said<T>(&self, call: FaultyCall, outcome: Result<T>) -> Option<T> {
        outcome.map_err(|error| self.far.reports.failed(call, &error)).ok()
    }

    /// A fill that the tier took; void if meanwhile a write of the key failed.
    fn kept(&self, key: &S::Key, filled: Filled) -> Filled {
        if filled.is_stored() && !self.far.trusts(key) { Filled::Void } else { filled }
    }

    /// What the tier says of keys that are believed, one answer each; `None` for each if it fails.
    async fn ask_many(&self, keys: &[S::Key]) -> Vec<Option<Lookup<S::Value>>> {
        let found = if keys.is_empty() { Ok(Vec::new()) } else { self.inner().get_many(keys).await };
        match self.said(FaultyCall::Get, found.and_then(|found| of_length(found, keys.len()))) {
            Some(found) => found.into_iter().map(Some).collect(),
            None => keys.iter().map(|_| None).collect(),
        }
    }

    /// Fills what the tier can take, each under its own lease; and what it can't, as if it had.
    async fn fill_far(
        &self,
        fillings: Vec<Filling<S::Key>>,
        entries: Vec<(S::Key, Entry<S::Value>, Lease)>,
        answers: &mut [Filled],
    ) {
        let filled = self.inner().fill_many(entries).await;
        let filled = filled.and_then(|filled| of_length(filled, fillings.len()));
        let mut filled = self.said(FaultyCall::Fill, filled).map(Vec::into_iter);
        for Filling { at, key, life, taken } in fillings {
            answers[at] = match filled.as_mut().and_then(Iterator::next) {
                Some(filled) => self.kept(&key, filled),
                None => self.unkept(&key, life, taken),
            };
        }
    }
}

fn of_length<T>(answers: Vec<T>, asked: usize) -> Result<Vec<T>> {
    if answers.len() == asked {
        return Ok(answers);
    }
    Err(Error::new(ErrorKind::Store, "asking for many keys, for which there are not as many answers"))
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Optional<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let taken = self.far.distrust.moment();
        if !self.far.trusts(key) {
            self.far.reports.distrusted.add_one();
            return Ok(Lookup::Miss(self.nowhere(taken)));
        }
        let found = self.inner().get(key).await;
        Ok(match self.said(FaultyCall::Get, found) {
            Some(found) => self.believed(key, taken, found),
            None => Lookup::Miss(self.nowhere(taken)),
        })
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        let taken = self.far.distrust.moment();
        if !self.far.distrust.trusts(key) {
            return None;
        }
        let found = self.inner().get_now(key)?;
        Some(self.believed(key, taken, found))
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        let taken = self.far.distrust.moment();
        if !self.far.trusts(key) {
            return Ok(self.nowhere(taken));
        }
        let lease = self.said(FaultyCall::Lease, self.inner().lease(key).await);
        Ok(lease.map_or_else(|| self.nowhere(taken), |lease| self.dated(taken, lease)))
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        let Some((taken, lease)) = self.undated(lease) else { return Ok(Filled::Void) };
        let life = entry.life();
        let Some(lease) = lease.filter(|_| self.far.trusts(&key)) else {
            return Ok(self.unkept(&key, life, taken));
        };
        let filled = self.inner().fill(key.clone(), entry, lease).await;
        Ok(match self.said(FaultyCall::Fill, filled) {
            Some(filled) => self.kept(&key, filled),
            None => self.unkept(&key, life, taken),
        })
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let writing = self.far.writing(Written::One(key.clone()));
        let written = self.inner().insert(key, entry).await;
        writing.end(FaultyCall::Insert, written);
        Ok(())
    }

    /// Says no if the tier failed.
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let writing = self.far.writing(Written::One(key.clone()));
        let removed = self.inner().remove(key).await;
        Ok(writing.end(FaultyCall::Remove, removed).unwrap_or(false))
    }

    async fn clear(&self) -> Result<()> {
        let writing = self.far.writing(Written::All);
        let cleared = self.inner().clear().await;
        writing.end(FaultyCall::Clear, cleared);
        Ok(())
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let taken = self.far.distrust.moment();
        let trusted: Vec<_> = keys.iter().map(|key| self.far.trusts(key)).collect();
        let asked: Vec<_> =
            keys.iter().zip(&trusted).filter(|(_, trusted)| **trusted).map(|(key, _)| key.clone()).collect();
        let mut found = self.ask_many(&asked).await.into_iter();
        let answers = keys.iter().zip(trusted).map(|(key, trusted)| {
            if !trusted {
                self.far.reports.distrusted.add_one();
                return Lookup::Miss(self.nowhere(taken));
            }
            match found.next().flatten() {
                Some(found) => self.believed(key, taken, found),
                None => Lookup::Miss(self.nowhere(taken)),
            }
        });
        Ok(answers.collect())
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let mut answers = vec![Filled::Void; entries.len()];
        let (mut fillings, mut far) = (Vec::new(), Vec::new());
        for (at, (key, entry, lease)) in entries.into_iter().enumerate() {
            let Some((taken, lease)) = self.undated(lease) else { continue };
            let life = entry.life();
            match lease.filter(|_| self.far.trusts(&key)) {
                None => answers[at] = self.unkept(&key, life, taken),
                Some(lease) => {
                    fillings.push(Filling { at, key: key.clone(), life, taken });
                    far.push((key, entry, lease));
                }
            }
        }
        if !far.is_empty() {
            self.fill_far(fillings, far, &mut answers).await;
        }
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let keys = entries.iter().map(|(key, _)| key.clone()).collect();
        let writing = self.far.writing(Written::Many(keys));
        let written = self.inner().insert_many(entries).await;
        writing.end(FaultyCall::Insert, written);
        Ok(())
    }

    /// None, if the tier failed.
    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let writing = self.far.writing(Written::Many(keys.to_vec()));
        let removed = self.inner().remove_many(keys).await;
        Ok(writing.end(FaultyCall::Remove, removed).unwrap_or(0))
    }

    /// Makes up for failed writes first. Fails if that can't be done, or if the tier's own flush fails.
    async fn flush(&self) -> Result<()> {
        let mended = self.far.mend_all().await;
        self.inner().flush().await.and(mended)
    }

    /// The same, and closes the tier in any case.
    async fn close(&self) -> Result<()> {
        let mended = self.far.mend_all().await;
        self.inner().close().await.and(mended)
    }
}
