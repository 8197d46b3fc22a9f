//! One change of a key at a time, and none while all is cleared: locks that may be held while the engine waits.

use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};

use super::records::Records;
use crate::sync::Mutex;

/// How many stripes the keys are shared out among.
const STRIPES: usize = 64;

/// Who is being changed, and what was.
pub(super) struct Changes(Box<[Stripe]>);

#[repr(align(128))]
struct Stripe {
    /// The number of the last write, as the records have it: read without the lock.
    now: AtomicU64,
    state: Mutex<State>,
}

struct State {
    records: Records,
    /// The hashes of the keys that are being changed. Few: one for each change under way.
    changing: Vec<u64>,
    clearing: bool,
    waiting: Vec<Waker>,
}

impl Changes {
    pub(super) fn new() -> Self {
        let stripe = |_| Stripe { now: AtomicU64::new(0), state: Mutex::new(State::new()) };
        Self((0..STRIPES).map(stripe).collect())
    }

    /// The stripe of a key, by bits of its hash that the records inside it don't look at first.
    pub(super) fn place(&self, hash: u64) -> usize {
        (hash >> 44) as usize % self.0.len()
    }

    /// What a lease on a key with this hash is now. What the engine is asked afterwards, it says of this moment or a later.
    pub(super) fn lease(&self, hash: u64) -> u64 {
        self.stripe(hash).now.load(Ordering::Acquire)
    }

    /// Waits until nobody changes the key with this hash, and is the one who does until the guard is dropped.
    pub(super) async fn change(&self, hash: u64) -> Change<'_> {
        poll_fn(|context| {
            let mut state = self.stripe(hash).state.lock();
            if state.clearing || state.changing.contains(&hash) {
                state.remember(context.waker());
                return Poll::Pending;
            }
            state.changing.push(hash);
            Poll::Ready(())
        })
        .await;
        Change { changes: self, hash, is_made: false }
    }

    /// Waits until nobody changes anything, and keeps it so until the guard is dropped.
    pub(super) async fn clear(&self) -> Clear<'_> {
        // Made first: it ends what was begun, should this be dropped half way.
        let mut clear = Clear { changes: self, begun: 0, is_made: false };
        for stripe in &self.0 {
            poll_fn(|context| stripe.state.lock().begin_to_clear(context.waker())).await;
            clear.begun += 1;
        }
        for stripe in &self.0 {
            poll_fn(|context| stripe.state.lock().is_quiet(context.waker())).await;
        }
        clear
    }

    fn stripe(&self, hash: u64) -> &Stripe {
        &self.0[self.place(hash)]
    }
}

impl Stripe {
    /// Lets go of what was held: `change` says what of.
    fn release(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.state.lock();
            change(&mut state);
            self.now.store(state.records.now(), Ordering::Release);
            mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn new() -> Self {
        Self { records: Records::new(), changing: Vec::new(), clearing: false, waiting: Vec::new() }
    }

    fn begin_to_clear(&mut self, waker: &Waker) -> Poll<()> {
        if self.clearing {
            self.remember(waker);
            return Poll::Pending;
        }
        self.clearing = true;
        Poll::Ready(())
    }

    fn is_quiet(&mut self, waker: &Waker) -> Poll<()> {
        if self.changing.is_empty() {
            return Poll::Ready(());
        }
        self.remember(waker);
        Poll::Pending
    }

    fn remember(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|known| known.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }
}

/// The right to change one key. Dropped, it lets the next one in.
pub(super) struct Change<'a> {
    changes: &'a Changes,
    hash: u64,
    is_made: bool,
}

impl Change<'_> {
    /// Whether `lease` is void.
    pub(super) fn is_void(&self, lease: u64) -> bool {
        self.changes.stripe(self.hash).state.lock().records.since(lease, self.hash)
    }

    /// From here on the key may be another, whatever comes of it: when the guard is dropped, all leases on it are void,
    /// those that were taken while the change was under way, too.
    pub(super) const fn begin(&mut self) {
        self.is_made = true;
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.changes.stripe(self.hash).release(|state| {
            if self.is_made {
                state.records.void(self.hash);
            }
            state.changing.retain(|hash| *hash != self.hash);
        });
    }
}

/// The right to change all keys. Dropped, it lets others in.
pub(super) struct Clear<'a> {
    changes: &'a Changes,
    begun: usize,
    is_made: bool,
}

impl Clear<'_> {
    /// From here on any key may be another: when the guard is dropped, all leases are void.
    pub(super) const fn begin(&mut self) {
        self.is_made = true;
    }
}

impl Drop for Clear<'_> {
    fn drop(&mut self) {
        for stripe in &self.changes.0[..self.begun] {
            stripe.release(|state| {
                if self.is_made {
                    state.records.void_all();
                }
                state.clearing = false;
            });
        }
    }
}
