//! The journal's own thread, which alone touches its files: so no call blocks the thread it is awaited on.

use std::io;
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Record, Result};

use crate::answer::Answer;
use crate::disk::Disk;
use crate::log::Log;
use crate::options::Fsync;
use crate::queue::{Call, Queue};

/// A group isn't made larger than this.
const GROUP: usize = 4 << 20;

/// Begins the thread. It first opens the log, and ends at once if that fails.
pub(crate) fn start<D: Disk>(
    queue: Arc<Queue>,
    fsync: Fsync,
    open: impl FnOnce() -> Result<Log<D>> + Send + 'static,
    opened: Answer<()>,
) -> Result<()> {
    let work = move || match open() {
        Ok(log) => {
            opened.give(Ok(()));
            run(log, &queue, fsync);
        }
        Err(error) => opened.give(Err(error)),
    };
    let started = std::thread::Builder::new().name("larder-journal".into()).spawn(work);
    started.map(drop).map_err(|error| Error::new(ErrorKind::Store, "starting a journal").because(error))
}

/// Does the calls until the queue is closed, then lets go of the files and answers who closed it.
fn run<D: Disk>(log: Log<D>, queue: &Queue, fsync: Fsync) {
    let mut end =
        End { queue, log: Some(log), ended: Err(Error::new(ErrorKind::Panicked, "using a journal")) };
    let Some(log) = &mut end.log else { return };
    let mut closing = Vec::new();
    while closing.is_empty() {
        let calls = take(queue, fsync);
        if calls.is_empty() {
            break;
        }
        closing = perform(log, calls);
    }
    let closed = log.close().map_err(|error| failed("closing a journal", error));
    end.log = None;
    end.ended.clone_from(&closed);
    drop(end);
    closing.into_iter().for_each(|answer| answer.give(closed.clone()));
}

/// Whatever ends the thread, the files are let go of and nobody waits for ever.
struct End<'a, D: Disk> {
    queue: &'a Queue,
    log: Option<Log<D>>,
    ended: Result<()>,
}

impl<D: Disk> Drop for End<'_, D> {
    fn drop(&mut self) {
        self.log = None;
        self.queue.end(&self.ended);
    }
}

/// What is done in one go: appends alone or settlements alone, so that no settlement is on the disk before the appends
/// that came before it.
fn take(queue: &Queue, fsync: Fsync) -> Vec<Call> {
    let mut group = 0;
    queue.take(|first, next| match (first, next) {
        (Call::Append(records, _), Call::Append(more, _)) if fsync != Fsync::Each => {
            group = group.max(length(records)) + length(more);
            group <= GROUP
        }
        (Call::Settle(..), Call::Settle(..)) => true,
        _ => false,
    })
}

/// Does the calls, and gives back who wants to close.
fn perform<D: Disk>(log: &mut Log<D>, calls: Vec<Call>) -> Vec<Answer<()>> {
    let (mut records, mut sequences) = (Vec::new(), Vec::new());
    let (mut appended, mut settled, mut closing) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        match call {
            Call::Append(more, answer) => {
                records.extend(more);
                appended.push(answer);
            }
            Call::Settle(more, answer) => {
                sequences.extend(more);
                settled.push(answer);
            }
            Call::Recover(answer) => {
                answer.give(log.recover().map_err(|error| failed("recovering from a journal", error)));
            }
            Call::Close(answer) => closing.push(answer),
        }
    }
    if !appended.is_empty() {
        let done = if records.is_empty() { Ok(()) } else { log.append(&records) };
        give(appended, &done.map_err(|error| failed("appending to a journal", error)));
    }
    if !settled.is_empty() {
        let done = if sequences.is_empty() { Ok(()) } else { log.settle(&sequences) };
        give(settled, &done.map_err(|error| failed("settling in a journal", error)));
    }
    closing
}

fn give(answers: Vec<Answer<()>>, done: &Result<()>) {
    answers.into_iter().for_each(|answer| answer.give(done.clone()));
}

fn failed(doing: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Store, doing).because(error)
}

fn length(records: &[Record]) -> usize {
    records.iter().map(|record| record.bytes.len()).sum()
}
