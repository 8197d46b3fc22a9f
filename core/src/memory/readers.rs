//! Who is reading, so that nothing is taken away from under a reader.
//!
//! Each thread has a seat of its own in each store, with a count that tells whether it reads. What a writer has
//! unlinked is nobody's any more once each thread that was reading then has moved on. The argument: a reader first
//! counts, then passes the light side of a [`Fence`], then looks; a writer first unlinks, then passes its heavy side, then
//! looks who reads. If the writer doesn't see the reader, the reader sees that it is unlinked.
//!
//! Where only one thread ever read, it needs no fence when it writes, and may change what is linked: it says that it
//! does, passes the light side, and looks whether it still is the only one; whoever comes as the second says so, passes the
//! heavy side, and waits until the first is done, before its first look.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use super::fence::Fence;
use super::stripes::{STRIPES, Stripes};
use crate::sync::{AtomicU64, fence, yield_now};

/// The seats of a store.
pub(super) struct Readers {
    fence: Fence,
    /// [`TOLD`], or nothing.
    told: u64,
    seats: Stripes<Seat>,
    /// Which seats were ever taken, a bit each.
    taken: [AtomicU64; STRIPES / 64],
    /// 1 more than the first thread that took a seat, 0 before; and [`MANY`] once there is another.
    only: AtomicU64,
    /// How many heavy sides were begun for the sake of what was unlinked, and the last of them that ended.
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Between two heavy sides.
#[derive(Clone, Copy, Default)]
pub(super) struct Moment(u64);

const MANY: u64 = 1 << 63;

/// What one thread writes when it reads: lines that no other thread writes.
#[repr(align(128))]
pub(super) struct Seat {
    /// How often the thread began or ended to read, in its upper bits: [`READING`] tells which was last. Those below are
    /// [`SLOW`] and [`TOLD`].
    moves: AtomicU64,
    /// 1 while it changes what it alone reads.
    changes: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Default for Seat {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self { moves: AtomicU64::new(SLOW), changes: zero(), hits: zero(), misses: zero() }
    }
}

/// The seat was never taken, or whoever sits on it needs a fence of its own.
const SLOW: u64 = 1;
/// The policy of the store is told of each hit.
const TOLD: u64 = 2;
/// The thread reads.
const READING: u64 = 4;

/// A thread that reads.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    seat: &'a Seat,
    thread: usize,
    stays: PhantomData<*const ()>,
}

/// Nobody reads.
pub(super) struct Alone<'a>(&'a Seat);

/// Ends the reading when it is dropped.
struct Leave<'a>(&'a Seat);

/// Who was reading at some moment, by thread, and has not been seen to move on.
#[derive(Default)]
pub(super) struct Awaited(Vec<(usize, u64)>);

impl Readers {
    /// For a store whose policy is `told` of each hit, or not.
    pub(super) fn new(told: bool) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            fence: Fence::new(),
            told: if told { TOLD } else { 0 },
            seats: Stripes::new(),
            taken: std::array::from_fn(|_| zero()),
            only: zero(),
            begun: zero(),
            ended: zero(),
        }
    }

    /// Reads. `None` for a thread that has no seat, or is reading already (it is within `Eq` or `Clone` of the
    /// application): it must take the lock.
    #[inline]
    pub(super) fn read<T>(&self, work: impl FnOnce(Reading<'_>) -> T) -> Option<T> {
        let (thread, seat) = self.seats.own()?;
        let moves = seat.moves.load(Ordering::Relaxed);
        let is_free = moves & READING == 0 && (moves & SLOW == 0 || self.take(thread, seat));
        is_free.then(|| Reading::begin(thread, seat, || self.fence.light(), work))
    }

    /// Reads, if this thread has done so before, has one of the first seats and needs no fence: no call is in the way.
    #[inline]
    pub(super) fn read_at_once<T>(&self, work: impl FnOnce(Reading<'_>) -> T) -> Option<T> {
        self.read_unless(READING | SLOW, work)
    }

    /// The same where no policy is told of hits.
    #[inline]
    pub(super) fn read_untold<T>(&self, work: impl FnOnce(Reading<'_>) -> T) -> Option<T> {
        self.read_unless(READING | SLOW | TOLD, work)
    }

    #[inline]
    fn read_unless<T>(&self, bits: u64, work: impl FnOnce(Reading<'_>) -> T) -> Option<T> {
        let (thread, seat) = self.seats.own_at_once()?;
        let is_free = seat.moves.load(Ordering::Relaxed) & bits == 0;
        is_free.then(|| Reading::begin(thread, seat, Fence::free, work))
    }

    /// Takes a seat, if it was never taken. Whether it is taken.
    #[cold]
    fn take(&self, thread: usize, seat: &Seat) -> bool {
        let (word, bit) = (&self.taken[thread / 64], 1 << (thread % 64));
        if word.load(Ordering::SeqCst) & bit != 0 {
            return true;
        }
        let others = self.join(thread);
        if !self.fence.heavy() {
            return false;
        }
        while others.is_some_and(|first| self.seats.of(first).changes.load(Ordering::SeqCst) != 0) {
            yield_now();
        }
        if self.fence.is_one_sided() {
            seat.moves.store(self.told, Ordering::Relaxed);
        }
        word.fetch_or(bit, Ordering::SeqCst);
        true
    }

    /// Says that `thread` is here. The first one, if that is another.
    fn join(&self, thread: usize) -> Option<usize> {
        let me = thread as u64 + 1;
        let first = self.only.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst).err()? & !MANY;
        (first != me).then(|| {
            self.only.fetch_or(MANY, Ordering::SeqCst);
            first as usize - 1
        })
    }

    /// Names each thread that ever read.
    #[inline]
    pub(super) fn each(&self, mut thread: impl FnMut(usize)) {
        for (word, taken) in self.taken.iter().enumerate() {
            let mut bits = taken.load(Ordering::SeqCst);
            while bits != 0 {
                thread(64 * word + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        }
    }

    /// While what this gives is kept, no other thread reads, nor ever did, nor does this one: what is unlinked meanwhile is
    /// its own, and what is linked it may change. Whoever comes as the second waits until that is over, so it must be short.
    #[inline]
    pub(super) fn alone(&self) -> Option<Alone<'_>> {
        let only = self.only.load(Ordering::Relaxed);
        match self.seats.own_at_once() {
            Some((thread, seat)) if only == thread as u64 + 1 => {
                seat.changes.store(1, Ordering::Relaxed);
                let alone = Alone(seat);
                self.fence.light();
                let is_alone = self.only.load(Ordering::SeqCst) == only
                    && seat.moves.load(Ordering::Relaxed) & READING == 0;
                is_alone.then_some(alone)
            }
            _ => self.begin(only),
        }
    }

    /// Who is the first to write and is not known as a reader becomes so: from then on it may be alone.
    #[cold]
    fn begin(&self, only: u64) -> Option<Alone<'_>> {
        if only == 0 {
            self.read(|_| ());
        }
        None
    }

    /// This moment: what this thread has unlinked until now was before it.
    pub(super) fn moment(&self) -> Moment {
        fence(Ordering::SeqCst);
        Moment(self.begun.load(Ordering::SeqCst))
    }

    /// Whether a heavy side that began after `moment` was passed, for the sake of any shard.
    pub(super) fn have_passed(&self, moment: Moment) -> bool {
        self.ended.load(Ordering::SeqCst) > moment.0
    }

    /// Passes the heavy side, unless one that began after `moment` was passed. For who holds no lock: it takes a while.
    #[cold]
    pub(super) fn pass(&self, moment: Moment) {
        if !self.have_passed(moment) {
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            if self.fence.heavy() {
                self.ended.fetch_max(number, Ordering::SeqCst);
            }
        }
    }

    /// Notes in `awaited`, which is empty, who reads. All who don't and come later see what was unlinked before the last
    /// moment that was passed.
    pub(super) fn note(&self, awaited: &mut Awaited) {
        fence(Ordering::SeqCst);
        self.each(|thread| {
            let moves = self.moves(thread);
            if moves & READING != 0 {
                awaited.0.push((thread, moves));
            }
        });
    }

    /// Whether all whom `awaited` names have moved on.
    pub(super) fn have_moved_on(&self, awaited: &mut Awaited) -> bool {
        awaited.0.retain(|(thread, moves)| self.moves(*thread) == *moves);
        awaited.0.is_empty()
    }

    /// All hits and misses that readers counted.
    pub(super) fn counts(&self) -> (u64, u64) {
        let (mut hits, mut misses) = (0, 0);
        self.each(|thread| {
            let seat = self.seats.of(thread);
            hits += seat.hits.load(Ordering::Relaxed);
            misses += seat.misses.load(Ordering::Relaxed);
        });
        (hits, misses)
    }

    fn moves(&self, thread: usize) -> u64 {
        self.seats.of(thread).moves.load(Ordering::SeqCst)
    }
}

impl Seat {
    /// For its own thread.
    #[inline]
    fn count_move(&self, order: Ordering) {
        self.moves.store(self.moves.load(Ordering::Relaxed) + READING, order);
    }
}

impl<'a> Reading<'a> {
    #[inline]
    fn begin<T>(thread: usize, seat: &'a Seat, fence: impl FnOnce(), work: impl FnOnce(Self) -> T) -> T {
        seat.count_move(Ordering::Relaxed);
        fence();
        let _leave = Leave(seat);
        work(Reading { seat, thread, stays: PhantomData })
    }

    /// The thread that reads.
    pub(super) const fn thread(self) -> usize {
        self.thread
    }

    #[inline]
    pub(super) fn count_hit(self) {
        let hits = &self.seat.hits;
        hits.store(hits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(super) fn count_miss(self) {
        let misses = &self.seat.misses;
        misses.store(misses.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

impl Drop for Alone<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.changes.store(0, Ordering::Release);
    }
}

impl Drop for Leave<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.count_move(Ordering::Release);
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn who_reads_is_awaited_until_it_moves_on() {
        let readers = Readers::new(false);
        let mut awaited = Awaited::default();
        let seen = readers.read(|_| {
            readers.note(&mut awaited);
            readers.alone().is_none() && !readers.have_moved_on(&mut awaited)
        });
        assert_eq!((seen, readers.alone().is_some()), (Some(true), true));
        let again = readers.read(|_| readers.have_moved_on(&mut awaited));
        assert_eq!(again, Some(true), "what it reads now was not unlinked then");
    }

    #[test]
    fn nobody_reads_within_a_reading() {
        let readers = Readers::new(false);
        assert!(readers.read(|_| readers.read(|_| ()).is_none()).is_some_and(|refused| refused));
        assert!(readers.alone().is_some() && readers.read(|_| ()).is_some());
    }

    #[test]
    fn the_first_is_alone_until_a_second_one_reads() {
        let readers = Readers::new(false);
        assert!(readers.alone().is_none(), "nobody knows it yet");
        assert!(readers.alone().is_some(), "it made itself known");
        let other = || readers.read(|_| ());
        assert_eq!(std::thread::scope(|scope| scope.spawn(other).join()).unwrap(), Some(()));
        assert!(readers.alone().is_none());
    }
}

/// Under every schedule that the model checker tries.
#[cfg(all(test, shuttle))]
mod schedules {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64 as Number;

    use shuttle::rand::{Rng, thread_rng};
    use shuttle::thread::{spawn, yield_now};

    use super::*;

    const SCHEDULES: usize = 5_000;

    fn check<S: Send + Sync + 'static>(make: fn() -> S, act: fn(&S)) {
        let scenario = move || {
            let state = Arc::new(make());
            let acting = |state: Arc<S>| spawn(move || (0..3).for_each(|_| act(&state)));
            let threads: Vec<_> = (0..3).map(|_| acting(Arc::clone(&state))).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        };
        shuttle::check_random(scenario, SCHEDULES);
        shuttle::check_pct(scenario, SCHEDULES, 3);
    }

    #[test]
    fn nobody_reads_while_another_is_alone() {
        fn act((readers, lock, reading): &(Readers, shuttle::sync::Mutex<()>, Number)) {
            let no_one = || assert_eq!(reading.load(Ordering::SeqCst), 0);
            if thread_rng().gen_bool(0.5) {
                let _writing = lock.lock().unwrap();
                if let Some(_alone) = readers.alone() {
                    no_one();
                    yield_now();
                    no_one();
                }
            } else {
                let read = readers.read(|_| {
                    reading.fetch_add(1, Ordering::SeqCst);
                    yield_now();
                    reading.fetch_sub(1, Ordering::SeqCst);
                });
                assert_eq!(read, Some(()));
            }
        }
        check(|| (Readers::new(false), shuttle::sync::Mutex::new(()), Number::new(0)), act);
    }

    #[test]
    fn what_is_unlinked_is_dead_only_when_nobody_sees_it() {
        struct World {
            readers: Readers,
            linked: AtomicU64,
            dead: Number,
            lock: shuttle::sync::Mutex<()>,
        }
        fn act(world: &World) {
            if thread_rng().gen_bool(0.5) {
                let read = world.readers.read(|_| {
                    let seen = world.linked.load(Ordering::SeqCst);
                    yield_now();
                    assert!(seen > world.dead.load(Ordering::SeqCst), "it was taken from under a reader");
                });
                assert_eq!(read, Some(()));
            } else {
                let _writing = world.lock.lock().unwrap();
                let unlinked = world.linked.fetch_add(1, Ordering::SeqCst);
                let moment = world.readers.moment();
                world.readers.pass(moment);
                let mut awaited = Awaited::default();
                world.readers.note(&mut awaited);
                if world.readers.have_moved_on(&mut awaited) {
                    world.dead.store(unlinked, Ordering::SeqCst);
                }
            }
        }
        let make = || World {
            readers: Readers::new(false),
            linked: AtomicU64::new(1),
            dead: Number::new(0),
            lock: shuttle::sync::Mutex::new(()),
        };
        check(make, act);
    }
}
