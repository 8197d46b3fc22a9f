//! The buckets of a shard: which key is where. Readers look without a lock; one writer at a time changes.
//!
//! A group is one line of the processor's cache: seven pointers, and a word with a tag of seven bits for each, so that
//! one look tells which of them may be the one, without a branch that depends on where it is (a branch that is guessed
//! wrong costs more than all the rest of a hit). What finds its group full goes to another, far away, and then to that
//! one's neighbours. Each group counts how many went on, by a bit of their hashes: a search stops where none did. (With
//! neighbours from the start, and one count, entries that come and go pile up: at this load, a search for what isn't there
//! looked at 3.8 groups, where now it looks at 1.4.) Nothing moves, and what leaves leaves nothing behind.

use std::sync::atomic::Ordering;

use crate::sync::{AtomicPtr, AtomicU64};

/// Pointers to things, by hash.
pub(super) struct Table<N> {
    groups: Box<[Group<N>]>,
}

/// Where a pointer was found: good until the next that is put in or taken out.
#[derive(Clone, Copy)]
pub(super) struct At {
    group: usize,
    place: usize,
}

/// How many pointers a group has.
const WIDTH: usize = 7;

#[repr(align(64))]
struct Group<N> {
    /// A byte for each pointer, 0 if there is none; and two counts of those who went on.
    tags: AtomicU64,
    pointers: [AtomicPtr<N>; WIDTH],
}

/// The lowest bit of each tag.
const ONES: u64 = 0x0001_0101_0101_0101;
/// The highest bit of each tag, which is set.
const TOPS: u64 = ONES << 7;
/// A count that can't grow stays as it is for ever.
const MOST: u64 = 15;

impl<N> Table<N> {
    /// Room for at least `entries`.
    pub(super) fn new(entries: usize) -> Self {
        Self { groups: (0..=entries.saturating_mul(20) / (13 * WIDTH)).map(|_| Group::new()).collect() }
    }

    /// How many pointers it has room for: more would crowd it.
    pub(super) const fn room(&self) -> usize {
        3 * WIDTH * self.groups.len() / 4
    }

    /// Asks `same` of each pointer whose hash may be `hash`, until it answers; and where that is.
    #[inline]
    pub(super) fn find<T>(&self, hash: u32, same: impl Fn(*mut N) -> Option<T> + Copy) -> Option<(At, T)> {
        let home = self.home(hash);
        let group = self.groups.get(home)?;
        let tags = group.tags.load(Ordering::SeqCst);
        if let Some((place, found)) = group.find(tags, hash, same) {
            return Some((At { group: home, place }, found));
        }
        if tags & count(hash, MOST) == 0 { None } else { self.find_on(hash, home, same) }
    }

    #[inline(never)]
    fn find_on<T>(
        &self,
        hash: u32,
        home: usize,
        same: impl Fn(*mut N) -> Option<T> + Copy,
    ) -> Option<(At, T)> {
        let mut at = home;
        for steps in 0..self.groups.len() {
            at = self.next(hash, at, steps);
            let group = &self.groups[at];
            let tags = group.tags.load(Ordering::SeqCst);
            if let Some((place, found)) = group.find(tags, hash, same) {
                return Some((At { group: at, place }, found));
            }
            if tags & count(hash, MOST) == 0 {
                break;
            }
        }
        None
    }

    /// The word that a search for `hash` looks at first.
    #[inline]
    pub(super) fn first(&self, hash: u32) -> &AtomicU64 {
        &self.groups[self.home(hash)].tags
    }

    /// Puts in a pointer that is not there. There must be room.
    #[inline]
    pub(super) fn put(&self, hash: u32, pointer: *mut N) {
        let home = self.home(hash);
        if !self.groups[home].put(hash, pointer) {
            self.go_on(hash, home, u64::wrapping_add, |group| group.put(hash, pointer));
        }
    }

    /// Goes on from home until `done`. Each group that is passed counts one more, or one fewer, who went on.
    #[inline(never)]
    fn go_on(&self, hash: u32, home: usize, change: fn(u64, u64) -> u64, done: impl Fn(&Group<N>) -> bool) {
        let mut at = home;
        for steps in 0..self.groups.len() {
            self.groups[at].count(hash, change);
            at = self.next(hash, at, steps);
            if done(&self.groups[at]) {
                return;
            }
        }
    }

    /// The pointer that was found there, if there still is one.
    #[inline]
    pub(super) fn get(&self, at: At) -> Option<*mut N> {
        let group = self.groups.get(at.group)?;
        let is_taken = group.tags.load(Ordering::Relaxed) >> (8 * at.place) & 0x80 != 0;
        is_taken.then(|| group.pointers[at.place].load(Ordering::Relaxed))
    }

    /// Puts `pointer` where another was found.
    #[inline]
    pub(super) fn replace(&self, at: At, pointer: *mut N) {
        self.groups[at.group].pointers[at.place].store(pointer, Ordering::Release);
    }

    /// Takes a pointer out that is there.
    #[inline]
    pub(super) fn take_out(&self, hash: u32, pointer: *mut N) {
        let home = self.home(hash);
        if !self.groups[home].take_out(hash, pointer) {
            self.go_on(hash, home, u64::wrapping_sub, |group| group.take_out(hash, pointer));
        }
    }

    /// All pointers.
    pub(super) fn iter(&self) -> impl Iterator<Item = *mut N> + '_ {
        self.groups.iter().flat_map(|group| {
            let tags = group.tags.load(Ordering::Relaxed);
            let taken = (0..WIDTH).filter(move |place| tags >> (8 * place) & 0xff != 0);
            taken.map(|place| group.pointers[place].load(Ordering::Relaxed))
        })
    }

    /// Where a search begins: hashes in order, spread over the groups, however many.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.groups.len() as u64) >> 32) as usize
    }

    /// Where it goes on after `steps` from home: first to where another hash of the hash leads, then side by side.
    #[inline]
    fn next(&self, hash: u32, at: usize, steps: usize) -> usize {
        match at + 1 {
            _ if steps == 0 => self.home(hash.wrapping_mul(0x9E37_79B9)),
            end if end == self.groups.len() => 0,
            next => next,
        }
    }
}

impl<N> Group<N> {
    fn new() -> Self {
        let pointers = std::array::from_fn(|_| AtomicPtr::new(std::ptr::null_mut()));
        Self { tags: AtomicU64::new(0), pointers }
    }

    /// Puts in a pointer, if there is room.
    #[inline]
    fn put(&self, hash: u32, pointer: *mut N) -> bool {
        let tags = self.tags.load(Ordering::Relaxed);
        let free = !tags & TOPS;
        if free == 0 {
            return false;
        }
        let place = place_of(free);
        self.pointers[place].store(pointer, Ordering::Release);
        self.tags.store(tags | tag(hash) << (8 * place), Ordering::Release);
        true
    }

    /// Takes a pointer out, if it is here.
    #[inline]
    fn take_out(&self, hash: u32, pointer: *mut N) -> bool {
        let tags = self.tags.load(Ordering::Relaxed);
        let found = self.find(tags, hash, |other| (other == pointer).then_some(()));
        if let Some((place, ())) = found {
            self.tags.store(tags & !(0xff << (8 * place)), Ordering::Release);
        }
        found.is_some()
    }

    /// One more, or one fewer, went on with `hash`.
    fn count(&self, hash: u32, change: fn(u64, u64) -> u64) {
        let tags = self.tags.load(Ordering::Relaxed);
        if tags & count(hash, MOST) != count(hash, MOST) {
            self.tags.store(change(tags, count(hash, 1)), Ordering::Release);
        }
    }

    /// Asks `same` of each pointer whose tag is that of `hash`, until it answers; and which that is.
    #[inline]
    fn find<T>(&self, tags: u64, hash: u32, same: impl Fn(*mut N) -> Option<T>) -> Option<(usize, T)> {
        let mut alike = alike(tags, hash);
        while alike != 0 {
            let place = place_of(alike);
            if let Some(found) = same(self.pointers[place].load(Ordering::SeqCst)) {
                return Some((place, found));
            }
            alike &= alike - 1;
        }
        None
    }
}

/// The tag of a hash, from bits that don't decide where its search begins.
#[inline]
const fn tag(hash: u32) -> u64 {
    ((hash & 0x7f) | 0x80) as u64
}

/// As many in the count of those who went on with `hash`.
#[inline]
const fn count(hash: u32, many: u64) -> u64 {
    many << (56 + (hash >> 5 & 4))
}

/// The highest bit of each tag that is that of `hash`, and now and then of one that isn't (but never of none).
#[inline]
const fn alike(tags: u64, hash: u32) -> u64 {
    let different = tags ^ (ONES * tag(hash));
    different.wrapping_sub(ONES) & !different & TOPS
}

/// The place of the lowest of the bits that say where.
#[inline]
const fn place_of(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8 % (WIDTH + 1)
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_is_there_and_nothing_else(
            few in any::<bool>(),
            steps in proptest::collection::vec((any::<u32>(), 0_usize..20), 1..400),
        ) {
            let table: Table<u8> = Table::new(20);
            let mut there = BTreeSet::new();
            for (hash, number) in steps {
                // Few hashes, all at one end: they collide, and run over the end.
                let hash = if few { u32::MAX - hash % 3 } else { hash };
                let pointer = std::ptr::without_provenance_mut(number + 1);
                let holds = |hash: u32, pointer: *mut u8| table.find(hash, |other| (other == pointer).then_some(())).is_some();
                if there.iter().all(|(_, other)| *other != pointer) {
                    prop_assert!(!holds(hash, pointer));
                }
                if there.remove(&(hash, pointer)) {
                    table.take_out(hash, pointer);
                } else if there.iter().all(|(_, other)| *other != pointer) {
                    there.insert((hash, pointer));
                    table.put(hash, pointer);
                }
                prop_assert!(there.iter().all(|(hash, pointer)| holds(*hash, *pointer)));
                let all: BTreeSet<_> = there.iter().map(|(_, pointer)| *pointer).collect();
                prop_assert_eq!(table.iter().collect::<BTreeSet<_>>(), all);
            }
            there.iter().for_each(|(hash, pointer)| table.take_out(*hash, *pointer));
            prop_assert!(table.groups.iter().all(|group| group.tags.load(Ordering::Relaxed) == 0), "nothing stays behind");
        }
    }
    #[test]
    fn what_crowds_one_place_is_found_and_leaves() {
        let table: Table<u8> = Table::new(200);
        let pointers = || (1..=200).map(std::ptr::without_provenance_mut::<u8>);
        let holds = |pointer| table.find(7, |other| (other == pointer).then_some(())).is_some();
        pointers().for_each(|pointer| table.put(7, pointer));
        assert!(pointers().all(holds));
        pointers().for_each(|pointer| table.take_out(7, pointer));
        assert!(!pointers().any(holds));
    }
    #[test]
    fn what_comes_and_goes_does_not_pile_up() {
        let random = crate::Random::seeded(5);
        let table: Table<u8> = Table::new(10_000);
        let mut there: Vec<u32> = (0..10_000).map(|_| random.next() as u32).collect();
        let pointer = |number: usize| std::ptr::without_provenance_mut::<u8>(number + 1);
        there.iter().enumerate().for_each(|(number, hash)| table.put(*hash, pointer(number)));
        for _ in 0..200_000 {
            let number = random.next() as usize % there.len();
            table.take_out(there[number], pointer(number));
            there[number] = random.next() as u32;
            table.put(there[number], pointer(number));
        }
        let in_vain: usize = (0..10_000).map(|_| table.groups_on_the_way(random.next() as u32, None)).sum();
        let found = |(number, hash): (usize, &u32)| table.groups_on_the_way(*hash, Some(pointer(number)));
        let found: usize = there.iter().enumerate().map(found).sum();
        assert!(in_vain < 15_000, "{in_vain} groups looked at for 10,000 that are not there");
        assert!(found < 12_500, "{found} groups looked at for 10,000 that are");
    }

    impl Table<u8> {
        /// How many groups a search for `pointer` looks at.
        fn groups_on_the_way(&self, hash: u32, pointer: Option<*mut u8>) -> usize {
            let mut at = self.home(hash);
            for steps in 0..self.groups.len() {
                let tags = self.groups[at].tags.load(Ordering::Relaxed);
                let is_here =
                    self.groups[at].find(tags, hash, |other| (Some(other) == pointer).then_some(()));
                if is_here.is_some() || tags & count(hash, MOST) == 0 {
                    return steps + 1;
                }
                at = self.next(hash, at, steps);
            }
            self.groups.len()
        }
    }
}
