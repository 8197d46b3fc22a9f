//! One load under way: `Flight` as those see it who wait, `Lead` as the one sees it who runs it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use larder_core::{BoxFuture, Env, Error, ErrorKind, Key, Lease, Result, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::guarded::guarded;
use super::reentrance::Node;
use super::table::Table;

/// One load under way.
pub(crate) struct Flight<T> {
    node: Node,
    outcome: OnceLock<Result<T>>,
    landed: Notify,
    looks_again: AtomicBool,
    lease: Mutex<Option<Lease>>,
}

impl<T: Value> Flight<T> {
    pub(super) fn new(node: Node) -> Arc<Self> {
        Arc::new(Self {
            node,
            outcome: OnceLock::new(),
            landed: Notify::new(),
            looks_again: AtomicBool::new(false),
            lease: Mutex::new(None),
        })
    }

    /// The outcome, once there is one. An error at once if the load waits for the load that asks.
    pub(crate) async fn wait(&self) -> Result<T> {
        self.landed().await?;
        self.outcome.get().cloned().unwrap_or_else(|| Err(dropped()))
    }

    /// Completes once there is an outcome. An error at once if the load waits for the load that asks.
    pub(crate) async fn landed(&self) -> Result<()> {
        if self.outcome.get().is_some() {
            return Ok(());
        }
        let _wait = self.node.await_in_current()?;
        let mut landed = pin!(self.landed.notified());
        landed.as_mut().enable();
        if self.outcome.get().is_none() {
            landed.await;
        }
        Ok(())
    }

    /// Says that another load of the key ended between the look-up and this flight: the store must be asked again.
    pub(super) fn look_again(&self) {
        self.looks_again.store(true, Ordering::Release);
    }

    /// Whether the store is asked again first: then the outcome may come from a load that began earlier.
    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again.load(Ordering::Acquire)
    }

    /// Leaves the lease of a load that found nothing to one of those who wait for it.
    pub(crate) fn leave_lease(&self, lease: Lease) {
        *self.lease.lock() = Some(lease);
    }

    /// The lease that the load did not use.
    pub(crate) fn take_lease(&self) -> Option<Lease> {
        self.lease.lock().take()
    }

    fn land(&self, outcome: Result<T>) {
        // Set once: a lead lands its flight once.
        let _ = self.outcome.set(outcome);
        self.landed.notify_waiters();
    }
}

/// The duty to load for all who wait. Dropped before the flight has landed, it lands it as
/// [`Cancelled`](ErrorKind::Cancelled).
pub(crate) struct Lead<K: Key, T: Value> {
    table: Arc<Table<K, T>>,
    flight: Arc<Flight<T>>,
    hash: u64,
    landed: bool,
}

impl<K: Key, T: Value> Lead<K, T> {
    pub(super) const fn new(table: Arc<Table<K, T>>, flight: Arc<Flight<T>>, hash: u64) -> Self {
        Self { table, flight, hash, landed: false }
    }

    /// The flight to wait for.
    pub(crate) const fn flight(&self) -> &Arc<Flight<T>> {
        &self.flight
    }

    /// Runs `load` in its own task, to its end, whoever waits. The flight to wait for.
    pub(crate) fn fly(
        self,
        env: &Env,
        deadline: Option<Duration>,
        load: BoxFuture<'static, Result<T>>,
    ) -> Result<Arc<Flight<T>>> {
        let flight = Arc::clone(&self.flight);
        let deadline = deadline.map(|deadline| env.sleep(deadline));
        env.spawn(async move {
            let outcome = guarded(self.flight.node, load, deadline).await;
            self.land(outcome);
        })?;
        Ok(flight)
    }

    fn land(mut self, outcome: Result<T>) {
        self.finish(outcome);
    }

    /// Frees the slot, then wakes: who retries when woken must not meet this flight again.
    fn finish(&mut self, outcome: Result<T>) {
        self.landed = true;
        self.table.end(self.hash, &self.flight);
        self.flight.land(outcome);
        self.table.ended_one();
    }
}

/// Runs one `load` for all of `leads`, which share a node, in its own task. Its answers are in their order.
pub(crate) fn fly_many<K: Key, T: Value>(
    leads: Vec<Lead<K, T>>,
    env: &Env,
    deadline: Option<Duration>,
    load: BoxFuture<'static, Result<Vec<T>>>,
) -> Result<()> {
    let Some(node) = leads.first().map(|lead| lead.flight.node) else { return Ok(()) };
    let deadline = deadline.map(|deadline| env.sleep(deadline));
    env.spawn(async move {
        match guarded(node, load, deadline).await {
            Ok(answers) => leads.into_iter().zip(answers).for_each(|(lead, answer)| lead.land(Ok(answer))),
            Err(error) => leads.into_iter().for_each(|lead| lead.land(Err(error.clone()))),
        }
    })
}

impl<K: Key, T: Value> Drop for Lead<K, T> {
    fn drop(&mut self) {
        if !self.landed {
            self.finish(Err(dropped()));
        }
    }
}

fn dropped() -> Error {
    Error::new(ErrorKind::Cancelled, "loading")
}
