//! What the one writer of an index does.

use std::borrow::Borrow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::node::Node;
use super::super::readers::{Awaited, Moment};
use super::super::table::{At, Table};
use super::limbo::{Limbo, Unlinked};
use super::places::{Place, Places, fetch};
use super::shared::Shared;

/// What the one writer has. First what each write touches.
#[repr(C)]
pub(in crate::memory) struct Writer<K, V> {
    shared: Arc<Shared<K, V>>,
    /// For each slot the place of its node, or nowhere.
    slots: Vec<Place<Node<K, V>>>,
    places: Places<Node<K, V>>,
    /// Unlinked, and perhaps seen by whoever reads.
    fresh: Limbo<K, V>,
    /// Whether it is time to look what in limbo is dead.
    is_due: bool,
    free_slots: Vec<u32>,
    /// How many the table has room for.
    room: usize,
    /// The slot of the node that probably leaves next, or none.
    foreseen: Cell<u32>,
    capacity: u64,
    /// Unlinked before the moment.
    closed: Limbo<K, V>,
    moment: Moment,
    /// Unlinked before those who are awaited were noted.
    waiting: Limbo<K, V>,
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
            places: Places::new(),
            fresh: Limbo::default(),
            is_due: false,
            free_slots: Vec::new(),
            room,
            foreseen: Cell::new(u32::MAX),
            capacity,
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

    /// The node of `key`, and where it is.
    #[inline]
    pub(in crate::memory) fn find<Q>(&self, hash: u32, key: &Q) -> Option<(At, &Node<K, V>)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.table().find(hash, move |node| Some(self.node(node)).filter(|node| node.key.borrow() == key))
    }

    /// Has the node at `slot` brought near: it will probably be the next that is removed.
    #[inline]
    pub(in crate::memory) fn foresee(&self, slot: u32) {
        if let Some(place) = self.place(slot) {
            self.foreseen.set(slot);
            fetch(place);
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
        self.place(slot).is_some()
    }

    /// The node at `slot`.
    #[inline]
    pub(in crate::memory) fn get(&self, slot: u32) -> Option<&Node<K, V>> {
        self.place(slot).map(|place| self.node(place))
    }

    /// Links a new node, whose slot this chooses; gives it back if there are too many.
    #[inline(always)]
    pub(in crate::memory) fn insert(&mut self, mut node: Node<K, V>) -> Result<u32, Node<K, V>> {
        node.slot = match self.free_slots.pop() {
            Some(slot) => slot,
            None if self.slots.len() < u32::MAX as usize => self.slots.len() as u32,
            None => return Err(node),
        };
        let (hash, slot) = (node.hash, node.slot);
        let place = self.write(node);
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = Place::new(place),
            None => self.slots.push(Place::new(place)),
        }
        if self.len() > self.room {
            self.make_room();
        }
        self.table().put(hash, place);
        Ok(slot)
    }

    /// Links, in the stead of the node that was found at `at`, the one that `new` makes of it, with its key.
    /// `None` if there is none at `at`.
    #[inline(always)]
    pub(in crate::memory) fn replace(
        &mut self,
        at: At,
        new: impl FnOnce(&Node<K, V>) -> Node<K, V>,
    ) -> Option<Gone<'_, K, V>> {
        let old = self.table().get(at)?;
        let Node { hash, slot, .. } = *self.node(old);
        let node = Node { hash, slot, ..new(self.node(old)) };
        if let Some(_alone) = self.shared.readers.alone() {
            // SAFETY: by rule 1 it is a node, and nobody sees it: no other thread reads as long as this one is alone.
            #[allow(unsafe_code)]
            let (key, value) = unsafe { &mut *old }.renew(node);
            return Some(Gone::Owned(key, value));
        }
        let place = self.write(node);
        self.slots[slot as usize] = Place::new(place);
        self.table().replace(at, place);
        Some(self.wait_for_readers_of(old))
    }

    /// Shows the node at `slot` to `see`, and unlinks it.
    #[inline]
    pub(in crate::memory) fn remove(
        &mut self,
        slot: u32,
        see: impl FnOnce(&Node<K, V>),
    ) -> Option<Gone<'_, K, V>> {
        let place = self.place(slot)?;
        let node = self.node(place);
        see(node);
        self.table().take_out(node.hash, place);
        self.slots[slot as usize] = Place::nowhere();
        self.free_slots.push(slot);
        Some(self.gone(place))
    }

    /// Unlinks all nodes at one moment, and shows each to `each`.
    pub(in crate::memory) fn clear(&mut self, mut each: impl FnMut(Gone<'_, K, V>)) {
        self.link(Table::new(0));
        let slots = std::mem::take(&mut self.slots);
        self.free_slots.clear();
        for place in slots.iter().filter_map(Place::at) {
            each(self.gone(place));
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
    fn bury(&mut self, mut limbo: Limbo<K, V>, mut dead: impl FnMut(Node<K, V>)) -> Limbo<K, V> {
        if std::mem::needs_drop::<(K, V)>() {
            limbo.nodes.drain(..).filter_map(|place| place.at()).for_each(|place| dead(self.take(place)));
        } else {
            self.places.free_all(&mut limbo.nodes);
        }
        limbo.tables.clear();
        limbo.weight = 0;
        limbo
    }

    #[inline(always)]
    fn gone(&mut self, place: *mut Node<K, V>) -> Gone<'_, K, V> {
        let is_alone = self.shared.readers.alone().is_some();
        if !is_alone {
            return self.wait_for_readers_of(place);
        }
        let Node { key, value, .. } = self.take(place);
        Gone::Owned(key, value)
    }

    fn wait_for_readers_of(&mut self, place: *mut Node<K, V>) -> Gone<'_, K, V> {
        self.fresh.weight += u64::from(self.node(place).weight.get());
        self.fresh.nodes.push(Place::new(place));
        self.is_due |= self.fresh.is_full(self.capacity);
        Gone::Seen(self.node(place))
    }

    /// The place of the node at `slot`.
    #[inline]
    fn place(&self, slot: u32) -> Option<*mut Node<K, V>> {
        self.slots.get(slot as usize)?.at()
    }

    /// Writes a node to a free place.
    #[inline(always)]
    fn write(&mut self, node: Node<K, V>) -> *mut Node<K, V> {
        // Nodes of weight 1, and one that comes before another leaves.
        let enough = self.capacity.saturating_add(1);
        let place = self.places.find(enough);
        // SAFETY: the place is within its chunk, and no table names it (rule 1), so nobody reads it.
        #[allow(unsafe_code)]
        unsafe {
            place.write(node);
        }
        place
    }

    /// The node at a place that holds one.
    #[inline]
    #[allow(clippy::unused_self, reason = "its borrow is what the argument rests on")]
    fn node(&self, place: *mut Node<K, V>) -> &Node<K, V> {
        // SAFETY: it holds a node: the table names it (rule 1), or it is in limbo. Only this writer takes it away, by `&mut self`.
        #[allow(unsafe_code)]
        unsafe {
            &*place
        }
    }

    /// The dead node at a place.
    #[inline]
    fn take(&mut self, place: *mut Node<K, V>) -> Node<K, V> {
        self.places.free(place);
        // SAFETY: by rule 3 nobody has a reference to it, and its place holds nothing from now on.
        #[allow(unsafe_code)]
        unsafe {
            place.read()
        }
    }

    fn table(&self) -> &Table<Node<K, V>> {
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
        self.table().iter().for_each(|node| table.put(self.node(node).hash, node));
        self.link(table);
    }

    fn link(&mut self, table: Table<Node<K, V>>) {
        self.room = table.room();
        let old = self.shared.table.swap(Box::into_raw(Box::new(table)), Ordering::SeqCst);
        self.fresh.tables.push(Unlinked::new(old));
        self.is_due = true;
    }
}

impl<K, V> Drop for Writer<K, V> {
    fn drop(&mut self) {
        let mut left = self.shared.left.lock();
        left.limbo.extend([&mut self.fresh, &mut self.closed, &mut self.waiting].map(std::mem::take));
        left.places = std::mem::replace(&mut self.places, Places::new());
    }
}
