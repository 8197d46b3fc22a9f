//! The buckets of a shard: which key is where. Readers look without a lock; one writer at a time changes.
//!
//! A group is one line of the processor's cache: twelve numbers of places, and their tags. What finds its group full goes
//! to another, far away, and then to that one's neighbours. Each group counts how many went on, by two bits of their
//! hashes: a search stops where none did. (With neighbours from the start, and one count, entries that come and go pile up:
//! a search for what isn't there looked at 3.8 groups, where now it looks at 1.06.) Nothing moves, and what leaves leaves nothing
//! behind.

use std::sync::atomic::Ordering;

use super::tags::{Tags, WIDTH};
use crate::sync::AtomicU32;

/// Numbers of places, by hash.
pub(in crate::memory) struct Table {
    groups: Box<[Group]>,
}

/// Where a number was found: good until the next that is put in or taken out.
#[derive(Clone, Copy)]
pub(in crate::memory) struct At {
    group: usize,
    place: usize,
}

/// What can be told without much ado.
pub(in crate::memory) enum Glance<T> {
    /// This.
    Found(T),
    /// There is none.
    Absent,
    /// Nothing: it takes more.
    Unknown,
}

/// How many numbers there are to a group, of the twelve it has room for: in a new table, and before there are too many.
const FEW: usize = 7;
const MANY: usize = 9;

/// A line of numbers.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Group {
    tags: Tags,
    numbers: [AtomicU32; WIDTH],
}

impl Table {
    /// Room for at least `entries`.
    pub(super) fn new(entries: usize) -> Self {
        Self { groups: (0..=entries / FEW).map(|_| Group::default()).collect() }
    }

    /// How many numbers it has room for: more would crowd it.
    pub(super) const fn room(&self) -> usize {
        MANY * self.groups.len()
    }

    /// Asks `same` of the first number whose hash may be `hash` where most are.
    #[inline]
    pub(super) fn glance<T>(&self, hash: u32, same: impl Fn(u32) -> Option<T>) -> Glance<T> {
        let group = self.first(hash);
        match group.tags.alike(hash).first().map(|place| same(group.number(place))) {
            Some(Some(found)) => Glance::Found(found),
            None if !group.tags.any_went_on(hash) => Glance::Absent,
            _ => Glance::Unknown,
        }
    }

    /// Asks `same` of each number whose hash may be `hash`, until it answers; and where that is.
    #[inline]
    pub(super) fn find<T>(&self, hash: u32, same: impl Fn(u32) -> Option<T> + Copy) -> Option<(At, T)> {
        let home = self.home(hash);
        let group = self.first(hash);
        if let Some((place, found)) = group.find(hash, same) {
            return Some((At { group: home, place }, found));
        }
        if group.tags.any_went_on(hash) { self.find_on(hash, home, same) } else { None }
    }

    #[inline(never)]
    fn find_on<T>(&self, hash: u32, home: usize, same: impl Fn(u32) -> Option<T> + Copy) -> Option<(At, T)> {
        let mut at = home;
        for steps in 0..self.groups.len() {
            at = self.next(hash, at, steps);
            let group = &self.groups[at];
            if let Some((place, found)) = group.find(hash, same) {
                return Some((At { group: at, place }, found));
            }
            if !group.tags.any_went_on(hash) {
                break;
            }
        }
        None
    }

    /// The group that a search for `hash` looks at first.
    #[inline]
    pub(super) fn first(&self, hash: u32) -> &Group {
        // SAFETY: there is at least one group, and what a `u32` by 2^32 is of their number is less than that.
        #[allow(unsafe_code)]
        unsafe {
            self.groups.get_unchecked(self.home(hash))
        }
    }

    /// Puts in a number that is not there. There must be room.
    #[inline]
    pub(super) fn put(&self, hash: u32, number: u32) {
        let home = self.home(hash);
        if !self.groups[home].put(hash, number) {
            self.go_on(hash, home, u64::wrapping_add, |group| group.put(hash, number));
        }
    }

    /// Goes on from home until `done`. Each group that is passed counts one more, or one fewer, who went on.
    #[inline(never)]
    fn go_on(&self, hash: u32, home: usize, change: fn(u64, u64) -> u64, done: impl Fn(&Group) -> bool) {
        let mut at = home;
        for steps in 0..self.groups.len() {
            let group = &self.groups[at];
            group.tags.count(hash, change);
            at = self.next(hash, at, steps);
            if done(&self.groups[at]) {
                return;
            }
        }
    }

    /// The number that was found there, if there still is one.
    #[inline]
    pub(super) fn get(&self, at: At) -> Option<u32> {
        let group = self.groups.get(at.group)?;
        group.get(at.place)
    }

    /// Puts `number` where another was found.
    #[inline]
    pub(super) fn replace(&self, at: At, number: u32) {
        self.groups[at.group].numbers[at.place].store(number, Ordering::Release);
    }

    /// Takes a number out that is there.
    #[inline]
    pub(super) fn take_out(&self, hash: u32, number: u32) {
        let home = self.home(hash);
        if !self.groups[home].take_out(hash, number) {
            self.go_on(hash, home, u64::wrapping_sub, |group| group.take_out(hash, number));
        }
    }

    /// All numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.groups.iter().flat_map(|group| (0..WIDTH).filter_map(|place| group.get(place)))
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

impl Group {
    /// The number at `place`, one of those that the tags name.
    #[inline]
    fn number(&self, place: usize) -> u32 {
        debug_assert!(place < WIDTH);
        // SAFETY: whoever calls has it from `Bits`, which names only places of a group.
        #[allow(unsafe_code)]
        unsafe {
            self.numbers.get_unchecked(place).load(Ordering::SeqCst)
        }
    }

    /// The number at `place`, if there is one.
    #[inline]
    fn get(&self, place: usize) -> Option<u32> {
        self.tags.is_taken(place).then(|| self.numbers[place].load(Ordering::Relaxed))
    }

    /// Puts in a number, if there is room.
    #[inline]
    fn put(&self, hash: u32, number: u32) -> bool {
        let Some(place) = self.tags.free().first() else { return false };
        self.numbers[place].store(number, Ordering::Release);
        self.tags.take(place, hash);
        true
    }

    /// Takes a number out, if it is here.
    #[inline]
    fn take_out(&self, hash: u32, number: u32) -> bool {
        let found = self.find(hash, |other| (other == number).then_some(()));
        if let Some((place, ())) = found {
            self.tags.clear(place);
        }
        found.is_some()
    }

    /// Asks `same` of each number whose tag is that of `hash`, until it answers; and which that is.
    #[inline]
    fn find<T>(&self, hash: u32, same: impl Fn(u32) -> Option<T>) -> Option<(usize, T)> {
        self.tags.alike(hash).find_map(|place| Some((place, same(self.number(place))?)))
    }
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
            steps in proptest::collection::vec((any::<u32>(), 0_u32..20), 1..400),
        ) {
            let table = Table::new(20);
            let mut there = BTreeSet::new();
            for (hash, number) in steps {
                // Few hashes, all at one end: they collide, and run over the end.
                let hash = if few { u32::MAX - hash % 3 } else { hash };
                let holds = |hash: u32, number: u32| table.find(hash, |other| (other == number).then_some(())).is_some();
                if there.iter().all(|(_, other)| *other != number) {
                    prop_assert!(!holds(hash, number));
                }
                if there.remove(&(hash, number)) {
                    table.take_out(hash, number);
                } else if there.iter().all(|(_, other)| *other != number) {
                    there.insert((hash, number));
                    table.put(hash, number);
                }
                prop_assert!(there.iter().all(|(hash, number)| holds(*hash, *number)));
                match table.glance(hash, |other| (other == number).then_some(())) {
                    Glance::Found(()) => prop_assert!(there.iter().any(|(_, other)| *other == number)),
                    Glance::Absent => prop_assert!(!there.contains(&(hash, number))),
                    Glance::Unknown => {}
                }
                let all: BTreeSet<_> = there.iter().map(|(_, number)| *number).collect();
                prop_assert_eq!(table.iter().collect::<BTreeSet<_>>(), all);
            }
            there.iter().for_each(|(hash, number)| table.take_out(*hash, *number));
            prop_assert!(table.groups.iter().all(|group| group.tags.is_unused()), "nothing stays behind");
        }
    }

    #[test]
    fn what_crowds_one_place_is_found_and_leaves() {
        let table = Table::new(200);
        let holds = |number| table.find(7, |other| (other == number).then_some(())).is_some();
        (0..200).for_each(|number| table.put(7, number));
        assert!((0..200).all(holds));
        (0..200).for_each(|number| table.take_out(7, number));
        assert!(!(0..200).any(holds));
    }

    #[test]
    fn what_comes_and_goes_does_not_pile_up() {
        let random = crate::Random::seeded(5);
        let table = Table::new(10_000);
        let mut there: Vec<u32> = (0..10_000).map(|_| random.next() as u32).collect();
        (0..).zip(&there).for_each(|(number, hash)| table.put(*hash, number));
        for _ in 0..200_000 {
            let number = random.next() as usize % there.len();
            table.take_out(there[number], number as u32);
            there[number] = random.next() as u32;
            table.put(there[number], number as u32);
        }
        let in_vain: usize = (0..10_000).map(|_| table.groups_on_the_way(random.next() as u32, None)).sum();
        let found: usize =
            (0..).zip(&there).map(|(number, hash)| table.groups_on_the_way(*hash, Some(number))).sum();
        let unknown = |(number, hash): &(u32, &u32)| {
            matches!(table.glance(**hash, |other| (other == *number).then_some(())), Glance::Unknown)
        };
        let unknown = (0..).zip(&there).filter(unknown).count();
        assert!(unknown < 700, "{unknown} of 10,000 are not told by a glance");
        assert!(in_vain < 11_200, "{in_vain} groups looked at for 10,000 that are not there");
        assert!(found < 10_800, "{found} groups looked at for 10,000 that are");
    }

    impl Table {
        /// How many groups a search for `number` looks at.
        fn groups_on_the_way(&self, hash: u32, number: Option<u32>) -> usize {
            let mut at = self.home(hash);
            for steps in 0..self.groups.len() {
                let group = &self.groups[at];
                let is_here = group.find(hash, |other| (Some(other) == number).then_some(()));
                if is_here.is_some() || !group.tags.any_went_on(hash) {
                    return steps + 1;
                }
                at = self.next(hash, at, steps);
            }
            self.groups.len()
        }
    }
}
