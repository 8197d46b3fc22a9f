//! One load under way, as those see it who wait for it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use larder_core::{Error, ErrorKind, Lease, Result, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::reentrance::Node;

/// One load under way.
pub(crate) struct Flight<T> {
    pub(super) node: Node,
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

    pub(super) fn land(&self, outcome: Result<T>) {
        // Set once: a lead lands its flight once.
        let _ = self.outcome.set(outcome);
        self.landed.notify_waiters();
    }
}

pub(super) fn dropped() -> Error {
    Error::new(ErrorKind::Cancelled, "loading")
}
