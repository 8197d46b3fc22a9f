//! The queue as its users share it: what is pending, found at the price of one load where nothing is.

use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use foldhash::quality::FixedState;
use larder_core::{Entry, Error, ErrorKind, Key, Random, Result, Time, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::batch::Full;
use super::slot::{Op, Slot};
use super::table::Table;

const BUCKETS: usize = 512;

pub(super) struct Pending<K, V> {
    table: Mutex<Table<K, V>>,
    /// How many keys readers see in the table.
    visible: AtomicUsize,
    /// The same by hash; so a reader of any other key needs no lock.
    buckets: Box<[Bucket]>,
    hasher: FixedState,
    sequence: AtomicU64,
    /// News for the task that writes.
    work: Notify,
    /// News for those who wait for room or for the origin.
    progress: Notify,
}

#[derive(Default)]
struct Bucket {
    pending: AtomicU32,
    readers: AtomicU32,
}

/// What a look-up is to answer for a key.
pub(super) enum Seen<V> {
    /// What the cache says.
    Cached,
    /// This: the origin will have it.
    Hit(Entry<V>),
    /// Nothing: the origin will have none.
    Miss,
    /// What the origin says once it has what is pending, of which the life has ended.
    Later,
}

impl<K: Key, V: Value> Pending<K, V> {
    /// An empty queue. How keys are spread is drawn from `random`.
    pub(super) fn new(random: &Random) -> Self {
        Self {
            table: Mutex::new(Table::new()),
            visible: AtomicUsize::new(0),
            buckets: (0..BUCKETS).map(|_| Bucket::default()).collect(),
            hasher: FixedState::with_seed(random.next()),
            sequence: AtomicU64::new(0),
            work: Notify::new(),
            progress: Notify::new(),
        }
    }

    /// A sequence higher than all before.
    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sequences from now on are higher than `sequence`.
    pub(super) fn go_on_above(&self, sequence: u64) {
        self.sequence.fetch_max(sequence, Ordering::Relaxed);
    }

    /// Does `act` with the table, under its lock.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Table<K, V>) -> T) -> T {
        act(&mut self.table.lock())
    }

    /// Whether it is worth a look: one load where nothing is pending.
    pub(super) fn may_be_pending(&self, key: &K) -> bool {
        self.visible.load(Ordering::SeqCst) > 0 && self.bucket(key).pending.load(Ordering::SeqCst) > 0
    }

    /// What a look-up of `key` at `now` is to answer.
    pub(super) fn look(&self, key: &K, now: Time) -> Seen<V> {
        if !self.may_be_pending(key) {
            return Seen::Cached;
        }
        let Some((op, unwritten)) = self.with(|table| table.look(key)) else { return Seen::Cached };
        match &op.entry {
            Some(entry) if entry.life().is_usable(now) => Seen::Hit(entry.clone()),
            Some(_) if unwritten => Seen::Later,
            _ => Seen::Miss,
        }
    }

    /// Whether readers are to see something else than the cache has.
    pub(super) fn is_pending(&self, key: &K) -> bool {
        self.may_be_pending(key) && self.with(|table| table.look(key)).is_some()
    }

    /// Says that the cache is asked for `keys` until the guard is dropped, because a look before found nothing pending.
    /// To be followed by another look.
    ///
    /// A cache that loads may take its lease after a write that the look did not see, and fill the old row after the queue
    /// has let go of the key. Who queues a write while there are readers therefore doubts the cached value.
    pub(super) fn reading<'k>(&self, keys: impl Iterator<Item = &'k K>) -> Reading<'_> {
        let buckets: Vec<_> = keys.map(|key| &self.bucket(key).readers).collect();
        for readers in &buckets {
            readers.fetch_add(1, Ordering::SeqCst);
        }
        Reading { buckets }
    }

    /// Holds room for `keys`, which are distinct, when there is any.
    pub(super) async fn hold(&self, keys: Vec<K>, capacity: usize, full: Full) -> Result<Held<'_, K, V>> {
        loop {
            let mut progress = pin!(self.progress.notified());
            progress.as_mut().enable();
            {
                let mut table = self.table.lock();
                if table.closed {
                    return Err(Error::new(ErrorKind::Closed, "queueing a write"));
                }
                if table.hold(&keys, capacity) {
                    break;
                }
                table.wanted = self.sequence.load(Ordering::Relaxed);
            }
            if full == Full::Refuse {
                return Err(Error::new(ErrorKind::Overloaded, "queueing a write"));
            }
            self.work.notify_one();
            progress.await;
        }
        Ok(Held { pending: self, keys })
    }

    /// Makes `op` what readers see and the origin gets. The operation before, if it was still there.
    pub(super) fn queue(&self, key: &K, op: Op<V>, now: Time) -> Option<Arc<Op<V>>> {
        let bucket = self.bucket(key);
        let before = {
            let mut table = self.table.lock();
            let before = table.queue(key, Arc::new(op), now);
            if before.is_none() {
                self.visible.fetch_add(1, Ordering::SeqCst);
                bucket.pending.fetch_add(1, Ordering::SeqCst);
                if bucket.readers.load(Ordering::SeqCst) > 0 {
                    table.doubt(key);
                }
            }
            before
        };
        self.work.notify_one();
        before
    }

    /// The cache may have another value for `key` than the queue.
    pub(super) fn doubt(&self, key: &K) {
        self.with(|table| table.doubt(key));
        self.work.notify_one();
    }

    /// The turn of `key` is over.
    pub(super) fn end_turn(&self, key: &K, again: Option<Time>) {
        let done = self.with(|table| table.end_turn(key, again));
        self.gone(key, done);
    }

    /// Everything that is acknowledged by now leaves without waiting for company.
    pub(super) fn demand_all(&self) -> u64 {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.with(|table| table.wanted = table.wanted.max(sequence));
        self.work.notify_one();
        sequence
    }

    /// Turns further writes away.
    pub(super) fn close(&self) {
        self.with(|table| table.closed = true);
        self.demand_all();
        self.progressed();
    }

    /// Completes once `is_so`.
    pub(super) async fn until(&self, is_so: impl Fn(&Table<K, V>) -> bool) {
        loop {
            let mut progress = pin!(self.progress.notified());
            progress.as_mut().enable();
            if is_so(&self.table.lock()) {
                return;
            }
            progress.await;
        }
    }

    /// Tells those who wait for progress to look.
    pub(super) fn progressed(&self) {
        self.progress.notify_waiters();
    }

    /// Completes when there is something new to do.
    pub(super) async fn work(&self) {
        self.work.notified().await;
    }

    fn let_go(&self, key: &K) {
        let done = self.with(|table| table.let_go(key));
        if done.is_some() {
            self.gone(key, done);
            self.progressed();
        }
    }

    /// The slot of `key` is out of the table. It is dropped here, after the lock: it has the application's values.
    fn gone(&self, key: &K, slot: Option<Slot<V>>) {
        let Some(slot) = slot else { return };
        if slot.op.is_some() {
            self.bucket(key).pending.fetch_sub(1, Ordering::SeqCst);
            self.visible.fetch_sub(1, Ordering::SeqCst);
        }
        if self.with(|table| table.depth()) == 0 {
            self.work.notify_one();
        }
    }

    fn bucket(&self, key: &K) -> &Bucket {
        &self.buckets[(self.hasher.hash_one(key) >> 32) as usize % BUCKETS]
    }
}

/// The cache is being asked.
pub(super) struct Reading<'a> {
    buckets: Vec<&'a AtomicU32>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        for readers in &self.buckets {
            readers.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Room in the queue for these keys, until it is dropped.
pub(super) struct Held<'a, K: Key, V: Value> {
    pending: &'a Pending<K, V>,
    keys: Vec<K>,
}

impl<K: Key, V: Value> Held<'_, K, V> {
    pub(super) fn keys(&self) -> &[K] {
        &self.keys
    }
}

impl<K: Key, V: Value> Drop for Held<'_, K, V> {
    fn drop(&mut self) {
        for key in &self.keys {
            self.pending.let_go(key);
        }
    }
}
