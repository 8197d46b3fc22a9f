//! One of something for each thread, so that threads write lines of their own.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::OnceLock;

use crate::sync::plain::Mutex;

/// How many threads at a time get a stripe.
pub(super) const STRIPES: usize = 128;
/// How many stripes are there from the start: most caches are used by few threads.
const FIRST: usize = 16;

/// One `T` for each thread that wants one. Threads have numbers, below [`STRIPES`] and no other thread's as long as the
/// thread runs.
pub(super) struct Stripes<T> {
    first: [T; FIRST],
    rest: OnceLock<Box<[T]>>,
}

impl<T: Default> Stripes<T> {
    pub(super) fn new() -> Self {
        Self { first: std::array::from_fn(|_| T::default()), rest: OnceLock::new() }
    }

    /// This thread's number and stripe, if that can be told at once.
    #[inline]
    pub(super) fn own_at_once(&self) -> Option<(usize, &T)> {
        let number = NUMBER.try_with(Cell::get).unwrap_or(NONE);
        self.first.get(number).map(|stripe| (number, stripe))
    }

    /// This thread's number and stripe. `None` if there are too many threads, or this one is about to end.
    #[inline]
    pub(super) fn own(&self) -> Option<(usize, &T)> {
        self.own_at_once().or_else(|| self.own_later())
    }

    #[cold]
    fn own_later(&self) -> Option<(usize, &T)> {
        let number = NUMBER.try_with(Cell::get).unwrap_or(NONE);
        let number = if number == UNKNOWN { first_number() } else { number };
        (number < STRIPES).then(|| (number, self.of(number)))
    }

    /// The stripe of a thread, if that can be told at once.
    #[inline]
    pub(super) fn at_once(&self, thread: usize) -> Option<&T> {
        self.first.get(thread)
    }

    /// The stripe of a thread.
    #[inline]
    pub(super) fn of(&self, thread: usize) -> &T {
        match self.first.get(thread) {
            Some(stripe) => stripe,
            None => self.later(thread),
        }
    }

    #[cold]
    fn later(&self, thread: usize) -> &T {
        let rest = self.rest.get_or_init(|| (FIRST..STRIPES).map(|_| T::default()).collect());
        &rest[thread - FIRST]
    }
}

/// The numbers that threads have: as small as possible, and used again when a thread ends.
#[cfg(not(shuttle))]
static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { free: BinaryHeap::new(), next: 0 });

// Anew for each schedule.
#[cfg(shuttle)]
shuttle::lazy_static! {
    static ref NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { free: BinaryHeap::new(), next: 0 });
}

struct Numbers {
    free: BinaryHeap<Reverse<usize>>,
    next: usize,
}

const UNKNOWN: usize = usize::MAX;
const NONE: usize = usize::MAX - 1;

#[cfg(not(shuttle))]
thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(UNKNOWN) };
    static GIVEN: Given = const { Given };
}

#[cfg(shuttle)]
shuttle::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(UNKNOWN);
    static GIVEN: Given = Given;
}

/// Gives this thread's number back when the thread ends.
struct Given;

fn first_number() -> usize {
    if GIVEN.try_with(|_| ()).is_err() {
        return NONE;
    }
    let number = NUMBERS.lock().give().unwrap_or(NONE);
    NUMBER.with(|mine| mine.set(number));
    number
}

impl Numbers {
    fn give(&mut self) -> Option<usize> {
        if let Some(Reverse(number)) = self.free.pop() {
            return Some(number);
        }
        let number = self.next;
        if number < STRIPES {
            self.next += 1;
            return Some(number);
        }
        None
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let number = NUMBER.try_with(|mine| mine.replace(NONE)).unwrap_or(NONE);
        if number < STRIPES {
            NUMBERS.lock().free.push(Reverse(number));
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn threads_that_run_together_have_numbers_of_their_own() {
        let stripes: Stripes<()> = Stripes::new();
        let number = || stripes.own().unwrap().0;
        let own = number();
        let other = std::thread::scope(|scope| scope.spawn(number).join()).unwrap();
        assert_ne!(own, other);
        assert_eq!(number(), own);
    }

    #[test]
    fn a_stripe_is_always_the_same() {
        let stripes: Stripes<Cell<usize>> = Stripes::new();
        (0..STRIPES).for_each(|thread| stripes.of(thread).set(thread));
        assert!((0..STRIPES).all(|thread| stripes.of(thread).get() == thread));
    }
}
