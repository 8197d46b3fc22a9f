//! Hits that need no waiting.

use larder_core::{Lookup, Store};

/// What `store` answers without waiting, if that is a hit.
///
/// Each case is taken apart by itself: what is no hit is dropped from a place of its own, so that a hit need not be laid
/// down in memory, at each layer of a tower anew, for the drop of a whole.
#[inline]
pub(crate) fn hit_now<S: Store>(store: &S, key: &S::Key) -> Option<Lookup<S::Value>> {
    match store.get_now(key) {
        Some(Lookup::Hit(entry)) => Some(Lookup::Hit(entry)),
        Some(Lookup::Miss(_lease)) => None,
        None => None,
    }
}
