//! A store whose look-ups are recorded.

use std::fmt;
use std::path::Path;

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

use super::options::RecordOptions;
use super::recorder::{Recorder, Recording};

/// A store that writes the look-ups which pass it to a trace. Made by [`RecordExt::record`](crate::record::RecordExt).
///
/// Each look-up is a request: its key's hash, its time, and where the entry is at hand its size and TTL. A miss learns them
/// from the fill or the write that follows, and from the time between the two what the load cost. Writes, removals and
/// leases are no requests. The file is in the lab's own compact format, and stands at the path once the recording is
/// closed or dropped; until then it is called the same with `.part` behind. Requests of one instant may change places.
///
/// A call costs a hash, a look at the clock and a short lock, or the hash alone where the key is outside the sample. It
/// allocates nothing and never waits for the file: a thread of its own writes, and what that can't keep up with is dropped
/// and counted. All buffers together take about 10 MiB.
///
/// # When something fails
///
/// - The path can't be written: there is no recording, and `record` says so.
/// - The disk is full, or writing fails otherwise: requests go on as if nothing were recorded. [`recording`](Self::recording)
///   tells at once, [`close`](Store::close) at the end with an error of kind `Store`; the store itself is closed by then.
/// - A function that names a key or sizes an entry panics: the call is not recorded, and counted as lost.
/// - The process is killed: what was written stays in the `.part` file, which the lab reads up to where it is cut off.
/// - The wrapped store fails: its errors are passed on, and nothing is recorded of the call.
pub struct Recorded<S: Store> {
    inner: S,
    recorder: Recorder<S::Key, S::Value>,
}

impl<S: Store> Recorded<S> {
    /// `inner`, whose look-ups are recorded to a file at `path`.
    pub fn new(inner: S, path: impl AsRef<Path>, options: RecordOptions<S::Key, S::Value>) -> Result<Self> {
        Ok(Self { inner, recorder: Recorder::start(path.as_ref(), options)? })
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// How the recording goes.
    pub fn recording(&self) -> Recording {
        self.recorder.recording()
    }

    fn looked_up(&self, key: &S::Key, found: &Lookup<S::Value>) {
        match found {
            Lookup::Hit(entry) => self.recorder.look_up(key, Some(entry)),
            Lookup::Miss(_) => self.recorder.look_up(key, None),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Recorded<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let found = self.inner.get(key).await?;
        self.looked_up(key, &found);
        Ok(found)
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        let found = self.inner.get_now(key)?;
        if found.is_hit() {
            self.looked_up(key, &found);
        }
        Some(found)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.inner.lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        let entered = self.recorder.entering(&key, entry.value());
        let filled = self.inner.fill(key, entry, lease).await?;
        if let Filled::Stored(life) = filled {
            self.recorder.note(entered, life);
        }
        Ok(filled)
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let (entered, life) = (self.recorder.entering(&key, entry.value()), entry.life());
        self.inner.insert(key, entry).await?;
        self.recorder.note(entered, life);
        Ok(())
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let found = self.inner.get_many(keys).await?;
        keys.iter().zip(&found).for_each(|(key, found)| self.looked_up(key, found));
        Ok(found)
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let entering = |(key, entry, _): &(_, Entry<S::Value>, _)| self.recorder.entering(key, entry.value());
        let entered: Vec<_> = entries.iter().map(entering).collect();
        let filled = self.inner.fill_many(entries).await?;
        for (entered, filled) in entered.into_iter().zip(&filled) {
            if let Filled::Stored(life) = filled {
                self.recorder.note(entered, *life);
            }
        }
        Ok(filled)
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let entering =
            |(key, entry): &(_, Entry<S::Value>)| (self.recorder.entering(key, entry.value()), entry.life());
        let entered: Vec<_> = entries.iter().map(entering).collect();
        self.inner.insert_many(entries).await?;
        entered.into_iter().for_each(|(entered, life)| self.recorder.note(entered, life));
        Ok(())
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    /// Closes the wrapped store, then the recording. The thread it is called on is held for the moment that takes.
    async fn close(&self) -> Result<()> {
        let closed = self.inner.close().await;
        closed.and(self.recorder.finish())
    }
}

impl<S: Store + fmt::Debug> fmt::Debug for Recorded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("inner", &self.inner).field("recorder", &self.recorder).finish()
    }
}
