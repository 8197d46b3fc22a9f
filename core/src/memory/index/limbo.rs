//! Where what was unlinked waits until nobody sees it.

use std::marker::PhantomData;
use std::sync::atomic::AtomicPtr as Pointer;

use super::table::Table;

/// How many nodes, and bytes of them, are in limbo before the writer looks who reads: looking costs more than they do.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 32 << 10;

/// Nodes and tables that were unlinked. Last what each write changes.
#[repr(C)]
pub(super) struct Limbo<N> {
    pub(super) tables: Vec<Unlinked>,
    /// The numbers of their places.
    pub(super) nodes: Vec<u32>,
    /// Of all the nodes.
    pub(super) weight: u64,
    of: PhantomData<fn() -> N>,
}

/// A table that was linked once. Readers may still go through it.
pub(super) struct Unlinked(Pointer<Table>);

impl<N> Limbo<N> {
    /// How many nodes are enough to look who reads.
    const BATCH: usize =
        if BATCH * size_of::<N>() <= BATCH_BYTES { BATCH } else { BATCH_BYTES / size_of::<N>() + 1 };

    /// Whether it is time to look what is dead. Of what has more than its place, no more than an eighth of the capacity
    /// shall wait, in three parts.
    pub(super) const fn is_full(&self, capacity: u64) -> bool {
        let is_heavy = std::mem::needs_drop::<N>() && self.weight > capacity / 24;
        is_heavy || self.nodes.len() >= Self::BATCH || !self.tables.is_empty()
    }

    /// Whether it is worth a fence of its own.
    pub(super) const fn is_large(&self) -> bool {
        self.nodes.len() >= 4 * Self::BATCH || !self.tables.is_empty()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.tables.is_empty()
    }
}

impl<N> Default for Limbo<N> {
    fn default() -> Self {
        Self { weight: 0, nodes: Vec::new(), tables: Vec::new(), of: PhantomData }
    }
}

impl Unlinked {
    /// A table that came from a box.
    pub(super) const fn new(table: *mut Table) -> Self {
        Self(Pointer::new(table))
    }
}

impl Drop for Unlinked {
    fn drop(&mut self) {
        // SAFETY: it came from a box. It is dropped when it is dead by rule 3, or the index is.
        #[allow(unsafe_code)]
        drop(unsafe { Box::from_raw(*self.0.get_mut()) });
    }
}
