//! Tasks whose answers the test looks at, and single polls.
#![allow(dead_code)]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use larder_core::{Env, Error, ErrorKind};

/// A task under way in a manual world, and its answer once it has ended.
pub(crate) struct Task<T>(Arc<Mutex<Option<T>>>);

impl<T> Task<T> {
    /// The answer; `None` while the task is waiting.
    pub(crate) fn answer(&self) -> Option<T> {
        self.0.lock().unwrap().take()
    }
}

/// Starts `future` in a task of `env`.
pub(crate) fn start<T: Send + 'static>(
    env: &Env,
    future: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    let answer = Arc::new(Mutex::new(None));
    let place = Arc::clone(&answer);
    env.spawn(async move {
        let done = future.await;
        *place.lock().unwrap() = Some(done);
    })
    .unwrap();
    Task(answer)
}

/// Polls once, with nobody to wake.
pub(crate) fn poll_once<T>(future: &mut Pin<Box<impl Future<Output = T> + ?Sized>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// What a caller would see of an outcome: errors by their kind.
pub(crate) fn kind<T>(outcome: Result<T, Error>) -> Result<T, ErrorKind> {
    outcome.map_err(|error| error.kind())
}

/// Runs `future` to its end on this thread, without a runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
