//! The store whose writes are queued.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use larder_core::{
    Change, Codec, Entry, Env, Error, ErrorKind, Journal, Key, Lease, Lifetimes, Lookup, Record, Result,
    Store, Writer,
};
use tokio::sync::MutexGuard;

use super::batch::Batch;
use super::durable::Durable;
use super::flusher::Flusher;
use super::pending::{Held, Pending, Seen};
use super::slot::Op;
use super::stats::{Counts, WriteStats};
use crate::stripes::Stripes;

/// A store whose writes are acknowledged once they are queued, and reach the origin in batches. Made by
/// [`PatternExt::write_behind`](crate::PatternExt::write_behind).
///
/// Write-behind is the copy-back of hardware caches (Smith, "Cache Memories", ACM Computing Surveys, 1982). The queue has
/// one place a key, which holds the last operation on it: of many writes the origin gets the last, and never an
/// older one after it, retries included. The write of a key begins when the one before has ended.
///
/// What is queued is what readers see, whether the cache still has it or not; a queued removal is a miss. While a key is queued,
/// its leases are void: whoever loads it then may have read the old row. A queued value whose own life has ended is
/// written first, and only then looked for.
///
/// It writes the origin and never reads it. What loads, [`read_through`](crate::PatternExt::read_through) or
/// [`keep_fresh`](crate::PatternExt::keep_fresh), goes inside or outside alike: the miss of a queued removal has a
/// [void](Lease::void) lease, so nobody loads the row that is still there.
///
/// [`clear`](Store::clear) empties the cache and not the queue: what was acknowledged is still written, and seen until then.
///
/// [`flush`](Store::flush) waits until the origin has all that was acknowledged before. [`close`](Store::close) turns writes
/// away, waits until nothing is left to do, and can be repeated after a timeout. Dropping the store loses nothing as long as its
/// runtime lives: the task that writes ends when the queue is empty. Between writes there is no task.
///
/// # Durable
///
/// After [`durable`](Self::durable) a write is acknowledged only once it is in a journal, and comes back from it if the process ends
/// before the origin has it. Without, the end of the process loses what is queued.
///
/// # When something fails
///
/// - The writer fails, panics or passes its [deadline](Batch::write_deadline): the batch is tried again after a back-off,
///   then each of its keys alone, so that one that can't be written holds up no other. After
///   [`give_up_after`](Batch::give_up_after) so many attempts, the write goes to the dead-letter handler and the
///   key is removed from the cache. Without that setting no write is ever given up.
/// - The queue is full: see [`Full`](super::Full). A write that waits for room and is dropped leaves nothing.
/// - The store fails to take a value: the write stands, [`WriteStats::store_errors`] counts it, and readers see the
///   queued value until the origin has it and the store has lost its copy; which is tried until it succeeds.
///   Whether there was an entry, a removal can't say then, and says no.
/// - The store fails to look up: the error is passed on, except for what is queued.
/// - The journal fails to append, or the codec to encode: the write is refused with their error; it is neither in the queue nor in
///   the cache. Only if the process ends before the journal could be told so may it come back.
/// - The journal fails to settle: [`WriteStats::journal_errors`] counts it, and it is told again. After a crash, what
///   the origin has already may be written again.
/// - The future of a write is dropped midway: it is queued, or it is not. Of a batch, any part may be.
/// - The runtime of the task shuts down: what is queued stays queued, and the next write or `flush` starts another task.
/// - After `close`, writes are [`Closed`](ErrorKind::Closed); look-ups go on.
pub struct WriteBehind<S: Store, W> {
    pub(super) flusher: Arc<Flusher<S, W>>,
    pub(super) stripes: Stripes,
}

impl<S: Store, W: Writer<S::Key, S::Value>> WriteBehind<S, W> {
    /// `inner`, whose writes `writer` makes at the origin, in batches, in a task of `env`.
    pub fn new(inner: S, writer: W, batch: Batch<S::Key, S::Value>, env: &Env) -> Self {
        let flusher = Flusher {
            inner,
            writer,
            env: env.clone(),
            batch,
            pending: Pending::new(env.random()),
            durable: None,
            counts: Counts::default(),
        };
        Self { flusher: Arc::new(flusher), stripes: Stripes::new() }
    }

    /// The same with a journal, and with what comes back from it in the queue; even if that is more than it may hold.
    ///
    /// `codec` makes a change bytes and back. Its [`Context`](larder_core::Context) has the record's sequence for a
    /// key. A change that comes back has no life of its own.
    ///
    /// Records that can't be decoded go to [`Batch::undecodable`] and are settled; without it they are an error of kind
    /// [`Invalid`](ErrorKind::Invalid), and nothing is changed. Records that the journal found damaged are counted in
    /// [`WriteStats::damaged`].
    pub async fn durable(
        self,
        journal: impl Journal,
        codec: impl Codec<Plain = Change<S::Key, S::Value>, Encoded = Vec<u8>>,
    ) -> Result<Self> {
        let in_use = || Error::new(ErrorKind::Invalid, "making a queue durable that is in use");
        let mut flusher = Arc::into_inner(self.flusher).ok_or_else(in_use)?;
        if flusher.durable.is_some() || flusher.pending.with(|table| table.depth()) > 0 {
            return Err(in_use());
        }
        let durable = Durable::new(journal, codec);
        flusher.recover(&durable).await?;
        flusher.durable = Some(durable);
        let flusher = Arc::new(flusher);
        flusher.start()?;
        Ok(Self { flusher, stripes: self.stripes })
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.flusher.inner
    }

    /// What the queue has done, and has still to do.
    pub fn stats(&self) -> WriteStats {
        let now = self.flusher.now();
        let (depth, oldest) = self.flusher.pending.with(|table| (table.depth(), table.oldest()));
        let lag = oldest.map(|(_, since)| now.since(since)).unwrap_or_default();
        self.flusher.counts.snapshot(depth, lag)
    }

    /// What is to be answered instead of the cache; waits for what has to be written first.
    pub(super) async fn overlay(&self, key: &S::Key) -> Result<Option<Lookup<S::Value>>> {
        loop {
            match self.flusher.pending.look(key, self.flusher.env.now()) {
                Seen::Cached => return Ok(None),
                Seen::Hit(entry) => return Ok(Some(Lookup::Hit(entry))),
                Seen::Miss => return Ok(Some(Lookup::Miss(Lease::void()))),
                Seen::Later => {
                    self.flusher.pending.demand_all();
                    self.flusher.start()?;
                    let is_written = |op: Option<(_, bool)>| op.is_none_or(|(_, unwritten)| !unwritten);
                    self.flusher.pending.until(|table| is_written(table.look(key))).await;
                }
            }
        }
    }

    /// Queues `writes`, of which there are no more than the queue has room for.
    pub(super) async fn queue(&self, writes: Vec<Write<S>>) -> Result<Queued<'_, S, W>> {
        let flusher = &self.flusher;
        flusher.start()?;
        let held =
            flusher.pending.hold(distinct(&writes), flusher.batch.capacity, flusher.batch.full).await?;
        flusher.start()?;
        let turns = self.stripes.lock_many(held.keys().iter()).await;
        let now = flusher.env.now();
        let op = |(key, entry): Write<S>| (key, Op { sequence: flusher.pending.next_sequence(), entry });
        let ops: Vec<_> = writes.into_iter().map(op).collect();
        flusher.append(&ops).await?;
        let mut had = Vec::with_capacity(ops.len());
        for (key, op) in ops {
            let before = flusher.pending.queue(&key, op, flusher.now());
            had.push(before.as_ref().map(|op| op.is_usable(now)));
            if let Some(before) = before {
                flusher.settled(before.sequence);
            }
        }
        Ok(Queued { flusher, held, had, agrees: false, _turns: turns })
    }

    /// The write of `entry`, its deadlines made absolute.
    pub(super) fn put(&self, key: &S::Key, entry: &Entry<S::Value>) -> Write<S> {
        let life = entry.life().resolve(self.flusher.env.now(), &Lifetimes::default(), || 0);
        (key.clone(), Some(Entry::with_life(entry.value().clone(), life)))
    }
}

/// Each key once.
fn distinct<K: Key, T>(writes: &[(K, T)]) -> Vec<K> {
    if let [(key, _)] = writes {
        return vec![key.clone()];
    }
    let mut seen = HashSet::new();
    writes.iter().map(|(key, _)| key).filter(|key| seen.insert(*key)).cloned().collect()
}

/// A key, and its new entry; `None`: it is deleted.
pub(super) type Write<S> = (<S as Store>::Key, Option<Entry<<S as Store>::Value>>);

/// Writes that are queued, and that the cache is about to be told of. Unless it agrees, its copies are doubted.
pub(super) struct Queued<'a, S: Store, W: Writer<S::Key, S::Value>> {
    flusher: &'a Flusher<S, W>,
    held: Held<'a, S::Key, S::Value>,
    /// Whether there was a usable entry in the queue; `None`: the queue had none at all.
    pub(super) had: Vec<Option<bool>>,
    agrees: bool,
    _turns: Vec<MutexGuard<'a, ()>>,
}

impl<S: Store, W: Writer<S::Key, S::Value>> Queued<'_, S, W> {
    /// What the cache said when it was told; `None` if it failed.
    pub(super) fn told<T>(mut self, said: Result<T>) -> Option<T> {
        self.agrees = said.is_ok();
        if !self.agrees {
            self.flusher.counts.store_errors.add(1);
        }
        said.ok()
    }
}

impl<S: Store, W: Writer<S::Key, S::Value>> Drop for Queued<'_, S, W> {
    fn drop(&mut self) {
        if !self.agrees {
            self.held.keys().iter().for_each(|key| self.flusher.pending.doubt(key));
        }
    }
}

impl<S: Store, W: Writer<S::Key, S::Value>> Flusher<S, W> {
    async fn append(&self, ops: &[(S::Key, Op<S::Value>)]) -> Result<()> {
        let Some(durable) = &self.durable else { return Ok(()) };
        let record = |(key, op): &(S::Key, Op<S::Value>)| durable.encode(op.sequence, &op.change(key));
        durable.append(ops.iter().map(record).collect::<Result<_>>()?).await
    }

    /// Queues what the journal still has.
    async fn recover(&self, durable: &Durable<S::Key, S::Value>) -> Result<()> {
        let recovered = durable.recover().await?;
        let (mut changes, mut broken) = (Vec::new(), Vec::new());
        for record in recovered.records {
            self.pending.go_on_above(record.sequence);
            match durable.decode(&record) {
                Ok(change) => changes.push((record.sequence, change)),
                Err(error) => broken.push((record, error)),
            }
        }
        self.report(durable, &broken)?;
        self.counts.damaged.add(recovered.damaged);
        self.counts.recovered.add(changes.len() as u64);
        changes.sort_by_key(|(sequence, _)| *sequence);
        for (sequence, change) in changes {
            let (key, entry) = match change {
                Change::Put(key, value) => (key, Some(Entry::new(value).never_expires())),
                Change::Delete(key) => (key, None),
            };
            if let Some(before) = self.pending.queue(&key, Op { sequence, entry }, self.now()) {
                durable.settled(before.sequence);
            }
            self.pending.doubt(&key);
        }
        Ok(())
    }

    fn report(&self, durable: &Durable<S::Key, S::Value>, broken: &[(Record, Error)]) -> Result<()> {
        let Some((_, cause)) = broken.first() else { return Ok(()) };
        let Some(handler) = &self.batch.undecodable else {
            let doing = format!("recovering a journal, {} records of which can't be decoded", broken.len());
            return Err(Error::new(ErrorKind::Invalid, doing).because(cause.clone()));
        };
        for (record, error) in broken {
            self.counts.undecodable.add(1);
            crate::panics::caught(|| handler(record, error));
            durable.settled(record.sequence);
        }
        Ok(())
    }
}

impl<S: Store + fmt::Debug, W> fmt::Debug for WriteBehind<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBehind")
            .field("inner", &self.flusher.inner)
            .field("batch", &self.flusher.batch)
            .finish_non_exhaustive()
    }
}
