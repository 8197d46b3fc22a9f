//! A write to the origin as it is made: its panics caught, its time bounded.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use larder_core::{BoxFuture, Change, Error, ErrorKind, Key, Result, Value, Writer};

use crate::panics::caught;

/// Makes `changes` at the origin, in one call of the writer. A panic of the writer is an error; so is the end of
/// `deadline`, which drops the write.
pub(crate) async fn write<K: Key, V: Value>(
    writer: &impl Writer<K, V>,
    changes: &[Change<K, V>],
    deadline: Option<BoxFuture<'static, ()>>,
) -> Result<()> {
    let begin = || match changes {
        [change] => writer.write(change),
        changes => writer.write_many(changes),
    };
    let mut deadline = pin!(deadline);
    let mut write = caught(begin);
    let outcome = poll_fn(|context| {
        let Some(write) = write.as_mut() else { return Poll::Ready(Err(panicked())) };
        let polled = caught(|| write.as_mut().poll(context));
        let polled = polled.unwrap_or_else(|| Poll::Ready(Err(panicked())));
        let ended = polled.is_pending()
            && deadline.as_mut().as_pin_mut().is_some_and(|end| end.poll(context).is_ready());
        if ended { Poll::Ready(Err(Error::new(ErrorKind::Timeout, "writing"))) } else { polled }
    })
    .await;
    // The write's own state goes before anyone hears of the outcome; its destructors are the application's code.
    caught(|| drop(write.take())).map_or_else(|| Err(panicked()), |()| outcome)
}

fn panicked() -> Error {
    Error::new(ErrorKind::Panicked, "writing")
}
