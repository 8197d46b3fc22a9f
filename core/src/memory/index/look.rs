//! What readers of an index have.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::node::Node;
use super::super::readers::{Readers, Reading};
use super::super::table::Table;
use super::places::fetch;
use super::shared::Shared;
use super::writer::Writer;

/// What readers have.
pub(in crate::memory) struct Index<K, V>(Arc<Shared<K, V>>);

/// An index that is being read.
pub(in crate::memory) struct Look<'a, K, V> {
    shared: &'a Shared<K, V>,
    reading: Reading<'a>,
}

impl<K, V> Index<K, V> {
    /// An index for nodes of a `capacity` in weight, and its writer.
    pub(in crate::memory) fn new(readers: Arc<Readers>, capacity: u64) -> (Self, Writer<K, V>) {
        let table = Table::new(0);
        let room = table.room();
        let shared = Arc::new(Shared::new(readers, table));
        let writer = Writer::new(Arc::clone(&shared), room, capacity);
        (Self(shared), writer)
    }

    /// Who reads.
    pub(in crate::memory) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Reads. `None` for a thread that can't do so without further ado.
    #[inline]
    pub(in crate::memory) fn read_at_once<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
        self.0.readers.read_at_once(|reading| work(Look { shared: &self.0, reading }))
    }

    /// Reads. `None` for a thread that can't: it must take the lock.
    #[inline]
    pub(in crate::memory) fn read<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
        self.0.readers.read(|reading| work(Look { shared: &self.0, reading }))
    }
}

impl<K, V> Clone for Look<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Look<'_, K, V> {}

impl<'a, K, V> Look<'a, K, V> {
    /// The node of `key`.
    #[inline]
    pub(in crate::memory) fn find<Q>(self, hash: u32, key: &Q) -> Option<&'a Node<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.find_where(hash, move |node| node.key.borrow() == key)
    }

    /// Has what a search for `hash` looks at first brought near.
    #[inline]
    pub(in crate::memory) fn fetch_table(self, hash: u32) {
        fetch(self.table().first(hash));
    }

    /// Has the node that a search for `hash` most probably ends at brought near.
    #[inline]
    pub(in crate::memory) fn fetch_node(self, hash: u32) {
        if let Some(node) = self.find_where(hash, |_| true) {
            fetch(node);
        }
    }

    #[inline]
    fn find_where(self, hash: u32, is_it: impl Fn(&Node<K, V>) -> bool + Copy) -> Option<&'a Node<K, V>> {
        let found = self.table().find(hash, move |node| {
            // SAFETY: by rule 1 it is a node, written before the pointer came into the table, which was read with
            // `Acquire`; by rule 3 it stays until this reading ends, and `'a` ends with that.
            #[allow(unsafe_code)]
            let node = unsafe { &*node };
            is_it(node).then_some(node)
        });
        Some(found?.1)
    }

    #[inline]
    fn table(self) -> &'a Table<Node<K, V>> {
        let table = self.shared.table.load(Ordering::SeqCst);
        // SAFETY: it was linked when this reading began, or after; by rule 3 it isn't freed before the reading ends, and
        // `'a` ends with that.
        #[allow(unsafe_code)]
        unsafe {
            &*table
        }
    }

    /// Who reads.
    pub(in crate::memory) const fn reading(self) -> Reading<'a> {
        self.reading
    }
}
