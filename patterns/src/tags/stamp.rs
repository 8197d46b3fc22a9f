//! A value with what must still be true for it to be used.

use std::fmt;
use std::sync::Arc;

use super::tag::Tag;

/// How many tags a stamp holds without an allocation.
const FEW: usize = 4;

/// A value and its stamp: what a store keeps under [`Tagged`](super::Tagged).
#[derive(Clone, PartialEq, Eq)]
pub struct Stamped<V> {
    value: V,
    stamp: Stamp,
}

impl<V> Stamped<V> {
    /// `value` under `stamp`: for a codec that has read both.
    pub const fn new(value: V, stamp: Stamp) -> Self {
        Self { value, stamp }
    }

    /// The value.
    pub const fn value(&self) -> &V {
        &self.value
    }

    /// Its stamp: for a codec that writes both.
    pub const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// The value and its stamp.
    pub fn into_parts(self) -> (V, Stamp) {
        (self.value, self.stamp)
    }
}

impl<V> fmt::Debug for Stamped<V> {
    /// Shows the stamp only: values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamped").field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

/// The tags of an entry, and the version at which they were read, before the value was loaded.
///
/// Up to four tags are kept in place; copying such a stamp touches no memory that others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    lineage: u64,
    version: u64,
    tags: List,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum List {
    Few(u8, [Tag; FEW]),
    Many(Arc<[Tag]>),
}

impl Stamp {
    pub(super) fn new(lineage: u64, version: u64, tags: impl IntoIterator<Item = Tag>) -> Self {
        let (mut few, mut len, mut tags) = ([Tag::from_number(0); FEW], 0, tags.into_iter());
        while let Some(tag) = tags.next() {
            if len == FEW {
                let all = few.into_iter().chain([tag]).chain(tags).collect();
                return Self { lineage, version, tags: List::Many(all) };
            }
            few[len] = tag;
            len += 1;
        }
        Self { lineage, version, tags: List::Few(len as u8, few) }
    }

    /// The tags.
    pub fn tags(&self) -> &[Tag] {
        match &self.tags {
            List::Few(len, few) => few.get(..usize::from(*len)).unwrap_or(few),
            List::Many(many) => many,
        }
    }

    /// All of it in words, for a codec.
    pub fn to_words(&self) -> Vec<u64> {
        [self.lineage, self.version].into_iter().chain(self.tags().iter().map(|tag| tag.number())).collect()
    }

    /// The stamp that gave these words; `None` if none did.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let [lineage, version, tags @ ..] = words else { return None };
        Some(Self::new(*lineage, *version, tags.iter().copied().map(Tag::from_number)))
    }

    pub(super) const fn lineage(&self) -> u64 {
        self.lineage
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_comes_back_from_its_words_with_any_number_of_tags() {
        for count in 0..10 {
            let tags: Vec<_> = (0..count).map(Tag::from_number).collect();
            let stamp = Stamp::new(1, 2, tags.clone());
            assert_eq!(stamp.tags(), tags);
            assert_eq!(Stamp::from_words(&stamp.to_words()), Some(stamp));
        }
        assert_eq!(Stamp::from_words(&[1]), None);
    }
}
