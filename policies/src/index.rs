//! From hashes to numbers.

use crate::rng::SPREAD;

/// Cells of a group.
const CELLS: usize = 8;
/// There are at least so many groups.
const FEWEST: usize = 2;
/// There are no more numbers than this for each group.
const FULL: usize = 5;
/// One bit in each cell of a group.
const LOWEST: u64 = 0x0101_0101_0101_0101;
/// Says of each cell that it is taken.
const TAKEN: u64 = LOWEST << 7;

/// Finds numbers by the hashes of what they stand for. Every operation costs O(1) amortised; a number takes 9 to 20 bytes.
///
/// Like the tables of Abseil and hashbrown it compares the tags of a whole group of cells at once, so it hardly ever
/// guesses wrong; unlike those it keeps no traces of what was taken out, which here is as much as is put in. The table
/// itself knows only a few bits of each hash: `hash_of` says the hash of a number that is in it.
#[derive(Debug)]
pub(crate) struct Index {
    /// A power of two of them.
    groups: Vec<Group>,
    /// How many bits of a spread hash don't say in which group it is at home.
    shift: u32,
    len: usize,
}

/// What most look-ups read comes first, so that it is in one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Group {
    /// A byte a cell: 0 if it is empty.
    tags: u64,
    /// Numbers at home here or before, but found further on, because there was no room.
    passed: u32,
    numbers: [u32; CELLS],
}

/// The number of a cell, all groups counted.
type Cell = u32;

impl Index {
    pub(crate) fn new() -> Self {
        Self::of(FEWEST)
    }

    /// An empty one of so many groups, a power of two.
    fn of(groups: usize) -> Self {
        Self { groups: vec![Group::default(); groups], shift: u64::BITS - groups.trailing_zeros(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The number that `hash` stands for.
    #[inline]
    pub(crate) fn find(&self, hash: u64, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        self.seek(hash, |number| hash_of(number) == hash).map(|(_, number)| number)
    }

    /// The number that `hash` stands for, which it does no longer.
    #[inline]
    pub(crate) fn take(&mut self, hash: u64, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        let (cell, number) = self.seek(hash, |number| hash_of(number) == hash)?;
        self.leave(hash, cell);
        Some(number)
    }

    /// Lets `hash` stand for `number`, and says for which it stood before.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        if let Some((cell, older)) = self.seek(hash, |number| hash_of(number) == hash) {
            self.groups[cell as usize / CELLS].numbers[cell as usize % CELLS] = number;
            return Some(older);
        }
        if self.len >= self.groups.len() * FULL {
            for number in self.grow().numbers() {
                self.put(hash_of(number), number);
            }
        }
        self.put(hash, number);
        None
    }

    /// Lets `hash` no longer stand for `number`.
    #[inline]
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        if let Some((cell, _)) = self.seek(hash, |other| other == number) {
            self.leave(hash, cell);
        }
    }

    /// Is empty and twice as large from now on. What was in it must be put in again.
    #[cold]
    fn grow(&mut self) -> Self {
        let twice = Self::of(self.groups.len() * 2);
        std::mem::replace(self, twice)
    }

    /// Lets `hash`, which no number in an index that is not full stands for, stand for `number`.
    #[inline]
    fn put(&mut self, hash: u64, number: u32) {
        let (mut at, tag) = self.home(hash);
        self.len += 1;
        while self.groups[at].tags & TAKEN == TAKEN {
            self.groups[at].passed += 1;
            at = self.after(at);
        }
        let group = &mut self.groups[at];
        let cell = (!group.tags & TAKEN).trailing_zeros() / 8;
        group.tags |= tag << (8 * cell);
        group.numbers[cell as usize % CELLS] = number;
    }

    /// Lets `hash`, whose number is in `cell`, stand for nothing.
    #[inline]
    fn leave(&mut self, hash: u64, cell: Cell) {
        let (group, cell) = (cell as usize / CELLS, cell as usize % CELLS);
        self.len -= 1;
        self.groups[group].tags &= !(0xFF << (8 * cell));
        let (mut at, _) = self.home(hash);
        while at != group {
            self.groups[at].passed -= 1;
            at = self.after(at);
        }
    }

    #[inline]
    fn seek(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<(Cell, u32)> {
        let (home, tag) = self.home(hash);
        let mut at = home;
        loop {
            let group = &self.groups[at];
            let mut alike = equal(group.tags, tag);
            while alike != 0 {
                let cell = alike.trailing_zeros() / 8;
                let number = group.numbers[cell as usize % CELLS];
                if is_it(number) {
                    return Some((at as Cell * CELLS as Cell + cell, number));
                }
                alike &= alike - 1;
            }
            if group.passed == 0 {
                return None;
            }
            at = self.after(at);
            if at == home {
                return None;
            }
        }
    }

    /// All numbers that are in it.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        let taken = |group: &Group, cell: usize| group.tags >> (8 * cell) & 0xFF != 0;
        self.groups.iter().flat_map(move |group| {
            (0..CELLS).filter(move |cell| taken(group, *cell)).map(|cell| group.numbers[cell])
        })
    }

    /// The group where `hash` belongs, and its tag.
    #[inline]
    fn home(&self, hash: u64) -> (usize, u64) {
        let spread = hash.wrapping_mul(SPREAD);
        ((spread >> self.shift) as usize, (spread >> 40) & 0x7F | 0x80)
    }

    fn after(&self, group: usize) -> usize {
        (group + 1) & (self.groups.len() - 1)
    }
}

/// The highest bit of each byte of `tags` that is `tag`.
#[inline]
fn equal(tags: u64, tag: u64) -> u64 {
    let differ = tags ^ (tag * LOWEST);
    let low = (differ & !TAKEN) + !TAKEN;
    !(low | differ) & TAKEN
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Hashes that are spread, or all at home in a few groups with a few tags.
    fn hash_of(number: u32, crowded: bool) -> u64 {
        let back = 0xF1DE_83E1_9937_733D_u64; // SPREAD * back = 1
        let number = u64::from(number);
        if crowded { ((number << 39) | ((number % 3) << 61)).wrapping_mul(back) } else { number }
    }

    proptest! {
        #[test]
        fn an_index_does_what_a_map_does(
            ops in proptest::collection::vec((0..6_u8, 0..150_u32, 0..4_u32), 0..1_000), crowded in any::<bool>(),
        ) {
            let mut index = Index::new();
            let mut model = BTreeMap::new();
            // Four numbers share a hash.
            let hash = |number: u32| hash_of(number / 4, crowded);
            for (op, key, twin) in ops {
                let number = key * 4 + twin;
                let known = model.get(&hash(number)).copied();
                match op {
                    0..4 => {
                        prop_assert_eq!(index.insert(hash(number), number, hash), known);
                        model.insert(hash(number), number);
                    }
                    4 => {
                        prop_assert_eq!(index.take(hash(number), hash), known);
                        model.remove(&hash(number));
                    }
                    _ => {
                        index.remove(hash(number), number);
                        model.retain(|_, other| *other != number);
                    }
                }
                prop_assert_eq!(index.len(), model.len());
                prop_assert_eq!(index.find(hash(number), hash), model.get(&hash(number)).copied());
            }
            for (&hash_of_it, &number) in &model {
                prop_assert_eq!(index.take(hash_of_it, hash), Some(number));
            }
            prop_assert!(index.groups.iter().all(|group| group.tags == 0 && group.passed == 0));
        }
    }

    #[test]
    fn what_is_not_there_is_not_found_though_every_group_was_passed() {
        // A number's home is the first of two groups if it is even, else the second.
        let back = 0xF1DE_83E1_9937_733D_u64; // SPREAD * back = 1
        let hash_of =
            |number: u32| (u64::from(number % 2) << 63 | u64::from(number) << 40).wrapping_mul(back);
        let mut index = Index::new();
        let put = |index: &mut Index, number| index.insert(hash_of(number), number, hash_of);
        for even in 0..9 {
            put(&mut index, 2 * even);
        }
        for even in 0..7 {
            index.remove(hash_of(2 * even), 2 * even);
        }
        for odd in 0..8 {
            put(&mut index, 2 * odd + 1);
        }
        assert!(index.groups.len() == 2 && index.groups.iter().all(|group| group.passed > 0));
        assert_eq!(index.find(hash_of(100), hash_of), None);
        assert_eq!(index.find(hash_of(101), hash_of), None);
    }

    #[test]
    fn hashes_that_differ_in_any_part_are_spread() {
        for shift in [0, 16, 32, 40] {
            let mut index = Index::new();
            let hash_of = |number: u32| u64::from(number) << shift;
            let known =
                (0..4_000).filter_map(|number| index.insert(hash_of(number), number, hash_of)).count();
            let away: u32 = index.groups.iter().map(|group| group.passed).sum();
            assert!(known == 0 && away < 400, "{away} are away from home, shifted by {shift}");
        }
    }
}
