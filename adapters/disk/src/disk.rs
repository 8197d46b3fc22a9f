//! The store's handle: which worker does what.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use larder_core::{EvictionPolicy, Result, Stats};

use crate::inner::Inner;
use crate::options::DiskOptions;
use crate::workers::{Answer, Workers};

/// A store in a folder, bounded in bytes, with the eviction policy `P`. Opened by [`DiskOptions::open`]. Cloning it costs
/// one reference count; the clones are the same store.
///
/// A look-up of what is there costs one read, mostly from the system's memory, and a change of threads; of what isn't,
/// the index alone. A write is handed to the system before it is acknowledged. See the [crate](crate) for what survives
/// what.
///
/// # When something fails
///
/// - A row that is damaged or can't be read is a miss, and counted.
/// - A key of more than 65,534 bytes is not written: an error of the kind [`Invalid`](larder_core::ErrorKind::Invalid).
/// - A write that the engine refuses (the disk is full, say) is an error of the kind
///   [`Store`](larder_core::ErrorKind::Store), and the store begins anew, empty: nobody knows which rows are there. A removal and a
///   `clear` are then done, and no error. If it can't begin anew, either, look-ups are misses and writes are errors,
///   each of which tries again.
/// - A future that is dropped doesn't stop what it began.
/// - After [`close`](larder_core::Store::close) all but `flush` and `close` are errors of the kind
///   [`Closed`](larder_core::ErrorKind::Closed).
pub struct Disk<P>(Arc<Shared<P>>);

struct Shared<P> {
    inner: Arc<Inner<P>>,
    workers: Arc<Workers>,
    hasher: RandomState,
}

/// What a [`Disk`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskStats {
    /// What the index counted: hits, misses and removals; entries and bytes.
    pub index: Stats,
    /// Rows that were damaged or gone, and read as misses.
    pub damaged: u64,
    /// How often a write failed, and the store began anew.
    pub begun_anew: u64,
}

impl DiskOptions {
    /// Opens the store, with a policy that `policy` makes for the capacity. Reads what is needed of each entry that is
    /// there, but no values.
    ///
    /// # When something fails
    ///
    /// A folder that can't be made, read or locked (another store has it), and one whose `rows` are somebody else's, is an
    /// error of the kind [`Invalid`](larder_core::ErrorKind::Invalid). Rows that can't be read are left out. A folder whose
    /// rows can't be trusted, those of another version among them, is begun anew.
    pub async fn open<P: EvictionPolicy>(
        self,
        policy: impl Fn(u64) -> P + Send + 'static,
    ) -> Result<Disk<P>> {
        let workers = Workers::start(self.threads)?;
        let inner = workers.ask(0, move || Inner::open(self, policy)).await??;
        let disk = Disk(Arc::new(Shared {
            inner: Arc::new(inner),
            workers: Arc::new(workers),
            hasher: RandomState::new(),
        }));
        disk.free_what_left();
        Ok(disk)
    }
}

impl<P: EvictionPolicy> Disk<P> {
    /// The counts so far.
    pub fn stats(&self) -> DiskStats {
        let inner = self.inner();
        DiskStats {
            index: inner.index.stats(),
            damaged: inner.damaged.load(Ordering::Relaxed),
            begun_anew: inner.begun_anew.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn inner(&self) -> &Inner<P> {
        &self.0.inner
    }

    /// Has `job` done after all that was begun with `key` before.
    pub(crate) fn on<T: Send + 'static>(
        &self,
        key: &[u8],
        job: impl FnOnce(&Inner<P>, &[u8]) -> T + Send + 'static,
    ) -> Answer<T> {
        let (this, own) = (self.clone(), key.to_vec());
        self.0.workers.ask(self.worker(key), move || {
            let done = job(this.inner(), &own);
            this.free_what_left();
            done
        })
    }

    /// Has `job` done, which concerns all keys.
    pub(crate) fn on_all<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Inner<P>) -> T + Send + 'static,
    ) -> Answer<T> {
        let inner = Arc::clone(&self.0.inner);
        self.0.workers.ask(0, move || job(&inner))
    }

    /// Has the rows freed of what has left the index.
    fn free_what_left(&self) {
        for (key, sequence) in self.inner().leaving() {
            let inner = Arc::clone(&self.0.inner);
            self.0.workers.tell(self.worker(&key), move || inner.free(&key, sequence));
        }
    }

    fn worker(&self, key: &[u8]) -> usize {
        let mut hasher = self.0.hasher.build_hasher();
        hasher.write(key);
        hasher.finish() as usize % self.0.workers.count()
    }
}

impl<P> Clone for Disk<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> fmt::Debug for Disk<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}
