//! What the one writer of an index does.

use std::borrow::Borrow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::node::Node;
use super::super::readers::{Awaited, Moment};
use super::limbo::{Limbo, Unlinked};
use super::places::{Free, NOWHERE, Place, fetch};
use super::shared::Shared;
use super::table::{At, Table};

/// How many nodes there may be. (There are places for as many again that wait in limbo.)
const MOST: usize = 1 << 30;

/// As many nodes a shard are near the processor anyway.
const NEAR: usize = 2_048;

/// What the one writer has. First what each write looks at; then, from `fresh.nodes` to `free`, what it changes, in one line
/// of the processor's cache.
#[repr(C)]
pub(in crate::memory) struct Writer<K, V> {
    shared: Arc<Shared<K, V>>,
    /// For each slot the number of its node's place, or [`NOWHERE`].
    slots: Vec<u32>,
    /// How many the table has room for.
    room: usize,
    capacity: u64,
    /// Whether it is time to look what in limbo is dead.
    is_due: bool,
    /// The slot of the node that probably leaves next, or none.
    foreseen: Cell<u32>,
    /// Unlinked, and perhaps seen by whoever reads.
    fresh: Limbo<Node<K, V>>,
    free: Free,
    free_slots: Vec<u32>,
    /// Unlinked before the moment.
    closed: Limbo<Node<K, V>>,
    moment: Moment,
    /// Unlinked before those who are awaited were noted.
    waiting: Limbo<Node<K, V>>,
    awaited: Awaited,
}

/// A node that was unlinked.
pub(in crate::memory) enum Gone<'a, K, V> {
    /// Nobody else saw it: its key and its value.
    Owned(K, V),
    /// It is in limbo.
    Seen(&'a Node<K, V>),
}

impl<K, V> Writer<K, V> {
    pub(super) fn new(shared: Arc<Shared<K, V>>, room: usize, capacity: u64) -> Self {
        Self {
            shared,
            slots: Vec::new(),
            room,
            capacity,
            is_due: false,
            foreseen: Cell::new(u32::MAX),
            fresh: Limbo::default(),
            free: Free::default(),
            free_slots: Vec::new(),
            closed: Limbo::default(),
            moment: Moment::default(),
            waiting: Limbo::default(),
            awaited: Awaited::default(),
        }
    }

    /// How many nodes there are.
    pub(in crate::memory) const fn len(&self) -> usize {
        self.slots.len() - self.free_slots.len()
    }

    /// Where the node of `key` is, by the table and in memory.
    #[inline]
    pub(in crate::memory) fn find<Q>(&self, hash: u32, key: &Q) -> Option<(At, Place<'_, Node<K, V>>)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let is_it = move |place: &Place<'_, Node<K, V>>| place.node.key.borrow() == key;
        self.table().find(hash, move |number| Some(self.place_of(number)).filter(is_it))
    }

    /// Has the node at `slot` brought near, unless all are: it will probably be the next that is removed.
    #[inline]
    pub(in crate::memory) fn foresee(&self, slot: u32) {
        if let Some(number) = self.number(slot).filter(|_| self.slots.len() > NEAR) {
            self.foreseen.set(slot);
            fetch(self.shared.places.at(number));
        }
    }

    /// Has what leads to the node that was foreseen brought near, too.
    #[inline]
    pub(in crate::memory) fn fetch_foreseen(&self) {
        if let Some(node) = self.get(self.foreseen.get()) {
            fetch(self.table().first(node.hash));
        }
    }

    /// Whether there is a node at `slot`.
    #[inline]
    pub(in crate::memory) fn has(&self, slot: u32) -> bool {
        self.number(slot).is_some()
    }

    /// The node at `slot`.
    #[inline]
    pub(in crate::memory) fn get(&self, slot: u32) -> Option<&Node<K, V>> {
        self.place_at(slot).map(|place| place.node)
    }

    /// Where the node at `slot` is.
    #[inline]
    pub(in crate::memory) fn place_at(&self, slot: u32) -> Option<Place<'_, Node<K, V>>> {
        self.number(slot).map(|number| self.place_of(number))
    }

    /// Links a new node, whose slot this chooses, and what is kept `apart` of it; gives it back if there are too many.
    #[inline(always)]
    pub(in crate::memory) fn insert(&mut self, mut node: Node<K, V>, apart: u64) -> Result<u32, Node<K, V>> {
        node.slot = match self.free_slots.pop() {
            Some(slot) => slot,
            None if self.slots.len() < MOST => self.slots.len() as u32,
            None => return Err(node),
        };
        let (hash, slot) = (node.hash, node.slot);
        let number = self.write(node, apart);
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = number,
            None => self.slots.push(number),
        }
        if self.len() > self.room {
            self.make_room();
        }
        self.table().put(hash, number);
        Ok(slot)
    }

    /// Links, in the stead of the node that was found at `at`, the one that `new` makes of it, with its key. `None` if
    /// there is none at `at`.
    #[inline(always)]
    pub(in crate::memory) fn replace(
        &mut self,
        at: At,
        apart: u64,
        new: impl FnOnce(Place<'_, Node<K, V>>) -> Node<K, V>,
    ) -> Option<Gone<'_, K, V>> {
        let number = self.table().get(at)?;
        let old = self.place_of(number);
        let Node { slot, hash, .. } = *old.node;
        let node = Node { slot, hash, ..new(old) };
        if let Some(_alone) = self.shared.readers.alone() {
            // SAFETY: by rule 1 there is a node, and nobody sees it: no other thread reads as long as this one is alone.
            #[allow(unsafe_code)]
            let (key, value) = unsafe {
                self.shared.places.apart(number).into_iter().for_each(|word| word.write(apart));
                (*self.shared.places.at(number)).renew(node)
            };
            return Some(Gone::Owned(key, value));
        }
        let new = self.write(node, apart);
        self.slots[slot as usize] = new;
        self.table().replace(at, new);
        Some(self.wait_for_readers_of(number))
    }

    /// Shows the node at `slot` to `see`, and unlinks it.
    #[inline(always)]
    pub(in crate::memory) fn remove(
        &mut self,
        slot: u32,
        see: impl FnOnce(&Node<K, V>),
    ) -> Option<Gone<'_, K, V>> {
        let number = self.number(slot)?;
        let node = self.place_of(number).node;
        see(node);
        self.table().take_out(node.hash, number);
        self.slots[slot as usize] = NOWHERE;
        self.free_slots.push(slot);
        Some(self.gone(number))
    }

    /// Unlinks all nodes at one moment, and shows each to `each`.
    pub(in crate::memory) fn clear(&mut self, mut each: impl FnMut(Gone<'_, K, V>)) {
        self.link(Table::new(0));
        let slots = std::mem::take(&mut self.slots);
        self.free_slots.clear();
        for number in slots.into_iter().filter(|number| *number != NOWHERE) {
            each(self.gone(number));
        }
    }

    /// The nodes, by slot.
    pub(in crate::memory) fn iter(&self) -> impl Iterator<Item = (u32, &Node<K, V>)> {
        (0..self.slots.len() as u32).filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// From now on this is the capacity, in weight.
    pub(in crate::memory) const fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
    }

    /// Takes from limbo what is dead by now, and gives it to `dead`.
    #[inline]
    pub(in crate::memory) fn collect(&mut self, dead: impl FnMut(Node<K, V>)) {
        if self.is_due {
            self.collect_limbo(dead);
        }
    }

    /// What readers have to pass before limbo moves on, if it is time for that.
    #[inline]
    pub(in crate::memory) fn late(&self) -> Option<Moment> {
        if self.is_due { self.late_moment() } else { None }
    }

    #[cold]
    fn late_moment(&self) -> Option<Moment> {
        let is_late = self.fresh.is_full(self.capacity) || self.closed.is_large();
        (is_late && !self.closed.is_empty()).then_some(self.moment)
    }

    /// Moves limbo on, from one part to the next, as far as readers have passed what they must.
    #[cold]
    fn collect_limbo(&mut self, mut dead: impl FnMut(Node<K, V>)) {
        self.bury_waiting(&mut dead);
        if self.waiting.is_empty() && !self.closed.is_empty() && self.shared.readers.have_passed(self.moment)
        {
            self.shared.readers.note(&mut self.awaited);
            std::mem::swap(&mut self.closed, &mut self.waiting);
            self.bury_waiting(&mut dead);
        }
        if self.closed.is_empty() && self.fresh.is_full(self.capacity) {
            std::mem::swap(&mut self.fresh, &mut self.closed);
            self.moment = self.shared.readers.moment();
        }
        self.is_due = self.closed.is_large() || self.fresh.is_full(self.capacity) || !self.waiting.is_empty();
    }

    fn bury_waiting(&mut self, dead: impl FnMut(Node<K, V>)) {
        if !self.waiting.is_empty() && self.shared.readers.have_moved_on(&mut self.awaited) {
            let waiting = std::mem::take(&mut self.waiting);
            self.waiting = self.bury(waiting, dead);
        }
    }

    /// Takes the nodes and tables that nobody sees any more; gives the empty limbo back, to be used again.
    fn bury(&mut self, mut limbo: Limbo<Node<K, V>>, mut dead: impl FnMut(Node<K, V>)) -> Limbo<Node<K, V>> {
        if std::mem::needs_drop::<(K, V)>() {
            limbo.nodes.drain(..).for_each(|number| dead(self.take(number)));
        } else {
            self.free.add_all(&mut limbo.nodes);
        }
        limbo.tables.clear();
        limbo.weight = 0;
        limbo
    }

    #[inline(always)]
    fn gone(&mut self, number: u32) -> Gone<'_, K, V> {
        let is_alone = self.shared.readers.alone().is_some();
        if !is_alone {
            return self.wait_for_readers_of(number);
        }
        let Node { key, value, .. } = self.take(number);
        Gone::Owned(key, value)
    }

    #[inline]
    fn wait_for_readers_of(&mut self, number: u32) -> Gone<'_, K, V> {
        self.fresh.weight += u64::from(self.place_of(number).node.weight.get());
        self.fresh.nodes.push(number);
        if self.fresh.is_full(self.capacity) {
            self.is_due = true;
        }
        Gone::Seen(self.place_of(number).node)
    }

    /// The number of the place of the node at `slot`.
    #[inline]
    fn number(&self, slot: u32) -> Option<u32> {
        self.slots.get(slot as usize).copied().filter(|number| *number != NOWHERE)
    }

    /// Writes a node, and what is kept `apart` of it, to a free place: its number.
    #[inline(always)]
    fn write(&mut self, node: Node<K, V>, apart: u64) -> u32 {
        // Nodes of weight 1, and one that comes before another leaves.
        let enough = self.capacity.saturating_add(1);
        let places = &self.shared.places;
        let number = self.free.take(places, enough);
        // SAFETY: there is such a place, and no table names it (rule 1), so nobody reads it.
        #[allow(unsafe_code)]
        unsafe {
            places.at(number).write(node);
            places.apart(number).into_iter().for_each(|word| word.write(apart));
        }
        number
    }

    /// The place with this number, which holds a node.
    #[inline]
    fn place_of(&self, number: u32) -> Place<'_, Node<K, V>> {
        // SAFETY: it holds a node: the table names it (rule 1), or it is in limbo. Only this writer takes it away, by `&mut self`.
        #[allow(unsafe_code)]
        unsafe {
            Place::new(&self.shared.places, number)
        }
    }

    /// The dead node at a place.
    #[inline]
    fn take(&mut self, number: u32) -> Node<K, V> {
        self.free.add(number);
        // SAFETY: by rule 3 nobody has a reference to it, and its place holds nothing from now on.
        #[allow(unsafe_code)]
        unsafe {
            self.shared.places.at(number).read()
        }
    }

    fn table(&self) -> &Table {
        // SAFETY: only this writer unlinks and frees it, by `&mut self`.
        #[allow(unsafe_code)]
        unsafe {
            &*self.shared.table.load(Ordering::Relaxed)
        }
    }

    /// A larger table.
    #[cold]
    fn make_room(&mut self) {
        let table = Table::new((self.capacity as usize).clamp(self.len(), 2 * self.len()));
        self.table().iter().for_each(|number| table.put(self.place_of(number).node.hash, number));
        self.link(table);
    }

    fn link(&mut self, table: Table) {
        self.room = table.room();
        let old = self.shared.table.swap(Box::into_raw(Box::new(table)), Ordering::SeqCst);
        self.fresh.tables.push(Unlinked::new(old));
        self.is_due = true;
    }
}

impl<K, V> Drop for Writer<K, V> {
    fn drop(&mut self) {
        let mut left = self.shared.left.lock();
        left.extend([&mut self.fresh, &mut self.closed, &mut self.waiting].map(std::mem::take));
    }
}
