//! The world turned by hand: a clock that stands still, tasks that run when told, the same random numbers each time.

use std::collections::btree_map::OccupiedEntry;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::sync::plain::Mutex;

use super::clock::{Clock, Ticker};
use super::random::Random;
use super::world::{Env, Spawner};
use crate::{BoxFuture, Result, Time};

/// Moves the clock and runs the tasks of a manual [`Env`], on the caller's thread. Nothing happens by itself.
///
/// ```
/// use std::time::Duration;
/// use larder_core::Env;
///
/// let (env, manual) = Env::manual();
/// let alarm = env.clone();
/// env.spawn(async move { alarm.sleep(Duration::from_secs(3600)).await; })?;
/// assert_eq!(manual.run(), 1, "one task is waiting");
/// manual.advance(Duration::from_secs(3600));
/// assert_eq!(manual.run(), 0);
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Manual {
    shared: Arc<Shared>,
    clock: Clock,
    ticker: Ticker,
    random: Random,
}

struct Shared {
    tasks: Mutex<Tasks>,
    sleepers: Mutex<BTreeMap<(Time, u64), Waker>>,
    clock: Clock,
}

#[derive(Default)]
struct Tasks {
    ready: VecDeque<Arc<Task>>,
    unfinished: usize,
    sleeps: u64,
}

struct Task {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Env {
    /// An environment whose time, tasks and randomness are moved by hand; and the hand.
    pub fn manual() -> (Self, Manual) {
        let manual = Manual::new(0);
        (manual.env(), manual)
    }
}

impl Manual {
    /// A world at the clock's origin, whose random numbers come from `seed`.
    pub fn new(seed: u64) -> Self {
        let (clock, ticker) = Clock::stepped();
        let shared = Shared { tasks: Mutex::default(), sleepers: Mutex::default(), clock: clock.clone() };
        Self { shared: Arc::new(shared), clock, ticker, random: Random::seeded(seed) }
    }

    /// The environment to give to a cache.
    pub fn env(&self) -> Env {
        Env::new(self.clock.clone(), ManualSpawner(Arc::clone(&self.shared)), self.random.clone())
    }

    /// The clock, standing still.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Moves the clock on by `step` and wakes who slept until then, in the order of their deadlines. Runs nothing.
    pub fn advance(&self, step: Duration) {
        self.ticker.advance(step);
        let now = self.clock.now();
        loop {
            let mut sleepers = self.shared.sleepers.lock();
            let due = sleepers.first_entry().filter(|first| first.key().0 <= now).map(OccupiedEntry::remove);
            drop(sleepers);
            match due {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    /// Runs tasks until none can go on. How many are left waiting.
    pub fn run(&self) -> usize {
        while self.step() {}
        self.shared.tasks.lock().unfinished
    }

    /// Runs the task that has been ready for longest up to its next wait. Whether there was one.
    pub fn step(&self) -> bool {
        self.step_at(0)
    }

    /// How many tasks can go on.
    pub fn ready(&self) -> usize {
        self.shared.tasks.lock().ready.len()
    }

    /// Runs one of the [`ready`](Self::ready) tasks up to its next wait: that which became ready `index` others after the
    /// first. Whether there was one. So a test can try the orders in which tasks may run.
    ///
    /// ```
    /// # use larder_core::Env;
    /// # use std::sync::atomic::{AtomicU64, Ordering};
    /// # use std::sync::Arc;
    /// let (env, manual) = Env::manual();
    /// let last = Arc::new(AtomicU64::new(0));
    /// for number in 1..=3 {
    ///     let last = Arc::clone(&last);
    ///     env.spawn(async move { last.store(number, Ordering::Relaxed) })?;
    /// }
    /// assert!(manual.step_at(1));
    /// assert_eq!((last.load(Ordering::Relaxed), manual.ready()), (2, 2));
    /// assert!(!manual.step_at(2), "two are left");
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn step_at(&self, index: usize) -> bool {
        let Some(task) = self.shared.tasks.lock().ready.remove(index) else { return false };
        task.queued.store(false, Ordering::Release);
        let Some(mut future) = task.future.lock().take() else { return true };
        let waker = Waker::from(Arc::clone(&task));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => *task.future.lock() = Some(future),
            Poll::Ready(()) => self.shared.tasks.lock().unfinished -= 1,
        }
        true
    }

    /// Runs `future` to its end on this thread, with the tasks it needs.
    ///
    /// # Panics
    ///
    /// If nothing can go on any more before `future` has ended: a test that waits for the clock must move it.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if woken.0.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return done;
                }
            } else {
                assert!(self.step(), "stuck: the future waits, and no task can go on");
            }
        }
    }
}

impl fmt::Debug for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manual").field("clock", &self.clock).finish_non_exhaustive()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            let shared = Arc::clone(&self.shared);
            shared.tasks.lock().ready.push_back(self);
        }
    }
}

struct ManualSpawner(Arc<Shared>);

impl Spawner for ManualSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        let task = Task {
            future: Mutex::new(Some(task)),
            queued: AtomicBool::new(true),
            shared: Arc::clone(&self.0),
        };
        let mut tasks = self.0.tasks.lock();
        tasks.unfinished += 1;
        tasks.ready.push_back(Arc::new(task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.0);
        let until = shared.clock.now().after(duration);
        let mut number = None;
        Box::pin(poll_fn(move |context| {
            if shared.clock.now() >= until {
                return Poll::Ready(());
            }
            let number = *number.get_or_insert_with(|| {
                let mut tasks = shared.tasks.lock();
                tasks.sleeps += 1;
                tasks.sleeps
            });
            shared.sleepers.lock().insert((until, number), context.waker().clone());
            Poll::Pending
        }))
    }
}
