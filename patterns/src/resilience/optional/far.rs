//! The tier behind an `Optional`: what is believed of it, and the task that makes up for what failed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use larder_core::{Env, ErrorKind, Result, Store};

use super::distrust::Distrust;
use super::reports::{FaultyCall, Reports};
use crate::back_off::BackOff;
use crate::invalidating::Written;
use crate::panics::caught;

/// How long to wait before it is tried again to make up for a failed write.
const BACK_OFF: BackOff = BackOff { first: Duration::from_millis(50), longest: Duration::from_secs(5) };

/// How many keys are removed at once to make up for failed writes.
const BATCH: usize = 64;

/// The tier, and what is known of it.
pub(super) struct Far<S: Store> {
    pub(super) inner: S,
    pub(super) env: Env,
    pub(super) distrust: Distrust<S::Key>,
    pub(super) reports: Reports,
    mending: AtomicBool,
}

impl<S: Store> Far<S> {
    pub(super) const fn new(inner: S, env: Env, distrust: Distrust<S::Key>, reports: Reports) -> Self {
        Self { inner, env, distrust, reports, mending: AtomicBool::new(false) }
    }

    /// A write begins.
    pub(super) fn writing(self: &Arc<Self>, written: Written<S::Key>) -> Writing<'_, S> {
        let began = self.distrust.write(&written);
        Writing { far: self, written, began, succeeded: false }
    }

    /// Whether the tier is believed about `key`. If not, sees to it that it will be.
    pub(super) fn trusts(self: &Arc<Self>, key: &S::Key) -> bool {
        let trusts = self.distrust.trusts(key);
        if !trusts {
            self.mend_soon();
        }
        trusts
    }

    /// Makes up for every failed write, or says why it can't be done.
    pub(super) async fn mend_all(&self) -> Result<()> {
        while self.mend_some().await? {}
        Ok(())
    }

    /// Starts the task that makes up for failed writes, unless it runs.
    fn mend_soon(self: &Arc<Self>) {
        if self.mending.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = Mending { far: Arc::downgrade(self), rests: false };
        // Where there is nothing to run it on, the task is dropped, and the next who finds distrust tries again.
        let _ = caught(|| self.env.spawn(mend(task, self.env.clone())));
    }

    /// Removes what is not believed, some keys at once. Whether there was anything.
    async fn mend_some(&self) -> Result<bool> {
        let Some((written, since)) = self.distrust.wanting(BATCH) else { return Ok(false) };
        match &written {
            Written::All => self.inner.clear().await?,
            Written::One(key) => self.mend_one(key).await?,
            Written::Many(keys) => match self.inner.remove_many(keys).await {
                Err(error) if error.kind() == ErrorKind::Invalid => {
                    for key in keys {
                        self.mend_one(key).await?;
                    }
                }
                removed => drop(removed?),
            },
        }
        self.distrust.trust(&written, since);
        Ok(true)
    }

    /// A key that can't be asked for can't be there, either.
    async fn mend_one(&self, key: &S::Key) -> Result<()> {
        match self.inner.remove(key).await {
            Err(error) if error.kind() != ErrorKind::Invalid => Err(error),
            _ => Ok(()),
        }
    }
}

/// A write under way. Unless it succeeds, what it wrote is not believed: also if its future is dropped.
pub(super) struct Writing<'a, S: Store> {
    far: &'a Arc<Far<S>>,
    written: Written<S::Key>,
    began: u64,
    succeeded: bool,
}

impl<S: Store> Writing<'_, S> {
    /// What the write gave; `None` if it failed, which is reported as a failed `call`.
    pub(super) fn end<T>(mut self, call: FaultyCall, outcome: Result<T>) -> Option<T> {
        let far = self.far;
        self.succeeded = outcome.is_ok();
        drop(self);
        outcome.map_err(|error| far.reports.failed(call, &error)).ok()
    }
}

impl<S: Store> Drop for Writing<'_, S> {
    fn drop(&mut self) {
        if self.succeeded {
            self.far.distrust.write(&self.written);
            self.far.distrust.trust(&self.written, self.began);
        } else {
            self.far.distrust.distrust(&self.written);
            self.far.mend_soon();
        }
    }
}

/// The task that makes up for failed writes: there is one at most.
struct Mending<S: Store> {
    far: Weak<Far<S>>,
    rests: bool,
}

impl<S: Store> Mending<S> {
    /// Whether nothing is left to do. From then on another task may start.
    fn rests(&mut self, far: &Far<S>) -> bool {
        far.mending.store(false, Ordering::Release);
        self.rests = !far.distrust.is_uneasy() || far.mending.swap(true, Ordering::AcqRel);
        self.rests
    }
}

impl<S: Store> Drop for Mending<S> {
    fn drop(&mut self) {
        if let (false, Some(far)) = (self.rests, self.far.upgrade()) {
            far.mending.store(false, Ordering::Release);
        }
    }
}

/// Makes up for failed writes until all is believed again, or the store is dropped.
async fn mend<S: Store>(mut task: Mending<S>, env: Env) {
    let mut failures = 0_u32;
    while let Some(far) = task.far.upgrade() {
        match far.mend_some().await {
            Ok(true) => failures = 0,
            Ok(false) if task.rests(&far) => return,
            Ok(false) => {}
            Err(error) => {
                far.reports.failed(FaultyCall::Mend, &error);
                failures = failures.saturating_add(1);
                drop(far);
                env.sleep(BACK_OFF.wait(failures, env.random().next_f64())).await;
            }
        }
    }
}
