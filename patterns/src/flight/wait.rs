//! One load under way, as those see it who wait for it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use larder_core::{Error, ErrorKind, Filled, Lease, Result, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::reentrance::Node;

/// One load under way.
pub(crate) struct Flight<T> {
    pub(super) node: Node,
    outcome: OnceLock<Result<T>>,
    landed: Notify,
    looks_again: AtomicBool,
    /// The store is being given what was loaded.
    is_filling: AtomicBool,
    /// It took it: nothing voided the lease between the look-up and then.
    is_kept: AtomicBool,
    /// A write took it out of the table: all who wait for it came before the end of that.
    is_detached: AtomicBool,
    leases: Mutex<Leases>,
}

#[derive(Default)]
struct Leases {
    /// A copy of that under which the load was begun.
    began: Option<Lease>,
    /// That of a load that found nothing.
    unused: Option<Lease>,
}

/// One who joined a flight, with the lease of his own miss.
pub(crate) struct Passenger {
    pub(crate) lease: Lease,
    /// He may have come when the store was being given what was loaded.
    is_late: bool,
}

impl Passenger {
    /// To be made when he has joined.
    pub(crate) fn of<T>(flight: &Flight<T>, lease: Lease) -> Self {
        Self { lease, is_late: flight.is_filling.load(Ordering::SeqCst) }
    }
}

impl<T: Value> Flight<T> {
    pub(super) fn new(node: Node) -> Arc<Self> {
        Arc::new(Self {
            node,
            outcome: OnceLock::new(),
            landed: Notify::new(),
            looks_again: AtomicBool::new(false),
            is_filling: AtomicBool::new(false),
            is_kept: AtomicBool::new(false),
            is_detached: AtomicBool::new(false),
            leases: Mutex::default(),
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

    /// Notes under which lease the origin is asked. It is given back.
    pub(crate) fn begins_under(&self, lease: Lease) -> Lease {
        let (lease, copy) = twice(lease);
        self.leases.lock().began = Some(copy);
        lease
    }

    /// The store is about to be given what was loaded.
    pub(crate) fn fills(&self) {
        self.is_filling.store(true, Ordering::SeqCst);
    }

    /// What the store said to that.
    pub(crate) fn filled(&self, filled: Filled) {
        self.is_kept.store(filled.is_stored(), Ordering::Release);
    }

    /// Nobody new waits for it.
    pub(super) fn detached(&self) {
        self.is_detached.store(true, Ordering::Release);
    }

    /// Whether the load may have begun before an invalidation that its passenger came after: one that detached no flight,
    /// for it was made on a handle or in the store below. Then the outcome is none for him: he looks again, once. The load
    /// that he meets then began after he came.
    ///
    /// What was kept began after whatever had voided it before the store was given it; and leases that are alike tell of
    /// nothing between them. A write that detached the flight explains why it was void. (So who came between an
    /// invalidation and such a write is answered with what was there before both.)
    pub(crate) fn may_be_older_than(&self, passenger: &Passenger) -> bool {
        let is_kept = self.is_kept.load(Ordering::Acquire) && !passenger.is_late;
        let is_explained = is_kept || self.is_detached.load(Ordering::Acquire);
        !is_explained && self.leases.lock().began.as_ref() != Some(&passenger.lease)
    }

    /// Leaves the lease of a load that found nothing to one of those who wait for it.
    pub(crate) fn leave_lease(&self, lease: Lease) {
        self.leases.lock().unused = Some(lease);
    }

    /// The lease that the load did not use.
    pub(crate) fn take_lease(&self) -> Option<Lease> {
        self.leases.lock().unused.take()
    }

    pub(super) fn land(&self, outcome: Result<T>) {
        // Set once: a lead lands its flight once.
        let _ = self.outcome.set(outcome);
        self.landed.notify_waiters();
    }
}

/// A lease and its copy, to compare with. Leases of one link, which are most, allocate nothing.
fn twice(lease: Lease) -> (Lease, Lease) {
    let (first, rest) = lease.split();
    let copy = Lease::new(first.stamp());
    match rest.map(twice) {
        None => (first, copy),
        Some((rest, copy_of_rest)) => (first.and(rest), copy.and(copy_of_rest)),
    }
}

pub(super) fn dropped() -> Error {
    Error::new(ErrorKind::Cancelled, "loading")
}
