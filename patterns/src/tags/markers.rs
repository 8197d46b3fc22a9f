//! When each tag was last invalidated, in memory that never grows and that readers don't lock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// In how many cells a tag leaves its mark.
const MARKS: u64 = 4;

/// More cells than this are not made: 1 GiB.
const MOST: usize = 1 << 27;

/// A sketch of the last version of each tag: a tag marks several cells, and the lowest of them counts.
///
/// Like a count-min sketch (Cormode and Muthukrishnan, Journal of Algorithms, 2005) with the maximum for the sum. Cells
/// that tags share make a version look newer than it is, never older. So no marker is ever forgotten, and what is
/// uncertain counts as invalidated.
pub(super) struct Markers(Box<[AtomicU64]>);

impl Markers {
    /// Markers of at least `cells` cells, a power of two.
    pub(super) fn new(cells: usize) -> Self {
        let cells = cells.clamp(MARKS as usize, MOST).next_power_of_two();
        Self((0..cells).map(|_| AtomicU64::new(0)).collect())
    }

    /// Marks `tag` as invalidated at `version`. A later version stays.
    pub(super) fn mark(&self, tag: u32, version: u64) {
        for cell in self.cells(tag) {
            cell.fetch_max(version, Ordering::AcqRel);
        }
    }

    /// Whether `tag` was certainly not invalidated after `version`. Most often the first cell says so.
    pub(super) fn is_older(&self, tag: u32, version: u64) -> bool {
        self.cells(tag).any(|cell| cell.load(Ordering::Acquire) <= version)
    }

    /// The cells of `tag`, all different: steps of an odd width through a power of two.
    fn cells(&self, tag: u32) -> impl Iterator<Item = &AtomicU64> {
        let spread = u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (first, step) = (spread >> 37, spread >> 10 | 1);
        let mask = self.0.len() as u64 - 1;
        (0..MARKS).map(move |nth| &self.0[(first.wrapping_add(step.wrapping_mul(nth)) & mask) as usize])
    }
}

impl fmt::Debug for Markers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Markers").field("cells", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tag::Tag;
    use super::*;

    #[test]
    fn a_tag_marks_different_cells_and_an_older_mark_changes_nothing() {
        for number in 0..64 {
            let (markers, tag) = (Markers::new(0), number);
            let mut cells: Vec<_> = markers.cells(tag).map(std::ptr::from_ref).collect();
            cells.sort_unstable();
            cells.dedup();
            assert_eq!(cells.len() as u64, MARKS);
            markers.mark(tag, 9);
            markers.mark(tag, 4);
            assert!(markers.is_older(tag, 9) && !markers.is_older(tag, 8));
        }
    }

    #[test]
    fn few_tags_of_many_look_invalidated_that_are_not() {
        let (markers, tag) = (Markers::new(65_536), |n: u64| Tag::new(format!("tag {n}")).short());
        (0..1_000).for_each(|n| markers.mark(tag(n), n + 1));
        assert!((0..1_000).all(|n| !markers.is_older(tag(n), n)), "no mark is lost");
        let wrong = (1_000..101_000).filter(|n| !markers.is_older(tag(*n), 0)).count();
        assert!(wrong < 10, "one in ten thousand at most, of 100,000 tags: {wrong}");
    }
}
