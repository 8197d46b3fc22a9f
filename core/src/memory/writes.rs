//! When each key was last written, coarsely: what decides whether a lease is still good.

/// The sequence number of the last write to each stripe of keys, and of the last clear.
///
/// A stripe stands for all keys whose hashes end alike. There are more as there are more entries (about four to a
/// stripe), so that writes to other keys seldom void a lease; if one does, the cost is another load. There are none
/// before the first lease: where nobody asks for leases, writes cost neither time nor memory for their sake.
#[repr(C)]
pub(super) struct Writes {
    sequence: u64,
    stripes: Vec<u64>,
    /// With more entries than this there should be more stripes.
    enough: usize,
    cleared: u64,
}

const FEWEST: usize = 64;
const MOST: usize = 1 << 20;

impl Writes {
    pub(super) fn new() -> Self {
        Self { sequence: 0, cleared: 0, stripes: Vec::new(), enough: usize::MAX }
    }

    /// From now on there may be leases.
    pub(super) fn watch(&mut self, entries: usize) {
        if self.stripes.is_empty() {
            self.stripes = vec![0; (entries / 4).next_power_of_two().clamp(FEWEST, MOST)];
            self.enough = enough(self.stripes.len());
        }
    }

    /// What readers may take for a lease: the number of the last write, if there may be leases.
    #[inline]
    pub(super) const fn lease(&self) -> Option<u64> {
        if self.stripes.is_empty() { None } else { Some(self.sequence) }
    }

    /// The number of the last write or fill. A lease is this number at the moment of the miss.
    pub(super) const fn now(&self) -> u64 {
        self.sequence
    }

    /// The number for a value that comes in by a fill.
    pub(super) const fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Voids the leases on a key.
    pub(super) fn void(&mut self, hash: u32) -> u64 {
        let sequence = self.next();
        if let Some(stripe) = self.stripe(hash) {
            *stripe = sequence;
        }
        sequence
    }

    /// Remembers that a key was filled with `sequence`, now that no entry is left to tell: older leases stay void.
    #[inline]
    pub(super) fn remember(&mut self, hash: u32, sequence: u64) {
        if let Some(stripe) = self.stripe(hash) {
            *stripe = sequence.max(*stripe);
        }
    }

    /// Voids all leases.
    pub(super) const fn void_all(&mut self) {
        self.cleared = self.next();
    }

    /// Whether the key was written, or all cleared, after `lease`.
    pub(super) fn since(&mut self, lease: u64, hash: u32) -> bool {
        let written = self.stripe(hash).is_none_or(|last| lease < *last);
        written || lease < self.cleared || lease > self.sequence
    }

    /// Makes room for `entries`: each new stripe takes over what the one it comes from knew.
    #[inline]
    pub(super) fn grow_for(&mut self, entries: usize) {
        if entries > self.enough {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.stripes.extend_from_within(..);
        self.enough = enough(self.stripes.len());
    }

    #[inline]
    fn stripe(&mut self, hash: u32) -> Option<&mut u64> {
        let last = self.stripes.len().wrapping_sub(1);
        self.stripes.get_mut(hash as usize & last)
    }
}

/// For how many entries so many stripes are enough.
const fn enough(stripes: usize) -> usize {
    if stripes < MOST { 4 * stripes } else { usize::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_forgets_no_write() {
        let mut writes = watched();
        let before = writes.now();
        writes.void(5);
        let after = writes.now();
        for entries in [1_000, 10_000, 100_000] {
            writes.grow_for(entries);
            assert!(writes.since(before, 5));
            assert!(!writes.since(after, 5));
        }
    }

    #[test]
    fn an_entry_that_leaves_voids_the_leases_from_before_its_fill_and_no_others() {
        let mut writes = watched();
        let before = writes.now();
        let fill = writes.next();
        let after = writes.now();
        writes.remember(5, fill);
        assert!(writes.since(before, 5));
        assert!(!writes.since(after, 5));
    }

    #[test]
    fn a_lease_from_the_future_is_void() {
        assert!(watched().since(1, 0));
    }

    #[test]
    fn before_the_first_lease_all_are_void_and_no_write_is_remembered() {
        let mut writes = Writes::new();
        let sequence = writes.void(5);
        assert!(writes.lease().is_none() && writes.since(sequence, 6));
        writes.watch(1_000);
        assert_eq!(writes.lease(), Some(sequence));
        assert!(!writes.since(sequence, 5));
        writes.void(5);
        assert!(writes.since(sequence, 5));
    }

    fn watched() -> Writes {
        let mut writes = Writes::new();
        writes.watch(0);
        writes
    }
}
