//! A value with what must still be true for it to be used.

use std::fmt;
use std::sync::Arc;

use super::tag::Tag;

/// How many tags a stamp holds without an allocation.
const FEW: usize = 3;

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

    /// The value, without its stamp.
    #[inline]
    pub fn into_value(self) -> V {
        // Taken apart, because every hit passes here: of the stamp's four words only one is to be dropped.
        let Self { value, stamp: Stamp { many, .. } } = self;
        drop(many);
        value
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

/// The tags of an entry, and the version at which they were read, before the value was loaded. Four words.
///
/// Up to three tags are kept in place; copying such a stamp touches no memory that others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    version: u64,
    /// Whole words rather than an enum of the few and the many: every hit copies them, and a discriminant of one byte in
    /// their midst would be copied apart.
    few: [u32; FEW],
    len: u32,
    /// All of them, if they are more than a few.
    many: Option<Arc<Vec<u32>>>,
}

impl Stamp {
    pub(super) fn new(version: u64, tags: impl IntoIterator<Item = Tag>) -> Self {
        Self::of_shorts(version, tags.into_iter().map(Tag::short))
    }

    /// All of it in words, for a codec.
    pub fn to_words(&self) -> Vec<u64> {
        [self.version].into_iter().chain(self.tags().iter().copied().map(u64::from)).collect()
    }

    /// The stamp that gave these words; `None` if none did.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let (version, tags) = words.split_first()?;
        let tags: Result<Vec<_>, _> = tags.iter().copied().map(u32::try_from).collect();
        Some(Self::of_shorts(*version, tags.ok()?.into_iter()))
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn tags(&self) -> &[u32] {
        match &self.many {
            None => self.few.get(..self.len as usize).unwrap_or(&self.few),
            Some(many) => many,
        }
    }

    fn of_shorts(version: u64, mut tags: impl Iterator<Item = u32>) -> Self {
        let mut stamp = Self { version, few: [0; FEW], len: 0, many: None };
        while let Some(tag) = tags.next() {
            let Some(place) = stamp.few.get_mut(stamp.len as usize) else {
                stamp.many = Some(Arc::new(stamp.few.into_iter().chain([tag]).chain(tags).collect()));
                break;
            };
            *place = tag;
            stamp.len += 1;
        }
        stamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_comes_back_from_its_words_with_any_number_of_tags() {
        for count in 0..10 {
            let stamp = Stamp::new(2, (0..count).map(Tag::from_number));
            assert!(stamp.tags().iter().copied().map(u64::from).eq(0..count));
            assert_eq!(Stamp::from_words(&stamp.to_words()), Some(stamp));
        }
        assert_eq!(Stamp::from_words(&[]), None);
        assert_eq!(Stamp::from_words(&[1, 1 << 32]), None);
    }

    #[test]
    fn a_stamp_is_four_words() {
        assert_eq!(size_of::<Stamp>(), 32);
    }
}
