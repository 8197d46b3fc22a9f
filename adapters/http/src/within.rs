//! A future that may take only so long.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use larder_core::Env;

/// What `future` gives, unless `limit` passes first.
pub(crate) async fn within<T>(future: impl Future<Output = T>, limit: Duration, env: &Env) -> Option<T> {
    let (mut future, mut end) = (pin!(future), None);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => end.get_or_insert_with(|| env.sleep(limit)).as_mut().poll(context).map(|()| None),
    })
    .await
}
