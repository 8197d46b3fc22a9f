//! Keys that can say to which namespace they belong.

use std::mem::needs_drop;
use std::sync::Arc;

use larder_core::Key;

use super::namespace::Prefix;

/// A key of a store that namespaces share. Implemented for strings, for bytes, and for [`InNamespace`] over any key.
///
/// An implementation must be injective: different prefixes or different plain keys give different keys.
pub trait SharedKey: Key {
    /// The key as the application knows it.
    type Plain: Key;

    /// Whether making the key allocates.
    const ALLOCATES: bool;

    /// The key of `plain` below `prefix`.
    fn below(prefix: Prefix<'_>, plain: &Self::Plain) -> Self;
}

impl SharedKey for String {
    type Plain = Self;
    const ALLOCATES: bool = true;

    fn below(prefix: Prefix<'_>, plain: &Self) -> Self {
        format!("{prefix}{plain}")
    }
}

impl SharedKey for Vec<u8> {
    type Plain = Self;
    const ALLOCATES: bool = true;

    fn below(prefix: Prefix<'_>, plain: &Self) -> Self {
        let mut key = prefix.to_string().into_bytes();
        key.extend_from_slice(plain);
        key
    }
}

/// Any key with its namespace beside it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InNamespace<K> {
    key: K,
    epoch: u64,
    head: Arc<str>,
}

impl<K> InNamespace<K> {
    /// The key as the application knows it.
    pub const fn key(&self) -> &K {
        &self.key
    }
}

impl<K> std::fmt::Debug for InNamespace<K> {
    /// Shows the epoch only: keys don't belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InNamespace").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl<K: Key> SharedKey for InNamespace<K> {
    type Plain = K;
    /// What owns nothing is cloned without allocating.
    const ALLOCATES: bool = needs_drop::<K>();

    fn below(prefix: Prefix<'_>, plain: &K) -> Self {
        Self { key: plain.clone(), epoch: prefix.epoch, head: Arc::clone(prefix.head) }
    }
}
