//! Memory for nodes, which never move: chunks of places that are used again and again. A place has a number, which says in
//! which chunk it is, and where in it.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::sync::atomic::{AtomicPtr as Pointer, Ordering};

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

/// A node that was found, and where.
pub(in crate::memory) struct Place<'a, N> {
    pub(in crate::memory) node: &'a N,
    number: u32,
    places: &'a Places<N>,
}

/// All the places of an index, by number.
#[repr(C)]
pub(super) struct Places<N> {
    /// Whether each has a word that is kept apart.
    is_apart: bool,
    /// Where number 0 would be, if the chunk went on before its start.
    origins: [Pointer<N>; CHUNKS],
    /// The same of the words apart.
    apart: [Pointer<u64>; CHUNKS],
    chunks: Mutex<Vec<Chunk>>,
}

/// Which places are free. First what each write changes.
#[derive(Default)]
#[repr(C)]
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
    start: Pointer<u8>,
    layout: Layout,
}

impl<N> Places<N> {
    /// None yet. Each may have a word `apart` from its node, for what hits hardly ever look at.
    pub(super) fn new(apart: bool) -> Self {
        const { assert!(align_of::<N>() >= align_of::<u64>(), "words come after nodes") };
        Self {
            is_apart: apart,
            origins: std::array::from_fn(|_| Pointer::default()),
            apart: std::array::from_fn(|_| Pointer::default()),
            chunks: Mutex::default(),
        }
    }

    /// Where the node with this number is.
    #[inline]
    pub(super) fn at(&self, number: u32) -> *mut N {
        self.origins[(number >> WITHIN) as usize].load(Ordering::Relaxed).wrapping_add(number as usize)
    }

    /// Where its word apart is.
    #[inline]
    pub(super) fn apart(&self, number: u32) -> Option<*mut u64> {
        let origin =
            self.is_apart.then(|| self.apart[(number >> WITHIN) as usize].load(Ordering::Relaxed))?;
        Some(origin.wrapping_add(number as usize))
    }

    /// More places, from `first` on, which is the first number of a chunk.
    fn add(&self, first: u32, count: usize) {
        let chunk = Chunk::new::<N>(count, self.is_apart);
        let (at, first) = ((first >> WITHIN) as usize, first as usize);
        // Whoever has a number has it from a table that it came to later.
        let nodes = chunk.start.load(Ordering::Relaxed).cast::<N>();
        self.origins[at].store(nodes.wrapping_sub(first), Ordering::Relaxed);
        self.apart[at].store(nodes.wrapping_add(count).cast::<u64>().wrapping_sub(first), Ordering::Relaxed);
        self.chunks.lock().push(chunk);
    }

    /// How many places the next chunk has, where there are so many in so many chunks: they double, till there are `enough`.
    fn size_of_next(count: usize, chunks: usize, enough: u64) -> usize {
        if chunks == CHUNKS {
            handle_alloc_error(Layout::new::<N>());
        }
        let few = (SMALL / size_of::<N>().max(1)).clamp(1, 256);
        let missing = usize::try_from(enough).unwrap_or(usize::MAX).saturating_sub(count);
        let more = if chunks < EXACT { count.min(missing) } else { count };
        more.clamp(few, LARGEST)
    }
}

impl<'a, N> Place<'a, N> {
    /// The place with this number.
    ///
    /// # Safety
    ///
    /// It must hold a node as long as `'a`.
    #[inline]
    #[allow(unsafe_code)]
    pub(super) unsafe fn new(places: &'a Places<N>, number: u32) -> Self {
        // SAFETY: the caller says so.
        let node = unsafe { &*places.at(number) };
        Self { node, number, places }
    }

    /// The word that is kept apart from the node, if there is one.
    #[inline]
    pub(in crate::memory) fn apart(self) -> Option<u64> {
        // SAFETY: it was written with the node, which is there as long as `'a`.
        #[allow(unsafe_code)]
        self.places.apart(self.number).map(|word| unsafe { *word })
    }
}

impl<N> Clone for Place<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Place<'_, N> {}

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
            let count = Places::<N>::size_of_next(self.count, self.chunks, enough);
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
    fn new<N>(count: usize, apart: bool) -> Self {
        let word = if apart { size_of::<u64>() } else { 0 };
        let size = size_of::<N>().saturating_add(word).saturating_mul(count);
        let align = align_of::<N>().max(if size < LARGE { LINE } else { LARGE });
        let too_large = |_| handle_alloc_error(Layout::new::<u8>());
        let layout = Layout::from_size_align(size.max(1), align).unwrap_or_else(too_large);
        // SAFETY: it is not of size zero.
        #[allow(unsafe_code)]
        let start = unsafe { alloc(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        prefer_large_pages(start, size / LARGE * LARGE);
        Self { start: Pointer::new(start), layout }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout. Chunks are dropped with the index, when nobody uses what is in them.
        #[allow(unsafe_code)]
        unsafe {
            dealloc(self.start.load(Ordering::Relaxed), self.layout);
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
        for apart in [false, true] {
            check_places(&Places::<[u64; 9]>::new(apart));
        }
    }

    fn check_places(places: &Places<[u64; 9]>) {
        let mut free = Free::default();
        let mut found: Vec<_> = (0..5_000).map(|_| free.take(places, 4_000)).collect();
        let bytes = |number: &u32| {
            let word = places.apart(*number).map(|word| (word.addr(), 8));
            [(places.at(*number).addr(), 72)].into_iter().chain(word)
        };
        let all: BTreeSet<(usize, usize)> = found.iter().flat_map(bytes).collect();
        assert!(all.iter().zip(all.iter().skip(1)).all(|((one, size), (next, _))| one + size <= *next));
        assert_eq!(all.len(), if places.is_apart { 10_000 } else { 5_000 });
        free.add_all(&mut found);
        assert!((0..5_000).all(|_| bytes(&free.take(places, 4_000)).all(|word| all.contains(&word))));
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
