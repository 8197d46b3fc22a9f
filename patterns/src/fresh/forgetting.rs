//! A write under way, as the verdicts see it.

use larder_core::Key;

use super::verdicts::Verdicts;

/// Forgets what was said of the keys of a write when it is dropped: at the end of the write, however it ends.
pub(super) struct Forgetting<'a, K: Key> {
    verdicts: &'a Verdicts<K>,
    written: Written,
}

enum Written {
    One(u64),
    Many(Vec<u64>),
    All,
}

impl<'a, K: Key> Forgetting<'a, K> {
    pub(super) fn one(verdicts: &'a Verdicts<K>, key: &K) -> Self {
        Self { verdicts, written: Written::One(verdicts.hash(key)) }
    }

    pub(super) fn many<'k>(verdicts: &'a Verdicts<K>, keys: impl Iterator<Item = &'k K>) -> Self {
        Self { verdicts, written: Written::Many(keys.map(|key| verdicts.hash(key)).collect()) }
    }

    pub(super) const fn all(verdicts: &'a Verdicts<K>) -> Self {
        Self { verdicts, written: Written::All }
    }
}

impl<K: Key> Drop for Forgetting<'_, K> {
    fn drop(&mut self) {
        match &self.written {
            Written::One(hash) => self.verdicts.forget(*hash),
            Written::Many(hashes) => hashes.iter().for_each(|&hash| self.verdicts.forget(hash)),
            Written::All => self.verdicts.forget_all(),
        }
    }
}
