//! A door that opens once: who waits at it goes on, who comes later doesn't wait.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Closed when made.
#[derive(Debug, Default)]
pub(crate) struct Latch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: bool,
    waiting: Vec<Waker>,
}

impl Latch {
    /// Lets everyone through, now and later.
    pub(crate) fn open(&self) {
        let waiting = {
            let mut state = locked(&self.0);
            state.open = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Completes once the latch is open.
    pub(crate) async fn wait(&self) {
        poll_fn(|context| {
            let mut state = locked(&self.0);
            if state.open {
                return Poll::Ready(());
            }
            remember(&mut state.waiting, context.waker());
            Poll::Pending
        })
        .await;
    }
}

/// Notes whom to wake, once.
pub(crate) fn remember(waiting: &mut Vec<Waker>, waker: &Waker) {
    if !waiting.iter().any(|known| known.will_wake(waker)) {
        waiting.push(waker.clone());
    }
}

/// The lock, even if a test panicked while it was held.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
