//! When each key was last written, coarsely: what decides whether a lease is still good.

/// The sequence number of the last write to each stripe of keys, and of the last clear.
///
/// A stripe stands for all keys whose hashes end alike. It grows with the number of entries (about four to a
/// stripe), so that writes to other keys seldom void a lease; if one does, the cost is another load.
pub(super) struct Writes {
    sequence: u64,
    cleared: u64,
    stripes: Vec<u64>,
}

const FEWEST: usize = 64;
const MOST: usize = 1 << 20;

impl Writes {
    pub(super) fn new() -> Self {
        Self { sequence: 0, cleared: 0, stripes: vec![0; FEWEST] }
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
        let stripe = self.stripe(hash);
        self.stripes[stripe] = sequence;
        sequence
    }

    /// Remembers that a key was filled with `sequence`, now that no entry is left to tell: older leases stay void.
    #[inline]
    pub(super) fn remember(&mut self, hash: u32, sequence: u64) {
        let stripe = self.stripe(hash);
        self.stripes[stripe] = self.stripes[stripe].max(sequence);
    }

    /// Voids all leases.
    pub(super) const fn void_all(&mut self) {
        self.cleared = self.next();
    }

    /// Whether the key was written, or all cleared, after `lease`.
    pub(super) fn since(&self, lease: u64, hash: u32) -> bool {
        lease < self.cleared || lease < self.stripes[self.stripe(hash)] || lease > self.sequence
    }

    /// Makes room for `entries`: each new stripe takes over what the one it comes from knew.
    #[inline]
    pub(super) fn grow_for(&mut self, entries: usize) {
        if entries > 4 * self.stripes.len() && self.stripes.len() < MOST {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.stripes.extend_from_within(..);
    }

    fn stripe(&self, hash: u32) -> usize {
        hash as usize & (self.stripes.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_forgets_no_write() {
        let mut writes = Writes::new();
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
        let mut writes = Writes::new();
        let before = writes.now();
        let fill = writes.next();
        let after = writes.now();
        writes.remember(5, fill);
        assert!(writes.since(before, 5));
        assert!(!writes.since(after, 5));
    }

    #[test]
    fn a_lease_from_the_future_is_void() {
        assert!(Writes::new().since(1, 0));
    }
}
