//! Memories of entries that left.

use crate::lists::ListId;
use crate::queues::Entry;
use crate::rng::SPREAD;

/// The fewest places of a ring, and the fewest buckets.
const FEWEST: usize = 8;
/// Further back than any ghost is.
const END: u32 = u32::MAX >> 1;
/// Says of a ghost that it was forgotten before its time.
const FORGOTTEN: u32 = 1 << 31;

/// The hashes of entries that left, each with the weight it had, and with a note if there is more to remember: a FIFO
/// for each of `N` lists that entries leave, and one table of buckets over all. Every operation costs O(1) amortised.
///
/// A bucket chains its ghosts of a list from the newest to the oldest: what a FIFO forgets is at a chain's end and need
/// not be taken out, for a chain ends where the FIFO does. What is not there is hardly ever looked for further than in
/// its bucket, which knows a few bits of the hashes in its chains.
///
/// It takes 24 to 59 bytes (and up to three notes) for each of the most ghosts there ever were, and allocates nothing
/// unless there are more of them. Keys that share a hash share a ghost in each list.
#[derive(Debug)]
pub(crate) struct Ghosts<T = (), const N: usize = 1> {
    rings: [Ring<T>; N],
    /// A power of two of them, with no fewer chains than there are ghosts.
    buckets: Vec<[Chain; N]>,
    /// How many bits of a spread hash don't say in which bucket it is.
    shift: u32,
}

/// The ghosts of one list in one bucket.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    newest: u32,
    /// The marks of all hashes in it, and of some that were.
    marks: u32,
}

impl Chain {
    /// Whether a ghost of these marks may be in it.
    #[inline]
    fn has(self, marks: u32) -> bool {
        self.marks & marks == marks
    }
}

/// Ghosts in the order in which they came.
#[derive(Debug)]
struct Ring<T> {
    /// A power of two of them.
    places: Vec<Ghost<T>>,
    /// The number of the oldest ghost, and of the next. A number's place is what is left of it modulo the ring.
    oldest: u32,
    next: u32,
    len: usize,
    weight: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ghost<T> {
    hash: u64,
    weight: u32,
    /// How many numbers before its own the next of its chain has, and whether it is [`FORGOTTEN`].
    back: u32,
    note: T,
}

impl<const N: usize> Ghosts<(), N> {
    /// Remembers an entry that left `list`, unless it alone would be over `limit`.
    #[inline]
    pub(crate) fn remember(&mut self, list: ListId, entry: Entry, limit: Limit) {
        self.remember_with(list, entry, (), limit);
    }
}

impl<T: Copy + Default, const N: usize> Ghosts<T, N> {
    pub(crate) fn new() -> Self {
        let rings = std::array::from_fn(|_| Ring::new());
        Self { rings, buckets: vec![[Chain::default(); N]; FEWEST], shift: shift(FEWEST) }
    }

    /// Remembers an entry that left `list`, and `note` with it, unless it alone would be over `limit`.
    #[inline]
    pub(crate) fn remember_with(&mut self, list: ListId, entry: Entry, note: T, limit: Limit) {
        let Entry { hash, weight } = entry;
        if u64::from(weight) > limit.weight || limit.count == 0 {
            return;
        }
        self.make_room(list);
        let (bucket, marks) = self.find(hash);
        let chain = &mut self.buckets[bucket][list.0 as usize];
        if chain.has(marks) {
            self.rings[list.0 as usize].take(chain.newest, hash);
        }
        self.rings[list.0 as usize].push(chain, marks, Ghost { hash, weight, back: END, note });
        self.trim(list, limit);
    }

    /// Forgets `hash`, and says which list it had left.
    #[inline]
    pub(crate) fn forget(&mut self, hash: u64) -> Option<ListId> {
        self.recall(hash).map(|(list, _)| list)
    }

    /// Forgets `hash`, and says which list it had left, and what was noted of it.
    #[inline]
    pub(crate) fn recall(&mut self, hash: u64) -> Option<(ListId, T)> {
        let (bucket, marks) = self.find(hash);
        for (list, chain) in (0..).zip(&self.buckets[bucket]) {
            if chain.has(marks)
                && let Some(note) = self.rings[list].take(chain.newest, hash)
            {
                return Some((ListId(list as u32), note));
            }
        }
        None
    }

    /// The weight of all ghosts of what left `list`.
    pub(crate) fn weight(&self, list: ListId) -> u64 {
        self.rings[list.0 as usize].weight
    }

    /// Forgets who left `list` first, and says whether there was one.
    #[inline]
    pub(crate) fn forget_oldest(&mut self, list: ListId) -> bool {
        self.rings[list.0 as usize].pop()
    }

    /// Forgets the oldest of `list` until what is left is within `limit`.
    #[inline]
    pub(crate) fn trim(&mut self, list: ListId, limit: Limit) {
        let ring = &mut self.rings[list.0 as usize];
        while ring.weight > limit.weight || ring.len > limit.count {
            ring.pop();
        }
    }

    /// The bucket of `hash`, and its marks: two bits.
    #[inline]
    fn find(&self, hash: u64) -> (usize, u32) {
        let spread = hash.wrapping_mul(SPREAD);
        ((spread >> self.shift) as usize, 1 << (spread >> 20 & 31) | 1 << (spread >> 25 & 31))
    }

    /// So that a ghost can come.
    #[inline]
    fn make_room(&mut self, list: ListId) {
        if self.rings[list.0 as usize].is_full() {
            self.rings[list.0 as usize].close_up();
            self.chain_all();
        }
        if self.rings.iter().map(|ring| ring.len).sum::<usize>() >= self.buckets.len() * N {
            self.buckets = vec![[Chain::default(); N]; self.buckets.len() * 2];
            self.shift = shift(self.buckets.len());
            self.chain_all();
        }
    }

    /// Makes all chains anew.
    #[cold]
    fn chain_all(&mut self) {
        self.buckets.fill([Chain::default(); N]);
        for list in 0..N {
            let Ring { oldest, next, .. } = self.rings[list];
            for number in (0..next.wrapping_sub(oldest)).map(|age| oldest.wrapping_add(age)) {
                let (bucket, marks) = self.find(self.rings[list].ghost(number).hash);
                self.rings[list].chain(&mut self.buckets[bucket][list], marks, number);
            }
        }
    }
}

fn shift(buckets: usize) -> u32 {
    u64::BITS - buckets.trailing_zeros()
}

impl<T: Copy + Default> Ring<T> {
    fn new() -> Self {
        Self { places: vec![Ghost::default(); FEWEST], oldest: 0, next: 0, len: 0, weight: 0 }
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.reach() as usize == self.places.len()
    }

    /// How many numbers there are from the oldest's on.
    #[inline]
    fn reach(&self) -> u32 {
        self.next.wrapping_sub(self.oldest)
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & (self.places.len() - 1)
    }

    #[inline]
    fn ghost(&self, number: u32) -> Ghost<T> {
        self.places[self.place(number)]
    }

    /// Adds the newest ghost to a ring that is not full, and to its chain.
    #[inline]
    fn push(&mut self, chain: &mut Chain, marks: u32, ghost: Ghost<T>) {
        let place = self.place(self.next);
        self.places[place] = ghost;
        self.chain(chain, marks, self.next);
        self.next = self.next.wrapping_add(1);
        self.len += 1;
        self.weight += u64::from(ghost.weight);
    }

    /// Makes the ghost of this number the newest of `chain`.
    #[inline]
    fn chain(&mut self, chain: &mut Chain, marks: u32, number: u32) {
        let place = self.place(number);
        let goes_on =
            (chain.marks != 0) & (chain.newest.wrapping_sub(self.oldest) < number.wrapping_sub(self.oldest));
        // Not by a branch: nobody could guess.
        let all = u32::from(goes_on).wrapping_neg();
        let back = (number.wrapping_sub(chain.newest) | !all) & END;
        self.places[place].back = self.places[place].back & FORGOTTEN | back;
        *chain = Chain { newest: number, marks: chain.marks & all | marks };
    }

    /// Forgets the ghost of `hash` that is in the chain from `newest` on.
    #[inline]
    fn take(&mut self, newest: u32, hash: u64) -> Option<T> {
        let mut number = newest;
        loop {
            // How much older the oldest is; far too much if there is no such ghost any more.
            let rest = number.wrapping_sub(self.oldest);
            if rest >= self.reach() {
                return None;
            }
            let ghost = self.ghost(number);
            if ghost.hash == hash && ghost.back & FORGOTTEN == 0 {
                return Some(self.empty(number));
            }
            if ghost.back & END > rest {
                return None;
            }
            number = number.wrapping_sub(ghost.back & END);
        }
    }

    /// Forgets the oldest ghost, and says whether there was one.
    #[inline]
    fn pop(&mut self) -> bool {
        let is_any = self.len > 0;
        if is_any {
            self.empty(self.oldest);
        }
        is_any
    }

    /// Forgets the ghost of this number. The oldest number is that of a ghost, if there are any.
    #[inline]
    fn empty(&mut self, number: u32) -> T {
        let place = self.place(number);
        let Ghost { weight, note, .. } = self.places[place];
        self.places[place].back |= FORGOTTEN;
        self.len -= 1;
        self.weight -= u64::from(weight);
        while self.oldest != self.next && self.ghost(self.oldest).back >= FORGOTTEN {
            self.oldest = self.oldest.wrapping_add(1);
        }
        note
    }

    /// Makes room by moving all ghosts to the front: of a ring twice as large, if there are many.
    #[cold]
    fn close_up(&mut self) {
        let first = self.place(self.oldest);
        self.places.rotate_left(first);
        self.places.retain(|ghost| ghost.back < FORGOTTEN);
        let before = self.reach() as usize;
        let is_full = self.len > before / 4 * 3;
        (self.oldest, self.next) = (0, self.len as u32);
        self.places.resize(if is_full { before * 2 } else { before }, Ghost::default());
    }
}

/// How many ghosts there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Their weight together.
    pub(crate) weight: u64,
    /// Their number: entries may weigh nothing, and a capacity may be endless.
    pub(crate) count: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: ListId = ListId(0);

    /// A ghost as the model has it.
    #[derive(Clone, Copy)]
    struct Plain {
        list: ListId,
        entry: Entry,
        note: usize,
    }

    fn total(model: &[Plain], list: ListId) -> (usize, u64) {
        let weights =
            model.iter().filter(|ghost| ghost.list == list).map(|ghost| u64::from(ghost.entry.weight));
        (weights.clone().count(), weights.sum())
    }

    /// Takes the oldest of `list` out.
    fn drop_oldest(model: &mut Vec<Plain>, list: ListId) -> bool {
        let oldest = model.iter().position(|ghost| ghost.list == list);
        oldest.map(|oldest| model.remove(oldest)).is_some()
    }

    proptest! {
        #[test]
        fn ghosts_do_what_a_vector_does(
            ops in proptest::collection::vec((0..8_u8, 0..60_u64, 0..4_u32, 0..2_u32), 0..600),
            weight in 0..80_u64, count in 0..70_usize, crowded in any::<bool>(),
        ) {
            let limit = Limit { weight, count };
            let mut ghosts = Ghosts::<usize, 2>::new();
            let mut model: Vec<Plain> = Vec::new();
            for (note, (op, key, weight, list)) in ops.into_iter().enumerate() {
                // Crowded hashes are all in one bucket, with few marks.
                let hash = if crowded { (key << 30).wrapping_mul(0xF1DE_83E1_9937_733D) } else { key };
                let list = ListId(list);
                let newest_of = |list| model.iter().rposition(|ghost| ghost.entry.hash == hash && ghost.list == list);
                let known = newest_of(ListId(0)).or_else(|| newest_of(ListId(1)));
                match op {
                    0 => prop_assert_eq!(ghosts.forget_oldest(list), drop_oldest(&mut model, list)),
                    1 | 2 => {
                        let known = known.map(|place| model.remove(place));
                        prop_assert_eq!(ghosts.recall(hash), known.map(|ghost| (ghost.list, ghost.note)));
                    }
                    _ => {
                        let entry = Entry { hash, weight };
                        ghosts.remember_with(list, entry, note, limit);
                        if u64::from(weight) <= limit.weight && limit.count > 0 {
                            model.retain(|ghost| ghost.entry.hash != hash || ghost.list != list);
                            model.push(Plain { list, entry, note });
                            while total(&model, list).0 > limit.count || total(&model, list).1 > limit.weight {
                                drop_oldest(&mut model, list);
                            }
                        }
                    }
                }
                for list in [0, 1] {
                    let ring = &ghosts.rings[list];
                    prop_assert_eq!((ring.len, ring.weight), total(&model, ListId(list as u32)));
                }
            }
            for list in [0, 1].map(ListId) {
                for ghost in model.iter().rev().filter(|ghost| ghost.list == list) {
                    prop_assert_eq!(ghosts.recall(ghost.entry.hash), Some((list, ghost.note)));
                }
            }
            prop_assert!(ghosts.rings.iter().all(|ring| ring.len == 0 && ring.weight == 0));
        }
    }

    #[test]
    fn ghosts_that_weigh_nothing_are_bounded_by_their_number() {
        let mut ghosts = Ghosts::<(), 1>::new();
        let limit = Limit { weight: u64::MAX, count: 10 };
        for hash in 0..1_000 {
            ghosts.remember(LIST, Entry { hash, weight: 0 }, limit);
            assert!(ghosts.rings[0].len <= 10);
        }
        assert_eq!([990, 989].map(|hash| ghosts.forget(hash)), [Some(LIST), None]);
    }

    #[test]
    fn coming_and_going_uses_the_same_places() {
        let mut ghosts = Ghosts::<(), 1>::new();
        for hash in 0..10_000 {
            ghosts.remember(LIST, Entry { hash, weight: 1 }, Limit { weight: 100, count: 100 });
            assert!(!hash.is_multiple_of(3) || ghosts.forget(hash).is_some());
        }
        assert_eq!((ghosts.rings[0].len, ghosts.rings[0].places.len(), ghosts.buckets.len()), (99, 256, 128));
    }

    #[test]
    fn numbers_may_start_again_from_0() {
        let mut ghosts = Ghosts::<(), 1>::new();
        let ring = &mut ghosts.rings[0];
        (ring.oldest, ring.next) = (u32::MAX - 50, u32::MAX - 50);
        for hash in 0..200 {
            ghosts.remember(LIST, Entry { hash, weight: 1 }, Limit { weight: 20, count: 20 });
            assert!(!hash.is_multiple_of(5) || hash < 15 || ghosts.forget(hash - 12).is_some());
        }
        let known = (0..200).filter(|&hash| ghosts.forget(hash).is_some()).count();
        assert_eq!((known, ghosts.rings[0].len), (20, 0));
    }

    #[test]
    fn one_hash_has_one_ghost_a_list() {
        let mut ghosts = Ghosts::<(), 2>::new();
        for list in (0..1_000).map(|round| ListId(round % 2)) {
            ghosts.remember(list, Entry { hash: 1, weight: 1 }, Limit { weight: 100, count: 100 });
        }
        let sizes = ghosts.rings.each_ref().map(|ring| (ring.len, ring.weight, ring.places.len()));
        assert_eq!(sizes, [(1, 1, FEWEST); 2]);
    }

    #[test]
    fn the_oldest_ghost_fades_first() {
        let mut ghosts = Ghosts::<(), 1>::new();
        let limit = Limit { weight: 5, count: 100 };
        for hash in 1..=3 {
            ghosts.remember(LIST, Entry { hash, weight: 2 }, limit);
        }
        ghosts.remember(LIST, Entry { hash: 4, weight: 6 }, limit);
        assert_eq!([1, 2, 3, 4].map(|hash| ghosts.forget(hash)), [None, Some(LIST), Some(LIST), None]);
    }

    #[test]
    fn hardly_any_chain_is_searched_for_what_is_not_there() {
        let mut ghosts = Ghosts::<(), 1>::new();
        for hash in 0..40_000_u64 {
            ghosts.remember(
                LIST,
                Entry { hash: hash << 16, weight: 1 },
                Limit { weight: 4_000, count: 4_000 },
            );
        }
        let searched = (40_000..80_000_u64).filter(|hash| {
            let (bucket, marks) = ghosts.find(hash << 16);
            ghosts.buckets[bucket][0].has(marks)
        });
        assert!(searched.count() < 1_600);
    }
}
