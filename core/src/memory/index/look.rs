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

/// An index that is being read. It may be known to be `PLAIN`: a mark is all that a hit leaves behind.
pub(in crate::memory) struct Look<'a, K, V, const PLAIN: bool = false> {
    shared: &'a Shared<K, V>,
    reading: Reading<'a>,
}

impl<K, V> Index<K, V> {
    /// An index for nodes of a `capacity` in weight, of which a hit leaves behind what `hits` says, and its writer. `used` tells whether
    /// each node has a word for its last use.
    pub(in crate::memory) fn new(
        readers: Arc<Readers>,
        capacity: u64,
        hits: Hits,
        used: bool,
    ) -> (Self, Writer<K, V>) {
        let table = Table::new(0);
        let room = table.room();
        let shared = Arc::new(Shared::new(readers, table, hits, used));
        let writer = Writer::new(Arc::clone(&shared), room, capacity);
        (Self(shared), writer)
    }

    /// Who reads.
    pub(in crate::memory) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Whether a mark is all that a hit leaves behind.
    #[inline]
    pub(in crate::memory) fn is_plain(&self) -> bool {
        self.0.is_plain
    }

    /// Reads, if it is plain. `None` if not, or for a thread that can't do so without further ado.
    #[inline]
    pub(in crate::memory) fn read_plain_at_once<T>(
        &self,
        work: impl FnOnce(Look<'_, K, V, true>) -> T,
    ) -> Option<T> {
        if !self.is_plain() {
            return None;
        }
        let shared = &*self.0;
        shared.readers.read_at_once(|reading| work(Look { shared, reading }))
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

impl<K, V, const PLAIN: bool> Clone for Look<'_, K, V, PLAIN> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V, const PLAIN: bool> Copy for Look<'_, K, V, PLAIN> {}

impl<'a, K, V, const PLAIN: bool> Look<'a, K, V, PLAIN> {
    /// Where the node of `key` is.
    #[inline]
    pub(in crate::memory) fn find<Q>(self, hash: u32, key: &Q) -> Option<&'a Place<Node<K, V>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.find_where(hash, move |place| place.node.key.borrow() == key)
    }

    /// The same, if that takes no more than a look at where most nodes are.
    #[inline]
    pub(in crate::memory) fn glance<Q>(self, hash: u32, key: &Q) -> Glance<&'a Place<Node<K, V>>>
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
            fetch(place);
        }
    }

    #[inline]
    fn find_where(
        self,
        hash: u32,
        is_it: impl Fn(&Place<Node<K, V>>) -> bool + Copy,
    ) -> Option<&'a Place<Node<K, V>>> {
        let found =
            self.table().find(hash, move |number| Some(self.place(number)).filter(|place| is_it(place)));
        Some(found?.1)
    }

    /// The place with this number, which the table named during this reading.
    #[inline]
    fn place(self, number: u32) -> &'a Place<Node<K, V>> {
        let places = &self.shared.places;
        let place = if PLAIN { places.at_plain(number) } else { places.at(number) };
        // SAFETY: by rule 1 there is a node, written before its number came into the table, which was read with `Acquire`;
        // by rule 3 it stays until this reading ends, and `'a` ends with that.
        #[allow(unsafe_code)]
        unsafe {
            &*place
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
