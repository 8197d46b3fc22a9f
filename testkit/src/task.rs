//! A caller who waits while the test goes on: `Task`.
//!
//! ```
//! use std::time::Duration;
//! use larder_testkit::{Env, Task};
//!
//! let (env, manual) = Env::manual();
//! let alarm = env.sleep(Duration::from_secs(1));
//! let caller = Task::start(&env, async { alarm.await; "awake" });
//! manual.run();
//! assert_eq!(caller.answer(), None);
//! manual.advance(Duration::from_secs(1));
//! manual.run();
//! assert_eq!(caller.answer(), Some("awake"));
//! ```

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use larder_core::{BoxFuture, Env};

use crate::latch::{Latch, locked};

/// A future that runs in a task of its own, whose answer can be looked at, and whose caller can give up.
pub struct Task<T>(Arc<Shared<T>>);

struct Shared<T> {
    answer: Mutex<Option<T>>,
    given_up: Latch,
}

impl<T: Send + 'static> Task<T> {
    /// Starts `future` in a task of `env`; in a manual one it runs when the test lets it.
    ///
    /// # Panics
    ///
    /// If there is nothing to run a task on.
    pub fn start(env: &Env, future: impl Future<Output = T> + Send + 'static) -> Self {
        let shared = Arc::new(Shared { answer: Mutex::new(None), given_up: Latch::default() });
        let started = env.spawn(run(Box::pin(future), Arc::clone(&shared)));
        assert!(started.is_ok(), "there is nothing to run a task on");
        Self(shared)
    }

    /// The answer, which is taken; `None` while there is none.
    pub fn answer(&self) -> Option<T> {
        locked(&self.0.answer).take()
    }

    /// Lets the caller give up: its future is dropped when the task next runs.
    pub fn give_up(&self) {
        self.0.given_up.open();
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("answered", &locked(&self.0.answer).is_some()).finish()
    }
}

/// Runs `future` until it ends, or its caller gives up. Either way it is dropped before the task ends.
async fn run<T>(mut future: BoxFuture<'static, T>, shared: Arc<Shared<T>>) {
    let mut given_up = pin!(shared.given_up.wait());
    let answer = poll_fn(|context| match given_up.as_mut().poll(context) {
        Poll::Pending => future.as_mut().poll(context).map(Some),
        Poll::Ready(()) => Poll::Ready(None),
    })
    .await;
    drop(future);
    *locked(&shared.answer) = answer;
}
