//! From keys to numbers.

use std::hint::black_box;

/// So many keys are looked up at a time: then the look-ups wait for memory together.
pub(crate) const AT_ONCE: usize = 32;

/// There are at least so many cells: a power of two, and enough for the keys of one look-up.
const FEWEST: usize = 4 * AT_ONCE;

/// The number of no key.
const NONE: u32 = u32::MAX;

/// Numbers keys: the first is 0, each new one the next.
///
/// Every operation costs O(1) amortised; a key takes 16 to 32 bytes.
///
/// ```
/// use larder_lab::chunk::Numbering;
///
/// let mut numbering = Numbering::default();
/// assert_eq!([7, 9, 7].map(|key| numbering.number(key)), [Some(0), Some(1), Some(0)]);
/// ```
#[derive(Debug)]
pub struct Numbering {
    /// A power of two of them, of which a quarter at least is empty. A key is in the cell where it is at home, or behind
    /// it without an empty one between.
    cells: Vec<Cell>,
    /// How many bits of a spread key don't say where it is at home.
    shift: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// In halves, so that nothing is left unused beside it.
    key: [u32; 2],
    /// [`NONE`] if the cell is empty.
    number: u32,
}

const EMPTY: Cell = Cell { key: [0; 2], number: NONE };

impl Cell {
    fn key(self) -> u64 {
        let [low, high] = self.key.map(u64::from);
        high << 32 | low
    }
}

impl Default for Numbering {
    fn default() -> Self {
        Self::of(FEWEST)
    }
}

impl Numbering {
    /// An empty one of so many cells, a power of two.
    fn of(cells: usize) -> Self {
        Self { cells: vec![EMPTY; cells], shift: u64::BITS - cells.trailing_zeros(), len: 0 }
    }

    /// The number of `key`; `None` when all 2^32 - 1 numbers are taken.
    #[inline]
    pub fn number(&mut self, key: u64) -> Option<u32> {
        self.make_room(1);
        self.find_or_put(key)
    }

    /// Numbers `keys`, [`AT_ONCE`] at most, and calls `each` with the number of each. `None` if there were too few numbers.
    #[inline]
    pub(crate) fn number_all(&mut self, keys: &[u64], mut each: impl FnMut(u32)) -> Option<()> {
        self.make_room(keys.len());
        black_box(keys.iter().fold(0, |all, key| all ^ self.cells[self.home(*key)].number));
        for key in keys {
            each(self.find_or_put(*key)?);
        }
        Some(())
    }

    /// How many keys have a number.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no key has a number.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// There is an empty cell.
    #[inline]
    fn find_or_put(&mut self, key: u64) -> Option<u32> {
        let mut at = self.home(key);
        loop {
            let cell = self.cells[at];
            if cell.number == NONE {
                break;
            }
            if cell.key() == key {
                return Some(cell.number);
            }
            at = (at + 1) & (self.cells.len() - 1);
        }
        if self.len == NONE {
            return None;
        }
        self.cells[at] = Cell { key: [key as u32, (key >> 32) as u32], number: self.len };
        self.len += 1;
        Some(self.len - 1)
    }

    /// So that `more` keys can come.
    #[inline]
    fn make_room(&mut self, more: usize) {
        if self.len as usize + more > self.cells.len() / 4 * 3 {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut larger = Self::of(self.cells.len() * 2);
        for cell in self.cells.iter().filter(|cell| cell.number != NONE) {
            let mut at = larger.home(cell.key());
            while larger.cells[at].number != NONE {
                at = (at + 1) & (larger.cells.len() - 1);
            }
            larger.cells[at] = *cell;
        }
        *self = Self { len: self.len, ..larger };
    }

    /// Where `key` belongs: all bits of the product's halves depend on all of the key's.
    #[inline]
    fn home(&self, key: u64) -> usize {
        let product = u128::from(key ^ 0x2436_7d4e_9b31_c8a5) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        ((product as u64 ^ (product >> 64) as u64) >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_numbered_as_a_map_would(keys in proptest::collection::vec((0..600_u64, 0..64_u32), 0..3_000)) {
            let mut numbering = Numbering::default();
            let mut model = HashMap::new();
            for block in keys.chunks(AT_ONCE) {
                let block: Vec<u64> = block.iter().map(|(key, shift)| key << (shift & 0x30)).collect();
                let mut numbers = Vec::new();
                prop_assert_eq!(numbering.number_all(&block, |number| numbers.push(number)), Some(()));
                for (key, number) in block.into_iter().zip(numbers) {
                    let next = model.len() as u32;
                    prop_assert_eq!(number, *model.entry(key).or_insert(next));
                    prop_assert_eq!(numbering.number(key), Some(number));
                }
                prop_assert_eq!(numbering.len(), model.len());
            }
        }
    }

    #[test]
    fn keys_that_differ_by_any_step_are_spread() {
        for shift in 0..40 {
            let mut numbering = Numbering::default();
            (0..3_000_u64).for_each(|key| assert_eq!(numbering.number(key << shift), Some(key as u32)));
            let mask = numbering.cells.len() - 1;
            let away = |(at, cell): (usize, &Cell)| at.wrapping_sub(numbering.home(cell.key())) & mask;
            let taken = numbering.cells.iter().enumerate().filter(|(_, cell)| cell.number != NONE);
            let far = taken.map(away).max().unwrap();
            assert!(far < 100, "{far} cells from home, shifted by {shift}");
        }
    }
}
