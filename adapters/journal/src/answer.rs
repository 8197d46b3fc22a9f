//! One answer from a thread to a future: `answer`.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use larder_core::{Error, ErrorKind, Result};

/// Gives the answer. Dropped without, it answers [`Cancelled`](ErrorKind::Cancelled).
pub(crate) struct Answer<T>(Arc<Mutex<State<T>>>);

/// Becomes the answer.
pub(crate) struct Answered<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    answer: Option<Result<T>>,
    waker: Option<Waker>,
}

/// The two ends.
pub(crate) fn answer<T>() -> (Answer<T>, Answered<T>) {
    let state = Arc::new(Mutex::new(State { answer: None, waker: None }));
    (Answer(Arc::clone(&state)), Answered(state))
}

impl<T> Answer<T> {
    pub(crate) fn give(self, answer: Result<T>) {
        self.settle(answer);
    }

    fn settle(&self, answer: Result<T>) {
        let mut state = lock(&self.0);
        if state.answer.is_none() {
            state.answer = Some(answer);
        }
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.settle(Err(Error::new(ErrorKind::Cancelled, "using a journal")));
    }
}

impl<T> Future for Answered<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let mut state = lock(&self.0);
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
