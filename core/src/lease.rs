//! The right to fill one key, handed out by a miss.

use crate::Life;

/// The stamp of leases that fill nothing.
const VOID: [u64; 2] = [u64::MAX; 2];

/// The right to fill one key once, taken *before* the value is loaded.
///
/// A miss hands it out, [`Store::fill`](crate::Store::fill) demands it back. It is void as soon as the key is written,
/// removed or cleared, or filled under another lease: of several loads that overlap, the first to end fills. So a
/// value that was loaded before a write can't stand in the cache after it: a stale set does not type-check.
///
/// It is opaque to everyone but the store that made it, which finds in it the two words it put there. A store around
/// several stores chains their leases with [`Lease::and`].
///
/// A lease that is never used costs nothing. One that is [void](Self::is_void) from the start says that no load can give
/// better than what the store said: a removal is on its way to the origin, which still has the old value. Who would load
/// answers the miss instead.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a lease is the only way to fill what was missing"]
pub struct Lease {
    stamp: [u64; 2],
    next: Option<Box<Lease>>,
}

impl Lease {
    /// A lease with the words by which its store will know it again.
    pub const fn new(stamp: [u64; 2]) -> Self {
        Self { stamp, next: None }
    }

    /// A lease that fills nothing, and tells who holds it so.
    pub const fn void() -> Self {
        Self::new(VOID)
    }

    /// Whether it, or any of its chain, was made [void](Self::void): then there is no use in loading.
    pub fn is_void(&self) -> bool {
        self.stamp == VOID || self.next.as_ref().is_some_and(|next| next.is_void())
    }

    /// The words its store put there.
    pub const fn stamp(&self) -> [u64; 2] {
        self.stamp
    }

    /// This lease and another one as one: for a store that fills several.
    pub fn and(mut self, next: Lease) -> Self {
        match self.next.take() {
            None => self.next = Some(Box::new(next)),
            Some(rest) => self.next = Some(Box::new(rest.and(next))),
        }
        self
    }

    /// The first lease of a chain, and the rest of it.
    pub fn split(self) -> (Lease, Option<Lease>) {
        (Self { stamp: self.stamp, next: None }, self.next.map(|next| *next))
    }
}

/// What became of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a void lease means that the value is older than the last write"]
pub enum Filled {
    /// The store took the entry, and gave it this life. Whether it keeps it as long is its own affair, as with any write.
    Stored(Life),
    /// The lease was void: the key was written, removed, cleared or filled since. Nothing was changed.
    Void,
}

impl Filled {
    /// Whether the store took the entry.
    pub const fn is_stored(self) -> bool {
        matches!(self, Self::Stored(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_splits_in_the_order_it_was_made() {
        let chain = Lease::new([1, 0]).and(Lease::new([2, 0]).and(Lease::new([3, 0])));
        let (first, rest) = chain.split();
        let (second, rest) = rest.unwrap().split();
        let (third, rest) = rest.unwrap().split();
        assert_eq!([first.stamp()[0], second.stamp()[0], third.stamp()[0]], [1, 2, 3]);
        assert!(rest.is_none());
    }

    #[test]
    fn a_chain_with_a_void_lease_in_it_is_void() {
        let good = || Lease::new([1, 0]);
        assert!(!good().and(good()).is_void());
        assert!(good().and(Lease::void()).is_void());
        assert!(Lease::void().and(good()).is_void());
    }
}
