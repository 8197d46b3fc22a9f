//! A future that may take only so long.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use larder_core::BoxFuture;

/// What `future` gives, unless `end` completes first.
pub(crate) async fn within<T>(
    future: impl Future<Output = T>,
    end: Option<BoxFuture<'static, ()>>,
) -> Option<T> {
    let (mut future, mut end) = (pin!(future), pin!(end));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => match end.as_mut().as_pin_mut() {
            Some(end) => end.poll(context).map(|()| None),
            None => Poll::Pending,
        },
    })
    .await
}
