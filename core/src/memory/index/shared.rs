//! What readers and the writer of an index both look at.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::callbacks::abandon;
use super::super::node::Node;
use super::super::readers::Readers;
use super::super::table::Table;
use super::limbo::Limbo;
use super::places::{Place, Places};
use crate::sync::AtomicPtr;
use crate::sync::plain::Mutex;

/// What readers and the writer of an index look at.
pub(super) struct Shared<K, V> {
    pub(super) readers: Arc<Readers>,
    pub(super) table: AtomicPtr<Table<Node<K, V>>>,
    /// What the writer had when it was dropped.
    pub(super) left: Mutex<Left<K, V>>,
    owns: PhantomData<Node<K, V>>,
}

/// What it leaves, which is dropped with the index.
pub(super) struct Left<K, V> {
    pub(super) limbo: Vec<Limbo<K, V>>,
    pub(super) places: Places<Node<K, V>>,
}

impl<K, V> Shared<K, V> {
    /// With an empty table.
    pub(super) fn new(readers: Arc<Readers>, table: Table<Node<K, V>>) -> Self {
        Self {
            readers,
            table: AtomicPtr::new(Box::into_raw(Box::new(table))),
            left: Mutex::new(Left { limbo: Vec::new(), places: Places::new() }),
            owns: PhantomData,
        }
    }
}

impl<K, V> Drop for Shared<K, V> {
    fn drop(&mut self) {
        let table = self.table.load(Ordering::Relaxed);
        // SAFETY: the index and its writer are gone, so nobody reads; it came from a box.
        #[allow(unsafe_code)]
        let table = unsafe { Box::from_raw(table) };
        let left = self.left.get_mut();
        if std::mem::needs_drop::<(K, V)>() {
            let in_limbo = left.limbo.iter().flat_map(|limbo| &limbo.nodes).filter_map(Place::at);
            for node in table.iter().chain(in_limbo) {
                // SAFETY: what is linked (rule 1) or in limbo is a node, and each is one of them only.
                #[allow(unsafe_code)]
                abandon(unsafe { node.read() });
            }
        }
    }
}
