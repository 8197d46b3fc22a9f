//! What names a write, and what a lease says.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::Lease;

use crate::Datum;

/// Of a lease on a key that had no row.
const ABSENT: u64 = 1 << 63;

/// Makes versions that no other write has: the number that the database has given to this writer and to no other, and
/// a count.
#[derive(Debug)]
pub(super) struct Marks {
    writer: u64,
    next: AtomicU64,
}

impl Marks {
    pub(super) const fn new(writer: i64) -> Self {
        Self { writer: writer.cast_unsigned() << 32 & !ABSENT, next: AtomicU64::new(0) }
    }

    /// A version. After four billion of them they begin again: no lease is as old.
    pub(super) fn version(&self) -> Datum {
        let count = self.next.fetch_add(1, Ordering::Relaxed) & u64::from(u32::MAX);
        Datum::Integer((self.writer | count).cast_signed())
    }
}

/// A lease on the row of this version, or on none at this moment of the database's clock.
pub(super) const fn lease(version: Option<i64>, now: i64, epoch: i64) -> Lease {
    let first = match version {
        Some(version) => version.cast_unsigned() & !ABSENT,
        None => now.cast_unsigned() | ABSENT,
    };
    Lease::new([first, epoch.cast_unsigned()])
}

/// What a lease replaces, and in which epoch.
pub(super) const fn words(lease: &Lease) -> [Datum; 2] {
    let [first, epoch] = lease.stamp();
    [Datum::Integer(first.cast_signed()), Datum::Integer(epoch.cast_signed())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_says_whether_there_was_a_row() {
        assert!(words(&lease(Some(7), 9, 3)) == [Datum::Integer(7), Datum::Integer(3)]);
        let [Datum::Integer(none), _] = words(&lease(None, 9, 3)) else { panic!("a number") };
        assert!(none < 0 && none & i64::MAX == 9);
        let [Datum::Integer(forged), Datum::Integer(epoch)] = words(&Lease::void()) else {
            panic!("numbers")
        };
        assert!(forged < 0 && epoch < 0, "no epoch is below 0");
    }

    #[test]
    fn no_version_is_anothers_nor_below_zero() {
        let (one, other) = (Marks::new(5), Marks::new(6));
        one.next.store(u64::from(u32::MAX), Ordering::Relaxed);
        let versions = [one.version(), one.version(), other.version(), Marks::new(i64::MAX).version()];
        for (at, version) in versions.iter().enumerate() {
            assert!(!versions[..at].contains(version));
            assert!(matches!(version, Datum::Integer(0..)));
        }
    }
}
