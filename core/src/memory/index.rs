//! The entries of a shard: readers find them without a lock, one writer changes them under it. The only file with
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

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr as Pointer, Ordering};

use super::callbacks::abandon;
use super::node::Node;
use super::readers::{Awaited, Moment, Readers, Reading};
use super::table::{At, Table};
use crate::sync::AtomicPtr;
use crate::sync::plain::Mutex;

/// How many nodes, and bytes of them, are in limbo before the writer looks who reads: looking costs more than they do.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 32 << 10;

/// About how large the first chunk is, and how large one gets: a large page of the processor.
const SMALL: usize = 16 << 10;
const LARGE: usize = 2 << 20;

/// A line of the processor's cache: small nodes shall not lie across two.
const LINE: usize = 64;

/// What readers have.
pub(super) struct Index<K, V>(Arc<Shared<K, V>>);

/// An index that is being read.
pub(super) struct Look<'a, K, V> {
    shared: &'a Shared<K, V>,
    reading: Reading<'a>,
}

/// What the one writer has. First what each write touches.
#[repr(C)]
pub(super) struct Writer<K, V> {
    shared: Arc<Shared<K, V>>,
    /// For each slot the place of its node; null if it has none.
    slots: Vec<Place<K, V>>,
    free_places: Vec<Place<K, V>>,
    /// Unlinked, and perhaps seen by whoever reads.
    fresh: Limbo<K, V>,
    /// Whether it is time to look what in limbo is dead.
    is_due: bool,
    free_slots: Vec<u32>,
    live: usize,
    /// How many the table has room for.
    room: usize,
    capacity: u64,
    chunks: Vec<Chunk<K, V>>,
    /// How many places there are, and how many of the last chunk were ever used.
    places: usize,
    used: usize,
    /// Unlinked before the moment.
    closed: Limbo<K, V>,
    moment: Moment,
    /// Unlinked before those who are awaited were noted.
    waiting: Limbo<K, V>,
    awaited: Awaited,
}

/// A node that was unlinked.
pub(super) enum Gone<'a, K, V> {
    /// Nobody else saw it: its key and its value.
    Owned(K, V),
    /// It is in limbo.
    Seen(&'a Node<K, V>),
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
    chunks: Vec<Chunk<K, V>>,
}

/// Places that lie side by side.
struct Chunk<K, V> {
    first: Place<K, V>,
    count: usize,
    layout: Layout,
}

/// Where a node is, or may be. (Atomic only so that it may be sent.)
struct Place<K, V>(Pointer<Node<K, V>>);

#[repr(C)]
struct Limbo<K, V> {
    places: Vec<Place<K, V>>,
    /// Of all in it.
    weight: u64,
    tables: Vec<Unlinked<K, V>>,
}

/// A table that was linked once. Readers may still go through it.
struct Unlinked<K, V>(Pointer<Table<Node<K, V>>>);

impl<K, V> Index<K, V> {
    /// An index for nodes of a `capacity` in weight, and its writer.
    pub(super) fn new(readers: Arc<Readers>, capacity: u64) -> (Self, Writer<K, V>) {
        let table = Table::new(0);
        let room = table.room();
        let shared = Arc::new(Shared {
            readers,
            table: AtomicPtr::new(Box::into_raw(Box::new(table))),
            left: Mutex::new(Left { limbo: Vec::new(), chunks: Vec::new() }),
            owns: PhantomData,
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            slots: Vec::new(),
            free_places: Vec::new(),
            fresh: Limbo::default(),
            is_due: false,
            free_slots: Vec::new(),
            live: 0,
            room,
            capacity,
            chunks: Vec::new(),
            places: 0,
            used: 0,
            closed: Limbo::default(),
            moment: Moment::default(),
            waiting: Limbo::default(),
            awaited: Awaited::default(),
        };
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

    /// Looks at what a search for `hash` looks at first.
    #[inline]
    pub(super) fn touch_table(self, hash: u32) -> u64 {
        self.table().first(hash)
    }

    /// Looks at the node that a search for `hash` most probably ends at.
    #[inline]
    pub(super) fn touch_node(self, hash: u32) -> u64 {
        self.find_where(hash, |_| true).map_or(0, |node| node.sequence)
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

impl<K, V> Writer<K, V> {
    /// How many nodes there are.
    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// The node of `key`, and where it is.
    #[inline]
    pub(super) fn find<Q>(&self, hash: u32, key: &Q) -> Option<(At, &Node<K, V>)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.table().find(hash, move |node| {
            // SAFETY: as in `node`.
            #[allow(unsafe_code)]
            let node = unsafe { &*node };
            (node.key.borrow() == key).then_some(node)
        })
    }

    /// The node at `slot`.
    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Node<K, V>> {
        self.place(slot).map(|place| self.node(place))
    }

    /// Links a new node, whose slot this chooses; gives it back if there are too many.
    #[inline(always)]
    pub(super) fn insert(&mut self, mut node: Node<K, V>) -> Result<u32, Node<K, V>> {
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
        self.live += 1;
        if self.live > self.room {
            self.make_room();
        }
        self.table().put(hash, place);
        Ok(slot)
    }

    /// Links, in the stead of the node that was found at `at`, the one that `new` makes of it, with its key and its slot.
    #[inline(always)]
    pub(super) fn replace(
        &mut self,
        at: At,
        new: impl FnOnce(&Node<K, V>) -> Node<K, V>,
    ) -> Option<Gone<'_, K, V>> {
        let old = self.table().get(at)?;
        let node = new(self.node(old));
        if let Some(_alone) = self.shared.readers.alone() {
            // SAFETY: by rule 1 it is a node, and nobody sees it: no other thread reads as long as this one is alone.
            #[allow(unsafe_code)]
            let (key, value) = unsafe { &mut *old }.renew(node);
            return Some(Gone::Owned(key, value));
        }
        let slot = node.slot as usize;
        let place = self.write(node);
        self.slots[slot] = Place::new(place);
        self.table().replace(at, place);
        Some(self.wait_for_readers_of(old))
    }

    /// Shows the node at `slot` to `see`, and unlinks it.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32, see: impl FnOnce(&Node<K, V>)) -> Option<Gone<'_, K, V>> {
        let place = self.place(slot)?;
        let node = self.node(place);
        see(node);
        self.table().take_out(node.hash, place);
        self.slots[slot as usize] = Place::new(ptr::null_mut());
        self.free_slots.push(slot);
        self.live -= 1;
        Some(self.gone(place))
    }

    /// Unlinks all nodes at one moment, and shows each to `each`.
    pub(super) fn clear(&mut self, mut each: impl FnMut(Gone<'_, K, V>)) {
        self.link(Table::new(0));
        let slots = std::mem::take(&mut self.slots);
        self.free_slots.clear();
        self.live = 0;
        for place in slots.into_iter().filter_map(|place| place.get()) {
            each(self.gone(place));
        }
    }

    /// The nodes, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Node<K, V>)> {
        (0..).zip(&self.slots).filter_map(|(slot, place)| Some((slot, self.node(place.get()?))))
    }

    /// From now on this is the capacity, in weight.
    pub(super) const fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
    }

    /// Takes from limbo what is dead by now, and gives it to `dead`.
    #[inline]
    pub(super) fn collect(&mut self, dead: impl FnMut(Node<K, V>)) {
        if self.is_due {
            self.collect_limbo(dead);
        }
    }

    /// What readers have to pass before limbo moves on, if it is time for that.
    #[inline]
    pub(super) fn late(&self) -> Option<Moment> {
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
            limbo.places.drain(..).filter_map(|place| place.get()).for_each(|place| dead(self.take(place)));
        } else {
            self.free_places.append(&mut limbo.places);
        }
        limbo.tables.clear();
        limbo.weight = 0;
        limbo
    }

    #[inline]
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
        self.fresh.places.push(Place::new(place));
        self.is_due |= self.fresh.is_full(self.capacity);
        Gone::Seen(self.node(place))
    }

    #[inline]
    fn place(&self, slot: u32) -> Option<*mut Node<K, V>> {
        self.slots.get(slot as usize)?.get()
    }

    /// Writes a node to a free place.
    #[inline(always)]
    fn write(&mut self, node: Node<K, V>) -> *mut Node<K, V> {
        let place = self.free_places.pop().and_then(|place| place.get()).unwrap_or_else(|| self.new_place());
        // SAFETY: the place is within its chunk, and no table names it (rule 1), so nobody reads it.
        #[allow(unsafe_code)]
        unsafe {
            place.write(node);
        }
        place
    }

    #[cold]
    fn new_place(&mut self) -> *mut Node<K, V> {
        if self.chunks.last().is_none_or(|chunk| self.used == chunk.count) {
            let chunk = Chunk::for_one_with(self.places);
            (self.places, self.used) = (self.places + chunk.count, 0);
            self.chunks.push(chunk);
        }
        let place = self.chunks[self.chunks.len() - 1].place(self.used);
        self.used += 1;
        place
    }

    /// The node at a place that holds one.
    #[inline]
    #[allow(clippy::unused_self, reason = "its borrow is what the argument rests on")]
    fn node(&self, place: *mut Node<K, V>) -> &Node<K, V> {
        // SAFETY: it holds a node: it is in a slot, a table or in limbo. Only this writer takes it away, by `&mut self`.
        #[allow(unsafe_code)]
        unsafe {
            &*place
        }
    }

    /// The dead node at a place.
    #[inline]
    fn take(&mut self, place: *mut Node<K, V>) -> Node<K, V> {
        self.free_places.push(Place::new(place));
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
        let table = Table::new((self.capacity as usize).clamp(self.live, 2 * self.live));
        for node in self.table().iter() {
            // SAFETY: as in `node`.
            #[allow(unsafe_code)]
            table.put(unsafe { (*node).hash }, node);
        }
        self.link(table);
    }

    fn link(&mut self, table: Table<Node<K, V>>) {
        self.room = table.room();
        let old = self.shared.table.swap(Box::into_raw(Box::new(table)), Ordering::SeqCst);
        self.fresh.tables.push(Unlinked(Pointer::new(old)));
        self.is_due = true;
    }
}

impl<K, V> Place<K, V> {
    #[inline]
    const fn new(place: *mut Node<K, V>) -> Self {
        Self(Pointer::new(place))
    }

    #[inline]
    fn get(&self) -> Option<*mut Node<K, V>> {
        Some(self.0.load(Ordering::Relaxed)).filter(|place| !place.is_null())
    }
}

impl<K, V> Chunk<K, V> {
    /// A chunk for an index that has so many places: they double, up to one large page.
    fn for_one_with(places: usize) -> Self {
        let size = size_of::<Node<K, V>>();
        let (few, many) = ((SMALL / size).clamp(1, 256), (LARGE / size).max(1));
        let count = places.clamp(few, many.max(few));
        let align = if count == many { LARGE } else { LINE.max(align_of::<Node<K, V>>()) };
        let layout = Layout::array::<Node<K, V>>(count).and_then(|array| array.align_to(align));
        let layout =
            layout.unwrap_or_else(|_| handle_alloc_error(Layout::new::<Node<K, V>>())).pad_to_align();
        // SAFETY: a node is not of size zero.
        #[allow(unsafe_code)]
        let first = unsafe { alloc(layout) };
        if first.is_null() {
            handle_alloc_error(layout);
        }
        if align == LARGE {
            prefer_large_pages(first, layout.size());
        }
        Self { first: Place::new(first.cast()), count, layout }
    }

    fn place(&self, number: usize) -> *mut Node<K, V> {
        self.first.0.load(Ordering::Relaxed).wrapping_add(number)
    }
}

impl<K, V> Drop for Chunk<K, V> {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout. Chunks are dropped with the index, when nobody uses what is in them.
        #[allow(unsafe_code)]
        unsafe {
            dealloc(self.place(0).cast(), self.layout);
        }
    }
}

/// Asks the system to have this memory in large pages: most of a hit among a million entries is else the search for its
/// page. It may refuse.
#[cfg(all(target_os = "linux", not(miri)))]
fn prefer_large_pages(memory: *mut u8, size: usize) {
    // SAFETY: the memory is ours, whole pages of it, and the advice changes nothing that is in it.
    #[allow(unsafe_code)]
    let _ = unsafe { rustix::mm::madvise(memory.cast(), size, rustix::mm::Advice::LinuxHugepage) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
const fn prefer_large_pages(_memory: *mut u8, _size: usize) {}

impl<K, V> Limbo<K, V> {
    const BATCH: usize = if BATCH * size_of::<Node<K, V>>() <= BATCH_BYTES {
        BATCH
    } else {
        BATCH_BYTES / size_of::<Node<K, V>>() + 1
    };

    /// Whether it is time to look what is dead. Of what has more than its place, no more than an eighth of the capacity
    /// shall wait, in three parts.
    const fn is_full(&self, capacity: u64) -> bool {
        let is_heavy = std::mem::needs_drop::<(K, V)>() && self.weight > capacity / 24;
        is_heavy || self.places.len() >= Self::BATCH || !self.tables.is_empty()
    }

    /// Whether it is worth a fence of its own.
    const fn is_large(&self) -> bool {
        self.places.len() >= 4 * Self::BATCH || !self.tables.is_empty()
    }

    const fn is_empty(&self) -> bool {
        self.places.is_empty() && self.tables.is_empty()
    }
}

impl<K, V> Default for Limbo<K, V> {
    fn default() -> Self {
        Self { weight: 0, places: Vec::new(), tables: Vec::new() }
    }
}

impl<K, V> Drop for Unlinked<K, V> {
    fn drop(&mut self) {
        // SAFETY: it came from a box. It is dropped when it is dead by rule 3, or the index is.
        #[allow(unsafe_code)]
        drop(unsafe { Box::from_raw(*self.0.get_mut()) });
    }
}

impl<K, V> Drop for Writer<K, V> {
    fn drop(&mut self) {
        let mut left = self.shared.left.lock();
        left.limbo.extend([&mut self.fresh, &mut self.closed, &mut self.waiting].map(std::mem::take));
        left.chunks.append(&mut self.chunks);
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
            let places = left.limbo.iter().flat_map(|limbo| &limbo.places);
            let in_limbo = places.filter_map(Place::get);
            for node in table.iter().chain(in_limbo) {
                // SAFETY: what is linked (rule 1) or in limbo is a node, and each is one of them only.
                #[allow(unsafe_code)]
                abandon(unsafe { node.read() });
            }
        }
    }
}
