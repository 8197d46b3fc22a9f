//! What readers and the writer of an index both look at.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::callbacks::abandon;
use super::super::node::Node;
use super::super::readers::Readers;
use super::limbo::Limbo;
use super::places::Places;
use super::table::Table;
use crate::Hits;
use crate::sync::AtomicPtr;
use crate::sync::plain::Mutex;

/// What readers and the writer of an index look at. First what each hit does.
#[repr(C)]
pub(super) struct Shared<K, V> {
    pub(super) readers: Arc<Readers>,
    pub(super) table: AtomicPtr<Table>,
    /// Where marks saturate; 0 if the policy reads none.
    pub(super) max: u8,
    pub(super) places: Places<Node<K, V>>,
    /// What the writer had in limbo when it was dropped.
    pub(super) left: Mutex<Vec<Limbo<Node<K, V>>>>,
    owns: PhantomData<Node<K, V>>,
}

impl<K, V> Shared<K, V> {
    /// With an empty table.
    pub(super) fn new(readers: Arc<Readers>, table: Table, hits: Hits, apart: bool) -> Self {
        Self {
            readers,
            table: AtomicPtr::new(Box::into_raw(Box::new(table))),
            max: if let Hits::Marked { max } = hits { max } else { 0 },
            places: Places::new(apart),
            left: Mutex::default(),
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
        if std::mem::needs_drop::<(K, V)>() {
            let in_limbo = self.left.get_mut().iter().flat_map(|limbo| &limbo.nodes).copied();
            for number in table.iter().chain(in_limbo) {
                // SAFETY: what is linked (rule 1) or in limbo is a node, and each is one of them only.
                #[allow(unsafe_code)]
                abandon(unsafe { self.places.at(number).read() });
            }
        }
    }
}
