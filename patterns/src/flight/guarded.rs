//! A load as it is run: its panics caught, its time bounded, its thread marked.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use larder_core::{BoxFuture, Error, ErrorKind, Result};

use super::reentrance::Node;
use crate::panics::caught;

/// Runs `load` to its end, or until `deadline` completes: then it is dropped and the outcome is a
/// [`Timeout`](ErrorKind::Timeout). A panic is an outcome, too.
pub(crate) async fn guarded<T>(
    node: Node,
    load: BoxFuture<'_, Result<T>>,
    deadline: Option<BoxFuture<'static, ()>>,
) -> Result<T> {
    let mut load = Some(load);
    let mut deadline = pin!(deadline);
    let outcome = poll_fn(|context| {
        let polled =
            load.as_mut().map_or(Poll::Ready(Err(panicked())), |load| poll_load(node, load, context));
        if polled.is_pending()
            && deadline.as_mut().as_pin_mut().is_some_and(|end| end.poll(context).is_ready())
        {
            return Poll::Ready(Err(Error::new(ErrorKind::Timeout, "loading")));
        }
        polled
    })
    .await;
    // The load's own state goes before anyone hears of the outcome; its destructors are the application's code.
    let dropped = caught(|| {
        let _entered = node.enter();
        drop(load.take());
    });
    dropped.map_or_else(|| Err(panicked()), |()| outcome)
}

fn poll_load<T>(
    node: Node,
    load: &mut BoxFuture<'_, Result<T>>,
    context: &mut Context<'_>,
) -> Poll<Result<T>> {
    caught(|| {
        let _entered = node.enter();
        load.as_mut().poll(context)
    })
    .unwrap_or_else(|| Poll::Ready(Err(panicked())))
}

fn panicked() -> Error {
    Error::new(ErrorKind::Panicked, "loading")
}
