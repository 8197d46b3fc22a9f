//! Marks in a plain table.

use std::cell::{Cell, RefCell};

use larder_core::{Hits, MarkTable, Slot};

/// A [`MarkTable`] for one thread: enough for a simulator, or for driving a policy by hand.
///
/// ```
/// use larder_core::{Hits, Marks, Slot};
/// use larder_testkit::policy::TableMarks;
///
/// let marks = TableMarks::new();
/// marks.set_up(Slot(4), 0);
/// marks.hit(Slot(4), Hits::Marked { max: 1 });
/// marks.hit(Slot(4), Hits::Marked { max: 1 });
/// assert_eq!(Marks::new(&marks).take(Slot(4)), 1);
/// ```
#[derive(Debug, Default)]
pub struct TableMarks(RefCell<Vec<Cell<Option<u8>>>>);

impl TableMarks {
    /// A table of slots that hold nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// `slot` holds an entry from now on, with this mark.
    pub fn set_up(&self, slot: Slot, mark: u8) {
        let mut cells = self.0.borrow_mut();
        if slot.index() >= cells.len() {
            cells.resize(slot.index() + 1, Cell::new(None));
        }
        cells[slot.index()].set(Some(mark));
    }

    /// `slot` holds nothing from now on.
    pub fn tear_down(&self, slot: Slot) {
        if let Some(cell) = self.0.borrow().get(slot.index()) {
            cell.set(None);
        }
    }

    /// Adds one hit to the mark of `slot`, if the policy asked for marks.
    pub fn hit(&self, slot: Slot, hits: Hits) {
        if let Hits::Marked { max } = hits {
            self.set(slot, self.get(slot).saturating_add(1).min(max));
        }
    }
}

impl MarkTable for TableMarks {
    fn get(&self, slot: Slot) -> u8 {
        self.0.borrow().get(slot.index()).and_then(Cell::get).unwrap_or(0)
    }

    fn set(&self, slot: Slot, mark: u8) {
        if let Some(cell) = self.0.borrow().get(slot.index()).filter(|cell| cell.get().is_some()) {
            cell.set(Some(mark));
        }
    }
}

/// Marks of entries that are hit again before anyone can look twice.
#[derive(Debug, Default)]
pub(super) struct EndlessHits {
    reads: Cell<usize>,
}

impl MarkTable for EndlessHits {
    fn get(&self, _slot: Slot) -> u8 {
        self.reads.set(self.reads.get() + 1);
        assert!(self.reads.get() < 1_000_000, "evict goes on for ever while hits come in");
        u8::MAX
    }

    fn set(&self, _slot: Slot, _mark: u8) {}
}
