//! What a tag is to the cache: a number made from its name.

use std::fmt;

/// A name that entries share, so that one step drops them all: `user:7`, `team:3`, `prices`.
///
/// It keeps a number of 64 bits made from the name, the same in every process and version. An entry keeps 32 of them: should
/// two names share those, dropping the one drops the other, too; never the reverse.
///
/// ```
/// use larder_patterns::Tag;
///
/// assert_eq!(Tag::new("team:3"), Tag::from(format!("team:{}", 3)));
/// assert_ne!(Tag::new("team:3"), Tag::new("team:4"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(u64);

impl Tag {
    /// The tag of this name.
    pub fn new(name: impl AsRef<[u8]>) -> Self {
        let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(spread(name.as_ref().iter().fold(0xcbf2_9ce4_8422_2325, fnv)))
    }

    /// The tag of this number, as [`number`](Self::number) gave it.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number that stands for the name.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// What a stamp keeps of it.
    pub(super) const fn short(self) -> u32 {
        (self.0 >> 32) as u32 ^ self.0 as u32
    }
}

/// Lets every bit of the hash depend on every other: FNV-1a alone leaves the high ones alike.
const fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

impl From<&str> for Tag {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Tag {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Debug for Tag {
    /// Shows the number: names may hold what doesn't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({:x})", self.0)
    }
}
