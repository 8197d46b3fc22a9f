//! The calls that wait for the journal's thread, in their order: `Queue`.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use larder_core::{Error, ErrorKind, Record, Recovered, Result};

use crate::answer::{Answer, Answered, answer};

/// One call.
pub(crate) enum Call {
    Append(Vec<Record>, Answer<()>),
    Settle(Vec<u64>, Answer<()>),
    Recover(Answer<Recovered>),
    Close(Answer<()>),
}

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Call>,
    stage: Stage,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// Nothing new is taken; what is there is done.
    Closing,
    /// The thread is gone.
    Closed,
}

impl Queue {
    /// Puts a call at the end and becomes its answer.
    pub(crate) async fn ask<T>(&self, call: impl FnOnce(Answer<T>) -> Call) -> Result<T> {
        let answered = self.push(call)?;
        answered.await
    }

    fn push<T>(&self, call: impl FnOnce(Answer<T>) -> Call) -> Result<Answered<T>> {
        let (answer, answered) = answer();
        let mut state = self.lock();
        if state.stage != Stage::Open {
            return Err(closed());
        }
        state.calls.push_back(call(answer));
        drop(state);
        self.news.notify_one();
        Ok(answered)
    }

    /// Closes the queue behind all calls that are in it. Closing it again waits for the same.
    pub(crate) async fn close(&self) -> Result<()> {
        match self.push_close() {
            Some(answered) => answered.await,
            None => Ok(()),
        }
    }

    fn push_close(&self) -> Option<Answered<()>> {
        let (answer, answered) = answer();
        let mut state = self.lock();
        if state.stage == Stage::Closed {
            return None;
        }
        state.stage = Stage::Closing;
        state.calls.push_back(Call::Close(answer));
        drop(state);
        self.news.notify_one();
        Some(answered)
    }

    /// Lets the thread end once it has done what is there.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        if state.stage == Stage::Open {
            state.stage = Stage::Closing;
        }
        drop(state);
        self.news.notify_one();
    }

    /// The next call, and those behind it of the same kind, as long as `more` wants them. Waits for one; none if the
    /// queue is closing and empty.
    pub(crate) fn take(&self, mut more: impl FnMut(&Call, &Call) -> bool) -> Vec<Call> {
        let mut state = self.lock();
        while state.calls.is_empty() && state.stage == Stage::Open {
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut calls: Vec<_> = state.calls.pop_front().into_iter().collect();
        while let (Some(first), Some(next)) = (calls.first(), state.calls.front())
            && more(first, next)
        {
            calls.extend(state.calls.pop_front());
        }
        calls
    }

    /// The thread is gone: what is left gets its answer.
    pub(crate) fn end(&self, ended: &Result<()>) {
        let mut state = self.lock();
        state.stage = Stage::Closed;
        let left = std::mem::take(&mut state.calls);
        drop(state);
        for call in left {
            match call {
                Call::Close(answer) => answer.give(ended.clone()),
                Call::Append(_, answer) | Call::Settle(_, answer) => answer.give(Err(closed())),
                Call::Recover(answer) => answer.give(Err(closed())),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "using a journal")
}
