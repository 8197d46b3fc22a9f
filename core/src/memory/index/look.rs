//! What readers of an index have.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::node::Node;
use super::super::readers::{Readers, Reading};
use super::places::{Place, fetch};
use super::shared::Shared;
use super::table::{Glance, Table};
use super::writer::Writer;
use crate::Hits;

/// What readers have.
pub(in crate::memory) struct Index<K, V>(Arc<Shared<K, V>>);

/// An index that is being read.
pub(in crate::memory) struct Look<'a, K, V> {
    shared: &'a Shared<K, V>,
    reading: Reading<'a>,
}

impl<K, V> Index<K, V> {
    /// An index for nodes of a `capacity` in weight, of which a hit leaves behind what `hits` says, and its writer. Each node may have
    /// a word `apart`.
    pub(in crate::memory) fn new(
        readers: Arc<Readers>,
        capacity: u64,
        hits: Hits,
        apart: bool,
    ) -> (Self, Writer<K, V>) {
        let table = Table::new(0);
        let room = table.room();
        let shared = Arc::new(Shared::new(readers, table, hits, apart));
        let writer = Writer::new(Arc::clone(&shared), room, capacity);
        (Self(shared), writer)
    }

    /// Who reads.
    pub(in crate::memory) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Reads, if a mark is all that hits leave behind. `None` if not, or for a thread that can't do so without further ado.
    #[inline]
    pub(in crate::memory) fn read_untold<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
        let shared = &*self.0;
        shared.readers.read_untold(|reading| work(Look { shared, reading }))
    }

    /// Reads. `None` for a thread that can't do so without further ado.
    #[inline]
    pub(in crate::memory) fn read_at_once<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
        let shared = &*self.0;
        shared.readers.read_at_once(|reading| work(Look { shared, reading }))
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
    /// Where the node of `key` is.
    #[inline]
    pub(in crate::memory) fn find<Q>(self, hash: u32, key: &Q) -> Option<Place<'a, Node<K, V>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.find_where(hash, move |place| place.node.key.borrow() == key)
    }

    /// The same, if that takes no more than a look at where most nodes are.
    #[inline]
    pub(in crate::memory) fn glance<Q>(self, hash: u32, key: &Q) -> Glance<Place<'a, Node<K, V>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.table().glance(hash, move |number| {
            let place = self.place(number);
            (place.node.key.borrow() == key).then_some(place)
        })
    }

    /// Has what a search for `hash` looks at first brought near.
    #[inline]
    pub(in crate::memory) fn fetch_table(self, hash: u32) {
        fetch(self.table().first(hash));
    }

    /// Has the node that a search for `hash` most probably ends at brought near.
    #[inline]
    pub(in crate::memory) fn fetch_node(self, hash: u32) {
        if let Some(place) = self.find_where(hash, |_| true) {
            fetch(place.node);
        }
    }

    #[inline]
    fn find_where(
        self,
        hash: u32,
        is_it: impl Fn(&Place<'a, Node<K, V>>) -> bool + Copy,
    ) -> Option<Place<'a, Node<K, V>>> {
        let found = self.table().find(hash, move |number| Some(self.place(number)).filter(is_it));
        Some(found?.1)
    }

    /// The place with this number, which the table named during this reading.
    #[inline]
    fn place(self, number: u32) -> Place<'a, Node<K, V>> {
        // SAFETY: by rule 1 there is a node, written before its number came into the table, which was read with `Acquire`;
        // by rule 3 it stays until this reading ends, and `'a` ends with that.
        #[allow(unsafe_code)]
        unsafe {
            Place::new(&self.shared.places, number)
        }
    }

    #[inline]
    fn table(self) -> &'a Table {
        let table = self.shared.table.load(Ordering::SeqCst);
        // SAFETY: it was linked when this reading began, or after; by rule 3 it isn't freed before the reading ends, and
        // `'a` ends with that.
        #[allow(unsafe_code)]
        unsafe {
            &*table
        }
    }

    /// Marks a node that is used.
    #[inline]
    pub(in crate::memory) fn mark(self, node: &Node<K, V>) {
        node.mark.add(self.shared.max);
    }

    /// Who reads.
    pub(in crate::memory) const fn reading(self) -> Reading<'a> {
        self.reading
    }
}
