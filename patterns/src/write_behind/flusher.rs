//! The task that writes what is queued, for as long as anything is.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{BoxFuture, Change, Env, Error, ErrorKind, Result, Store, Time, Writer};

use super::batch::Batch;
use super::durable::Durable;
use super::pending::Pending;
use super::stats::Counts;
use super::table::{Item, Next, Verdict};
use crate::panics::caught;
use crate::within::within;
use crate::writes::write;

/// What the task and the store share.
pub(super) struct Flusher<S: Store, W> {
    pub(super) inner: S,
    pub(super) writer: W,
    pub(super) env: Env,
    pub(super) batch: Batch<S::Key, S::Value>,
    pub(super) pending: Pending<S::Key, S::Value>,
    pub(super) durable: Option<Durable<S::Key, S::Value>>,
    pub(super) counts: Counts,
}

impl<S: Store, W: Writer<S::Key, S::Value>> Flusher<S, W> {
    pub(super) fn now(&self) -> Time {
        self.env.clock().now_precise()
    }

    /// Sees to it that the task is there, if there is anything to do.
    pub(super) fn start(self: &Arc<Self>) -> Result<()> {
        let is_needed = self.pending.with(|table| {
            let is_needed = !table.running && table.depth() > 0;
            table.running |= is_needed;
            is_needed
        });
        if !is_needed {
            return Ok(());
        }
        let running = Running { flusher: Arc::clone(self), has_ended: false };
        self.env.spawn(async move { running.run().await })
    }

    /// Waits until the origin has what was acknowledged by now.
    pub(super) async fn flush(self: &Arc<Self>) -> Result<()> {
        let sequence = self.pending.demand_all();
        self.start()?;
        let is_flushed = self.pending.until(|table| table.oldest().is_none_or(|(first, _)| first > sequence));
        self.in_time(is_flushed).await
    }

    /// Waits until nothing is left to do.
    pub(super) async fn drain(self: &Arc<Self>) -> Result<()> {
        self.start()?;
        self.in_time(self.pending.until(|table| table.depth() == 0)).await
    }

    async fn in_time(&self, done: impl Future<Output = ()>) -> Result<()> {
        let deadline = self.batch.flush_deadline.map(|deadline| self.env.sleep(deadline));
        within(done, deadline).await.ok_or_else(|| {
            let left = self.pending.with(|table| table.unwritten());
            Error::new(ErrorKind::Timeout, format!("flushing, with {left} writes left"))
        })
    }

    async fn write(&self, turns: &mut Turns<'_, S>) {
        let changes: Vec<Change<_, _>> =
            turns.items.iter().filter_map(|item| Some(item.op.as_ref()?.change(&item.key))).collect();
        if !changes.is_empty() {
            match write(&self.writer, &changes, self.deadline()).await {
                Ok(()) => self.written(&turns.items),
                Err(error) => {
                    self.failed(&turns.items, &error);
                    turns.again = true;
                }
            }
        }
        for item in &turns.items {
            if let Some(doubt) = self.pending.with(|table| table.doubted(&item.key)) {
                self.invalidate(&item.key, doubt).await;
            }
        }
    }

    fn written(&self, items: &[Item<S::Key, S::Value>]) {
        self.counts.batches.add(1);
        for item in items {
            let Some(op) = &item.op else { continue };
            self.counts.written.add(1);
            // One that is not the last any more was settled when it was replaced.
            if self.pending.with(|table| table.written(&item.key, op.sequence)) {
                self.settled(op.sequence);
            }
        }
    }

    fn failed(&self, items: &[Item<S::Key, S::Value>], error: &Error) {
        self.counts.failures.add(1);
        let last_resort = self.batch.last_resort.as_ref();
        for item in items {
            let Some(op) = &item.op else { continue };
            let attempts = last_resort.map(|last| last.attempts);
            let verdict = self.pending.with(|table| table.failed(&item.key, op.sequence, attempts));
            match (verdict, last_resort) {
                (Verdict::GivenUp, Some(last)) => {
                    self.counts.dead_letters.add(1);
                    caught(|| (last.dead_letter)(op.change(&item.key), error));
                    self.settled(op.sequence);
                }
                _ => self.counts.retries.add(1),
            }
        }
    }

    async fn invalidate(&self, key: &S::Key, doubt: u64) {
        let is_removed =
            within(self.inner.remove(key), self.deadline()).await.is_some_and(|removed| removed.is_ok());
        if is_removed {
            self.pending.with(|table| table.trust(key, doubt));
        } else {
            self.pending.with(|table| table.stumbled(key));
            self.counts.store_errors.add(1);
        }
    }

    /// Nothing need come back of this operation.
    pub(super) fn settled(&self, sequence: u64) {
        if let Some(durable) = &self.durable {
            durable.settled(sequence);
        }
    }

    async fn settle(&self) {
        let Some(durable) = &self.durable else { return };
        if within(durable.settle(), self.deadline()).await.is_none_or(|settled| settled.is_err()) {
            self.counts.journal_errors.add(1);
        }
    }

    fn deadline(&self) -> Option<BoxFuture<'static, ()>> {
        self.batch.write_deadline.map(|deadline| self.env.sleep(deadline))
    }

    /// How long to wait after this many failures in a row.
    fn delay(&self, failures: u32) -> Duration {
        self.batch.back_off.wait(failures, self.env.random().next_f64())
    }
}

/// The task. However it ends, another one can be started then.
struct Running<S: Store, W: Writer<S::Key, S::Value>> {
    flusher: Arc<Flusher<S, W>>,
    has_ended: bool,
}

impl<S: Store, W: Writer<S::Key, S::Value>> Running<S, W> {
    async fn run(mut self) {
        let flusher = Arc::clone(&self.flusher);
        loop {
            let (size, interval) = (flusher.batch.size, flusher.batch.interval);
            let now = flusher.now();
            match flusher.pending.with(|table| table.next(now, size, interval)) {
                Next::Write(items) => {
                    let mut turns = Turns { pending: &flusher.pending, items, again: false };
                    flusher.write(&mut turns).await;
                    turns.end(&flusher);
                    flusher.settle().await;
                }
                Next::Wait(until) => {
                    let timer = until.map(|until| flusher.env.sleep(until.since(now)));
                    within(flusher.pending.work(), timer).await;
                }
                Next::End => {
                    self.has_ended = true;
                    flusher.pending.progressed();
                    return;
                }
            }
        }
    }
}

impl<S: Store, W: Writer<S::Key, S::Value>> Drop for Running<S, W> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.flusher.pending.with(|table| table.running = false);
        }
    }
}

/// The keys whose turn it is. Dropped midway, it gives the turns back.
struct Turns<'a, S: Store> {
    pending: &'a Pending<S::Key, S::Value>,
    items: Vec<Item<S::Key, S::Value>>,
    again: bool,
}

impl<S: Store> Turns<'_, S> {
    /// Those that failed, at the origin or in the cache, wait; together if it was together that they failed.
    fn end<W: Writer<S::Key, S::Value>>(mut self, flusher: &Flusher<S, W>) {
        let failures = |item: &Item<_, _>| self.pending.with(|table| table.failures(&item.key));
        let worst = self.items.iter().map(failures).max().unwrap_or(0);
        let again = (worst > 0).then(|| flusher.now().after(flusher.delay(worst)));
        for item in self.items.drain(..) {
            let has_failed = self.again || self.pending.with(|table| table.failures(&item.key)) > 0;
            self.pending.end_turn(&item.key, again.filter(|_| has_failed));
        }
        self.pending.progressed();
    }
}

impl<S: Store> Drop for Turns<'_, S> {
    fn drop(&mut self) {
        for item in self.items.drain(..) {
            self.pending.end_turn(&item.key, None);
        }
    }
}
