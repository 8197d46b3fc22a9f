//! The answers whose validators can be sent again, within a bound in bytes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::Key;

use crate::response::Response;

/// What an entry takes besides key and answer, roughly.
const OVERHEAD: usize = 256;

/// The answers that were used last, as many as there is room for.
pub(crate) struct Known<K> {
    most: usize,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    answers: HashMap<K, (Response, u64)>,
    /// The keys by when they were last used.
    uses: BTreeMap<u64, K>,
    next: u64,
    bytes: usize,
}

impl<K: Key> Known<K> {
    /// Room for `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        let kept = Kept { answers: HashMap::new(), uses: BTreeMap::new(), next: 0, bytes: 0 };
        Self { most, kept: Mutex::new(kept) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<Response> {
        let mut kept = self.locked();
        let (answer, _) = kept.take(key)?;
        kept.put(key.clone(), answer.clone());
        Some(answer)
    }

    pub(crate) fn put(&self, key: &K, answer: Response) {
        let mut kept = self.locked();
        kept.take(key);
        if weight(&answer) > self.most {
            return;
        }
        kept.put(key.clone(), answer);
        while kept.bytes > self.most {
            let Some((_, oldest)) = kept.uses.pop_first() else { return };
            kept.forget(&oldest);
        }
    }

    pub(crate) fn remove(&self, key: &K) {
        self.locked().take(key);
    }

    fn locked(&self) -> MutexGuard<'_, Kept<K>> {
        // A key that panics as it is compared leaves at worst a use without its answer.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key> Kept<K> {
    fn put(&mut self, key: K, answer: Response) {
        self.next += 1;
        self.bytes += weight(&answer);
        self.uses.insert(self.next, key.clone());
        self.answers.insert(key, (answer, self.next));
    }

    fn take(&mut self, key: &K) -> Option<(Response, u64)> {
        let used = self.answers.get(key)?.1;
        self.uses.remove(&used);
        self.forget(key)
    }

    fn forget(&mut self, key: &K) -> Option<(Response, u64)> {
        let forgotten = self.answers.remove(key)?;
        self.bytes = self.bytes.saturating_sub(weight(&forgotten.0));
        Some(forgotten)
    }
}

fn weight(answer: &Response) -> usize {
    answer.weight() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(length: usize) -> Response {
        Response::new(StatusCode::OK, HeaderMap::new(), vec![0; length])
    }

    proptest! {
        /// It has what was put last, as far as that fits, and never more bytes than it may.
        #[test]
        fn the_last_used_stay_within_the_bound(steps in prop::collection::vec((0..6_u8, 0..900_usize, any::<bool>()), 0..80)) {
            let known = Known::new(2_000);
            let mut model: Vec<(u8, usize)> = Vec::new();
            for (key, length, asks) in steps {
                let place = model.iter().position(|(known, _)| *known == key);
                if asks {
                    let found = known.get(&key).map(|answer| answer.body().len());
                    prop_assert_eq!(found, place.map(|at| model[at].1));
                    if let Some(at) = place { let used = model.remove(at); model.push(used); }
                } else {
                    known.put(&key, answer(length));
                    if let Some(at) = place { model.remove(at); }
                    model.push((key, length));
                    while model.iter().map(|(_, length)| length + OVERHEAD).sum::<usize>() > 2_000 { model.remove(0); }
                }
                let kept = known.locked();
                prop_assert_eq!(kept.bytes, model.iter().map(|(_, length)| length + OVERHEAD).sum::<usize>());
                prop_assert_eq!(kept.answers.len(), kept.uses.len());
            }
        }
    }

    #[test]
    fn what_is_too_big_drives_nothing_out_and_replaces_nothing() {
        let known = Known::new(1_000);
        known.put(&1, answer(10));
        known.put(&2, answer(2_000));
        assert!(known.get(&1).is_some() && known.get(&2).is_none());
        known.put(&1, answer(2_000));
        assert!(known.get(&1).is_none(), "the old one is not the answer any more");
    }
}
