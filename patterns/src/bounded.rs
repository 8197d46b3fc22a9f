//! The application's work as it is run: its panics caught, its time bounded.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use larder_core::{BoxFuture, Error, ErrorKind, Result};

use crate::panics::caught;

/// Runs `work` to its end, or until `deadline` completes: then it is dropped and the outcome is a
/// [`Timeout`](ErrorKind::Timeout). A panic is an outcome, too. Errors say that it happened while `doing` this.
///
/// Whenever the work runs, and when it is dropped, a guard that `enter` gives is held.
pub(crate) async fn bounded<T, G>(
    work: BoxFuture<'_, Result<T>>,
    deadline: Option<BoxFuture<'static, ()>>,
    doing: &'static str,
    enter: impl Fn() -> G,
) -> Result<T> {
    let mut deadline = pin!(deadline);
    let mut work = Some(work);
    let outcome = poll_fn(|context| {
        let poll = || {
            let _entered = enter();
            work.as_mut().map(|work| work.as_mut().poll(context))
        };
        let polled = caught(poll).flatten().unwrap_or_else(|| Poll::Ready(Err(panicked(doing))));
        if polled.is_pending()
            && deadline.as_mut().as_pin_mut().is_some_and(|end| end.poll(context).is_ready())
        {
            return Poll::Ready(Err(Error::new(ErrorKind::Timeout, doing)));
        }
        polled
    })
    .await;
    // The work's own state goes before anyone hears of the outcome; its destructors are the application's code.
    let dropped = caught(|| {
        let _entered = enter();
        drop(work.take());
    });
    dropped.map_or_else(|| Err(panicked(doing)), |()| outcome)
}

/// The error of work that panicked.
pub(crate) fn panicked(doing: &'static str) -> Error {
    Error::new(ErrorKind::Panicked, doing)
}
