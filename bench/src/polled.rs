//! Futures that are ready at once.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The output of a future that doesn't wait: a hit in memory. One poll; others are polled again until they end.
/// Inlined, so that each future is polled where it was made, as `await` does it, and not behind a call of the bench's own,
/// which only small ones would be spared.
#[inline]
pub fn polled<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
