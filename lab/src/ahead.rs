//! Work that is done on a thread of its own, a little ahead of who asks for it.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// So many things may wait for who asks for them.
const WAITING: usize = 2;

/// Things that are made on another thread, one after the other. It ends soon after this is dropped.
#[derive(Debug)]
pub(crate) struct Ahead<T> {
    made: Receiver<T>,
    /// What is no longer needed, to be made anew: memory is not asked for again and again.
    used: Sender<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// What `make` makes, of something used if there is any, until it makes no more.
    pub(crate) fn new(mut make: impl FnMut(Option<T>) -> Option<T> + Send + 'static) -> Self {
        let (sender, made) = sync_channel(WAITING);
        let (used, old) = channel();
        let thread =
            thread::spawn(
                move || {
                    while make(old.try_recv().ok()).is_some_and(|one| sender.send(one).is_ok()) {}
                },
            );
        Self { made, used, thread: Some(thread) }
    }

    /// The next one. A panic on the other thread goes on here.
    pub(crate) fn next(&mut self) -> Option<T> {
        let next = self.made.recv().ok();
        if next.is_none()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            resume_unwind(panic);
        }
        next
    }

    /// Gives back what is no longer needed.
    pub(crate) fn give_back(&self, one: T) {
        // Nobody wants it when all is made.
        let _ = self.used.send(one);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_made_comes_in_order_and_ends() {
        let mut left = 0..10;
        let mut ahead = Ahead::new(move |_| left.next());
        assert!((0..10).all(|number| ahead.next() == Some(number)));
        assert_eq!((ahead.next(), ahead.next()), (None, None));
    }

    #[test]
    fn what_is_given_back_is_used_again() {
        let mut ahead = Ahead::new(|used: Option<Vec<u8>>| Some(used.unwrap_or_else(|| vec![1])));
        let mut first = ahead.next().unwrap();
        first.push(2);
        ahead.give_back(first);
        // Those that were made before come first: two that wait, and two that are under way.
        assert!((0..5).any(|_| ahead.next().unwrap() == [1, 2]));
    }

    #[test]
    fn a_panic_is_no_end() {
        let mut ahead = Ahead::<u8>::new(|_| panic!("of the test"));
        assert!(catch_unwind(AssertUnwindSafe(|| ahead.next())).is_err());
    }
}
