//! From hashes to numbers.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Spreads a hash: keys' hashes may come from a hasher that doesn't.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Finds numbers by the hashes of what they stand for. Every operation costs O(1) amortised; a number takes 6 to 23 bytes.
///
/// The table itself knows only a few bits of each hash: `hash_of` says the hash of a number that is in it.
#[derive(Debug, Default)]
pub(crate) struct Index(HashTable<u32>);

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number that `hash` stands for.
    pub(crate) fn find(&self, hash: u64, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        self.0.find(spread(hash), |&number| hash_of(number) == hash).copied()
    }

    /// The number that `hash` stands for, which it does no longer.
    pub(crate) fn take(&mut self, hash: u64, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        let found = self.0.find_entry(spread(hash), |&number| hash_of(number) == hash);
        found.ok().map(|found| found.remove().0)
    }

    /// Lets `hash` stand for `number`, and says for which it stood before.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) -> Option<u32> {
        let is_it = |&number: &u32| hash_of(number) == hash;
        match self.0.entry(spread(hash), is_it, |&number| spread(hash_of(number))) {
            Entry::Occupied(mut found) => Some(std::mem::replace(found.get_mut(), number)),
            Entry::Vacant(place) => {
                place.insert(number);
                None
            }
        }
    }

    /// Lets `hash` no longer stand for `number`.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        if let Ok(found) = self.0.find_entry(spread(hash), |&other| other == number) {
            found.remove();
        }
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn spread(hash: u64) -> u64 {
    let spread = hash.wrapping_mul(SPREAD);
    spread ^ (spread >> 32)
}
