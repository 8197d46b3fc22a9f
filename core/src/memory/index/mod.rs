//! The entries of a shard: readers find them without a lock, one writer changes them under it. The only module with
//! unsafe code.
//!
//! A node lies at a *place*, where it is written once and stays till it is *dead*: unlinked, and seen by nobody. What is
//! unlinked waits in *limbo* until all who were reading have moved on ([`Readers`] says why that is enough). The rules
//! that everything here rests on:
//!
//! 1. A table names only places that hold a node.
//! 2. Only the writer, of which there is one an index, changes the table, or writes to places and takes from them.
//! 3. The writer takes a node, or frees a table, only if it was unlinked before it found that all who had begun to
//!    read have moved on; and it changes or takes a node otherwise only while its thread is *alone*: nobody reads.
//!
//! [`Look`] is what readers have, [`Writer`] what the writer has; `places` are the memory, `limbo` is where the unlinked wait.

mod limbo;
mod places;
mod writer;

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::callbacks::abandon;
use super::node::Node;
use super::readers::{Readers, Reading};
use super::table::Table;
use crate::sync::AtomicPtr;
use crate::sync::plain::Mutex;
use limbo::Limbo;
use places::{Places, fetch};
pub(super) use writer::{Gone, Writer};

/// What readers have.
pub(super) struct Index<K, V>(Arc<Shared<K, V>>);

/// An index that is being read.
pub(super) struct Look<'a, K, V> {
    shared: &'a Shared<K, V>,
    reading: Reading<'a>,
}

struct Shared<K, V> {
    readers: Arc<Readers>,
    table: AtomicPtr<Table<Node<K, V>>>,
    /// What the writer had when it was dropped.
    left: Mutex<Left<K, V>>,
    owns: PhantomData<Node<K, V>>,
}

struct Left<K, V> {
    limbo: Vec<Limbo<K, V>>,
    places: Places<Node<K, V>>,
}

impl<K, V> Index<K, V> {
    /// An index for nodes of a `capacity` in weight, and its writer.
    pub(super) fn new(readers: Arc<Readers>, capacity: u64) -> (Self, Writer<K, V>) {
        let table = Table::new(0);
        let room = table.room();
        let shared = Arc::new(Shared {
            readers,
            table: AtomicPtr::new(Box::into_raw(Box::new(table))),
            left: Mutex::new(Left { limbo: Vec::new(), places: Places::new() }),
            owns: PhantomData,
        });
        let writer = Writer::new(Arc::clone(&shared), room, capacity);
        (Self(shared), writer)
    }

    /// Who reads.
    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Reads. `None` for a thread that can't do so without further ado.
    #[inline]
    pub(super) fn read_at_once<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
        self.0.readers.read_at_once(|reading| work(Look { shared: &self.0, reading }))
    }

    /// Reads. `None` for a thread that can't: it must take the lock.
    #[inline]
    pub(super) fn read<T>(&self, work: impl FnOnce(Look<'_, K, V>) -> T) -> Option<T> {
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
    pub(super) fn find<Q>(self, hash: u32, key: &Q) -> Option<&'a Node<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.find_where(hash, move |node| node.key.borrow() == key)
    }

    /// Has what a search for `hash` looks at first brought near.
    #[inline]
    pub(super) fn fetch_table(self, hash: u32) {
        fetch(self.table().first(hash));
    }

    /// Has the node that a search for `hash` most probably ends at brought near.
    #[inline]
    pub(super) fn fetch_node(self, hash: u32) {
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
    pub(super) const fn reading(self) -> Reading<'a> {
        self.reading
    }
}

impl<K, V> Drop for Shared<K, V> {
    fn drop(&mut self) {
        let table = self.table.load(Ordering::Relaxed);
        // SAFETY: the index and its writer are gone, so nobody reads; it came from a box.
        #[allow(unsafe_code)]
        let table = unsafe { Box::from_raw(table) };
        let Left { limbo, places } = self.left.get_mut();
        if std::mem::needs_drop::<(K, V)>() {
            let in_limbo = limbo.iter().flat_map(|limbo| &limbo.nodes).map(|place| places.at(*place));
            for node in table.iter().chain(in_limbo) {
                // SAFETY: what is linked (rule 1) or in limbo is a node, and each is one of them only.
                #[allow(unsafe_code)]
                abandon(unsafe { node.read() });
            }
        }
    }
}
