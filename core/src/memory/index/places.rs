//! Memory for nodes, which never move: chunks of places that are used again and again. A place has a number, which says in
//! which chunk it is, and where in it.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr as Pointer, AtomicU64, Ordering};

use crate::sync::plain::Mutex;

/// How many bits of a number say where in the chunk.
const WITHIN: u32 = 27;

/// How many chunks there are at most.
const CHUNKS: usize = 1 << (u32::BITS - WITHIN);

/// How many places a chunk has at most: one less than those bits could say, for the last number is none.
const LARGEST: usize = (1 << WITHIN) - 1;

/// About how large the first chunk is, and from where on one is made of large pages of the processor.
const SMALL: usize = 16 << 10;
const LARGE: usize = 2 << 20;

/// How many chunks are no larger than what is missing. (Afterwards they double, so that there are always enough.)
const EXACT: usize = 12;

/// A line of the processor's cache: small nodes shall not lie across two.
const LINE: usize = 64;

/// No place has this number.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Where a node is.
#[repr(C)]
pub(in crate::memory) struct Place<N, U: ?Sized = [AtomicU64]> {
    pub(in crate::memory) node: N,
    /// When it was last used: one word where there is time-to-idle, else none.
    pub(in crate::memory) used: U,
}

/// All the places of an index, by number.
#[repr(C)]
pub(super) struct Places<N> {
    /// How many words there are beside a node, and how many bytes from one place to the next.
    words: usize,
    stride: usize,
    /// Where number 0 would be, if the chunk went on before its start.
    origins: [Pointer<u8>; CHUNKS],
    chunks: Mutex<Vec<Chunk>>,
    of: PhantomData<N>,
}

/// Which places are free.
#[derive(Default)]
pub(super) struct Free {
    numbers: Vec<u32>,
    /// Those of the last chunk that were never used.
    next: u32,
    end: u32,
    /// How many places there are, and in how many chunks.
    count: usize,
    chunks: usize,
}

/// Memory for places that lie side by side.
struct Chunk {
    first: Pointer<u8>,
    layout: Layout,
}

impl<N> Places<N> {
    /// None yet. `used` tells whether they have a word for the last use.
    pub(super) fn new(used: bool) -> Self {
        let strides = [size_of::<Place<N, [AtomicU64; 0]>>(), size_of::<Place<N, [AtomicU64; 1]>>()];
        let words = usize::from(used);
        let origins = std::array::from_fn(|_| Pointer::new(ptr::null_mut()));
        Self { words, stride: strides[words], origins, chunks: Mutex::default(), of: PhantomData }
    }

    /// The place with this number.
    #[inline]
    pub(super) fn at(&self, number: u32) -> *mut Place<N> {
        self.at_stride(number, self.stride, self.words)
    }

    /// The same where it is known that there is no word beside a node, so that this is a shift instead of a product.
    #[inline]
    pub(super) fn at_plain(&self, number: u32) -> *mut Place<N> {
        self.at_stride(number, size_of::<Place<N, [AtomicU64; 0]>>(), 0)
    }

    #[inline]
    fn at_stride(&self, number: u32, stride: usize, words: usize) -> *mut Place<N> {
        let origin = self.origins[(number >> WITHIN) as usize].load(Ordering::Relaxed);
        let place = origin.wrapping_add((number as usize).wrapping_mul(stride));
        ptr::slice_from_raw_parts_mut(place, words) as *mut Place<N>
    }

    /// More places, from `first` on, which is the first number of a chunk.
    fn add(&self, first: u32, count: usize) {
        let chunk = Chunk::new(self.stride, align_of::<Place<N, [AtomicU64; 1]>>(), count);
        let start = chunk.first.load(Ordering::Relaxed);
        // Whoever has a number has it from a table that it came to later.
        let origin = start.wrapping_sub((first as usize).wrapping_mul(self.stride));
        self.origins[(first >> WITHIN) as usize].store(origin, Ordering::Relaxed);
        self.chunks.lock().push(chunk);
    }

    /// How many places the next chunk has, where there are so many in so many chunks: they double, till there are `enough`.
    fn size_of_next(&self, count: usize, chunks: usize, enough: u64) -> usize {
        if chunks == CHUNKS {
            handle_alloc_error(Layout::new::<N>());
        }
        let few = (SMALL / self.stride).clamp(1, 256);
        let missing = usize::try_from(enough).unwrap_or(usize::MAX).saturating_sub(count);
        let more = if chunks < EXACT { count.min(missing) } else { count };
        more.clamp(few, LARGEST)
    }
}

impl Free {
    /// A place of an index that should have about `enough` of them.
    #[inline]
    pub(super) fn take<N>(&mut self, places: &Places<N>, enough: u64) -> u32 {
        self.numbers.pop().unwrap_or_else(|| self.take_new(places, enough))
    }

    /// This place is free again.
    #[inline]
    pub(super) fn add(&mut self, number: u32) {
        self.numbers.push(number);
    }

    /// The same of all of them.
    pub(super) fn add_all(&mut self, numbers: &mut Vec<u32>) {
        self.numbers.append(numbers);
    }

    #[cold]
    fn take_new<N>(&mut self, places: &Places<N>, enough: u64) -> u32 {
        if self.next == self.end {
            let count = places.size_of_next(self.count, self.chunks, enough);
            self.next = (self.chunks as u32) << WITHIN;
            self.end = self.next + count as u32;
            places.add(self.next, count);
            (self.count, self.chunks) = (self.count + count, self.chunks + 1);
        }
        self.next += 1;
        self.next - 1
    }
}

impl Chunk {
    fn new(stride: usize, align: usize, count: usize) -> Self {
        let size = stride.saturating_mul(count);
        let align = if size < LARGE { LINE.max(align) } else { LARGE.max(align) };
        let too_large = |_| handle_alloc_error(Layout::new::<u8>());
        let layout = Layout::from_size_align(size.max(1), align).unwrap_or_else(too_large);
        // SAFETY: it is not of size zero.
        #[allow(unsafe_code)]
        let first = unsafe { alloc(layout) };
        if first.is_null() {
            handle_alloc_error(layout);
        }
        prefer_large_pages(first, size / LARGE * LARGE);
        Self { first: Pointer::new(first), layout }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout. Chunks are dropped with the index, when nobody uses what is in them.
        #[allow(unsafe_code)]
        unsafe {
            dealloc(self.first.load(Ordering::Relaxed), self.layout);
        }
    }
}

/// Has the processor bring the line at `pointer` near, without waiting for it.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
pub(super) fn fetch<N: ?Sized>(pointer: *const N) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: it reads nothing, and may be given any pointer.
    #[allow(unsafe_code)]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(pointer.cast());
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(super) const fn fetch<N: ?Sized>(_pointer: *const N) {}

/// Asks the system to have this memory in large pages: most of a hit among a million entries is else the search for its
/// page. It may refuse.
#[cfg(all(target_os = "linux", not(miri)))]
fn prefer_large_pages(memory: *mut u8, size: usize) {
    if size > 0 {
        // SAFETY: the memory is ours, whole pages of it, and the advice changes nothing that is in it.
        #[allow(unsafe_code)]
        let _ = unsafe { rustix::mm::madvise(memory.cast(), size, rustix::mm::Advice::LinuxHugepage) };
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
const fn prefer_large_pages(_memory: *mut u8, _size: usize) {}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn places_are_apart_and_used_again() {
        for (used, size) in [(false, 72), (true, 80)] {
            check_places(&Places::<[u64; 9]>::new(used), size);
        }
    }

    fn check_places(places: &Places<[u64; 9]>, size: usize) {
        let mut free = Free::default();
        let mut found: Vec<_> = (0..5_000).map(|_| free.take(places, 4_000)).collect();
        let starts: BTreeSet<usize> = found.iter().map(|number| places.at(*number).addr()).collect();
        assert!(starts.iter().zip(starts.iter().skip(1)).all(|(one, next)| next - one >= size));
        assert_eq!(starts.len(), 5_000);
        free.add_all(&mut found);
        assert!((0..5_000).all(|_| starts.contains(&places.at(free.take(places, 4_000)).addr())));
    }

    #[test]
    fn no_more_memory_is_taken_than_there_is_room_for() {
        let (places, mut free): (Places<u64>, _) = (Places::new(false), Free::default());
        assert!((0..70_000).all(|_| free.take(&places, 70_000) != NOWHERE));
        assert!(free.count < 70_000 + 256, "{}", free.count);
    }

    #[test]
    fn a_little_more_room_again_and_again_does_not_use_up_the_chunks() {
        let (places, mut free): (Places<u64>, _) = (Places::new(false), Free::default());
        for enough in (300..3_000_000).step_by(1_000) {
            assert!((free.count..enough).all(|_| free.take(&places, enough as u64) != NOWHERE));
        }
        assert!(free.chunks < 25, "{}", free.chunks);
    }
}
