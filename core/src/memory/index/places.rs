//! Memory for nodes, which never move: chunks of places that are used again and again.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr;
use std::sync::atomic::{AtomicPtr as Pointer, Ordering};

/// About how large the first chunk is, and how large one gets: a large page of the processor.
const SMALL: usize = 16 << 10;
const LARGE: usize = 2 << 20;

/// A line of the processor's cache: small nodes shall not lie across two.
const LINE: usize = 64;

/// All the places of an index, and which are free.
pub(super) struct Places<N> {
    free: Vec<Place<N>>,
    chunks: Vec<Chunk<N>>,
    /// How many there are, and how many of the last chunk were ever used.
    count: usize,
    used: usize,
}

/// Where a node is, or may be. (Atomic only so that it may be sent.)
pub(super) struct Place<N>(Pointer<N>);

/// Places that lie side by side.
struct Chunk<N> {
    first: Place<N>,
    count: usize,
    layout: Layout,
}

impl<N> Place<N> {
    #[inline]
    pub(super) const fn new(place: *mut N) -> Self {
        Self(Pointer::new(place))
    }

    pub(super) const fn nowhere() -> Self {
        Self::new(ptr::null_mut())
    }

    #[inline]
    pub(super) fn at(&self) -> Option<*mut N> {
        Some(self.0.load(Ordering::Relaxed)).filter(|place| !place.is_null())
    }
}

impl<N> Places<N> {
    pub(super) const fn new() -> Self {
        Self { free: Vec::new(), chunks: Vec::new(), count: 0, used: 0 }
    }

    /// A place that is free, of an index that should have about `enough` of them.
    #[inline]
    pub(super) fn find(&mut self, enough: u64) -> *mut N {
        self.free.pop().and_then(|place| place.at()).unwrap_or_else(|| self.find_new(enough))
    }

    /// This place is free again.
    #[inline]
    pub(super) fn free(&mut self, place: *mut N) {
        self.free.push(Place::new(place));
    }

    /// The same of all of them.
    pub(super) fn free_all(&mut self, places: &mut Vec<Place<N>>) {
        self.free.append(places);
    }

    #[cold]
    fn find_new(&mut self, enough: u64) -> *mut N {
        if self.chunks.last().is_none_or(|chunk| self.used == chunk.count) {
            let chunk = Chunk::for_index_with(self.count, enough);
            (self.count, self.used) = (self.count + chunk.count, 0);
            self.chunks.push(chunk);
        }
        let place = self.chunks[self.chunks.len() - 1].place(self.used);
        self.used += 1;
        place
    }
}

impl<N> Chunk<N> {
    /// A chunk for an index that has so many places: they double, up to one large page, and then there are `enough`.
    fn for_index_with(places: usize, enough: u64) -> Self {
        let size = size_of::<N>().max(1);
        let (few, many) = ((SMALL / size).clamp(1, 256), (LARGE / size).max(1));
        let missing = usize::try_from(enough).unwrap_or(usize::MAX).saturating_sub(places);
        let count = places.min(missing).clamp(few, many.max(few));
        let align = if count == many { LARGE } else { LINE.max(align_of::<N>()) };
        let layout = Layout::array::<N>(count).and_then(|array| array.align_to(align));
        let layout = layout.unwrap_or_else(|_| handle_alloc_error(Layout::new::<N>())).pad_to_align();
        // SAFETY: the layout is padded to at least a line, so it is not of size zero.
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

    fn place(&self, number: usize) -> *mut N {
        self.first.0.load(Ordering::Relaxed).wrapping_add(number)
    }
}

impl<N> Drop for Chunk<N> {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout. Chunks are dropped with the index, when nobody uses what is in them.
        #[allow(unsafe_code)]
        unsafe {
            dealloc(self.place(0).cast(), self.layout);
        }
    }
}

/// Has the processor bring the line at `pointer` near, without waiting for it.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
pub(super) fn fetch<N>(pointer: *const N) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: it reads nothing, and may be given any pointer.
    #[allow(unsafe_code)]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(pointer.cast());
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(super) const fn fetch<N>(_pointer: *const N) {}

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

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn places_are_apart_and_used_again() {
        let mut places: Places<[u64; 9]> = Places::new();
        let mut found: Vec<_> = (0..5_000).map(|_| Place::new(places.find(4_000))).collect();
        let starts: BTreeSet<usize> = found.iter().filter_map(|place| Some(place.at()?.addr())).collect();
        assert!(starts.iter().zip(starts.iter().skip(1)).all(|(one, next)| next - one >= 72));
        assert_eq!(starts.len(), 5_000);
        places.free_all(&mut found);
        assert!((0..5_000).all(|_| starts.contains(&places.find(4_000).addr())));
    }

    #[test]
    fn no_more_memory_is_taken_than_there_is_room_for() {
        let mut places: Places<u64> = Places::new();
        assert!((0..70_000).all(|_| !places.find(70_000).is_null()));
        assert!(places.count < 70_000 + 256, "{}", places.count);
    }
}
