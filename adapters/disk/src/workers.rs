//! The threads that wait for the disk, so that nobody else has to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread;

use larder_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads, each with a queue: what is given to one of them is done in its order, also if nobody waits any more.
pub(crate) struct Workers(Vec<Sender<Job>>);

impl Workers {
    pub(crate) fn start(count: usize) -> Result<Self> {
        let start = |number| {
            let (sender, jobs) = channel::<Job>();
            let work = move || jobs.into_iter().for_each(|job| job());
            let started = thread::Builder::new().name(format!("larder-disk-{number}")).spawn(work);
            started.map(|_| sender)
        };
        let workers: std::io::Result<_> = (0..count.max(1)).map(start).collect();
        workers.map(Self).map_err(|error| Error::new(ErrorKind::Store, "starting threads").because(error))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// What `job` returns, done by the worker of this number after all it was given before.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        worker: usize,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
        let answer = Answer(Arc::clone(&slot));
        let promise = Promise(slot);
        self.tell(worker, move || promise.keep(catch_unwind(AssertUnwindSafe(job)).ok()));
        answer
    }

    /// Has `job` done without waiting for it.
    pub(crate) fn tell(&self, worker: usize, job: impl FnOnce() + Send + 'static) {
        // A worker ends with the last sender: this one is still there.
        let _ = self.0[worker % self.0.len()].send(Box::new(job));
    }
}

enum Slot<T> {
    Waiting(Option<Waker>),
    Done(Option<T>),
}

/// What a worker will say.
pub(crate) struct Answer<T>(Arc<Mutex<Slot<T>>>);

/// The worker's side. Dropped unkept, it answers that nobody will.
struct Promise<T>(Arc<Mutex<Slot<T>>>);

impl<T> Promise<T> {
    fn keep(self, value: Option<T>) {
        self.fulfil(value);
    }

    fn fulfil(&self, value: Option<T>) {
        let mut slot = self.0.lock();
        if let Slot::Waiting(waker) = &mut *slot {
            let waker = waker.take();
            *slot = Slot::Done(value);
            drop(slot);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.fulfil(None);
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let mut slot = self.0.lock();
        match &mut *slot {
            Slot::Waiting(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            Slot::Done(value) => {
                let value = value.take();
                let lost = || Error::new(ErrorKind::Cancelled, "using a store on disk");
                Poll::Ready(value.ok_or_else(lost))
            }
        }
    }
}
