//! What a tier may still have that was written over: the keys whose write did not come to its end.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use foldhash::quality::{FixedState, RandomState};
use hashbrown::HashMap;
use larder_core::Key;
use parking_lot::Mutex;

use crate::invalidating::Written;

/// Keys whose writes share the memory of when they were written.
const STRIPES: usize = 256;

/// The keys that are not believed, up to a bound; past it, none is. And when each key was last written, so that a lease
/// can be judged without asking the tier; keys that hash alike share that.
///
/// Time is counted in moments: each write that begins or ends is one.
pub(super) struct Distrust<K> {
    moment: AtomicU64,
    uneasy: AtomicBool,
    hasher: FixedState,
    known: Mutex<Known<K>>,
}

struct Known<K> {
    /// The keys that are not believed, and since when.
    keys: HashMap<K, u64, RandomState>,
    most: usize,
    /// Since when no key is believed.
    all: Option<u64>,
    written: Box<[u64]>,
    cleared: u64,
}

impl<K: Key> Distrust<K> {
    /// Which keys are told apart is as random as `seed`.
    pub(super) fn new(most: usize, seed: u64) -> Self {
        let keys = HashMap::with_hasher(RandomState::default());
        let known = Known { keys, most, all: None, written: vec![0; STRIPES].into(), cleared: 0 };
        let hasher = FixedState::with_seed(seed);
        Self { moment: AtomicU64::new(0), uneasy: AtomicBool::new(false), hasher, known: Mutex::new(known) }
    }

    /// Distrusts at most so many keys one by one.
    pub(super) fn bound(&self, most: usize) {
        self.known.lock().most = most;
    }

    /// The moment it is.
    pub(super) fn moment(&self) -> u64 {
        self.moment.load(Ordering::Acquire)
    }

    /// A write begins or ends: leases taken before are void. The moment of it.
    pub(super) fn write(&self, written: &Written<K>) -> u64 {
        self.note(&mut self.known.lock(), written)
    }

    /// A write that began at `since` came to its end: what it wrote is believed, unless another one failed since then.
    pub(super) fn trust(&self, written: &Written<K>, since: u64) {
        let mut known = self.known.lock();
        match written {
            Written::One(key) => known.trust(key, since),
            Written::Many(keys) => keys.iter().for_each(|key| known.trust(key, since)),
            Written::All => {
                known.keys.retain(|_, failed| *failed > since);
                known.all = known.all.filter(|failed| *failed > since);
            }
        }
        self.settle(&known);
    }

    /// A write did not come to its end: nobody knows what the tier has.
    pub(super) fn distrust(&self, written: &Written<K>) {
        let mut known = self.known.lock();
        let now = self.note(&mut known, written);
        match written {
            Written::One(key) => known.distrust(key, now),
            Written::Many(keys) => keys.iter().for_each(|key| known.distrust(key, now)),
            Written::All => known.distrust_all(now),
        }
        self.settle(&known);
    }

    /// Whether the tier is believed about `key`.
    pub(super) fn trusts(&self, key: &K) -> bool {
        if !self.is_uneasy() {
            return true;
        }
        let known = self.known.lock();
        known.all.is_none() && !known.keys.contains_key(key)
    }

    /// Whether there is anything that is not believed.
    pub(super) fn is_uneasy(&self) -> bool {
        self.uneasy.load(Ordering::Acquire)
    }

    /// Whether `key` was not written since the moment `taken`. If so it counts as written now: one lease, one fill.
    pub(super) fn take(&self, key: &K, taken: u64) -> bool {
        let mut known = self.known.lock();
        let good = known.cleared <= taken && known.written[self.stripe(key)] <= taken;
        if good {
            known.written[self.stripe(key)] = self.next();
        }
        good
    }

    /// What to remove so that it is believed again, at most `most` keys; and the moment it is.
    pub(super) fn wanting(&self, most: usize) -> Option<(Written<K>, u64)> {
        let known = self.known.lock();
        if known.all.is_some() {
            return Some((Written::All, self.moment()));
        }
        let keys: Vec<_> = known.keys.keys().take(most).cloned().collect();
        (!keys.is_empty()).then(|| (Written::Many(keys), self.moment()))
    }

    /// How many keys are not believed, and whether none is.
    pub(super) fn extent(&self) -> (usize, bool) {
        let known = self.known.lock();
        (known.keys.len(), known.all.is_some())
    }

    fn note(&self, known: &mut Known<K>, written: &Written<K>) -> u64 {
        let now = self.next();
        match written {
            Written::One(key) => known.written[self.stripe(key)] = now,
            Written::Many(keys) => keys.iter().for_each(|key| known.written[self.stripe(key)] = now),
            Written::All => known.cleared = now,
        }
        now
    }

    /// Called under the lock.
    fn next(&self) -> u64 {
        self.moment.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn settle(&self, known: &Known<K>) {
        self.uneasy.store(known.all.is_some() || !known.keys.is_empty(), Ordering::Release);
    }

    fn stripe(&self, key: &K) -> usize {
        (self.hasher.hash_one(key) >> 32) as usize % STRIPES
    }
}

impl<K: Key> Known<K> {
    fn trust(&mut self, key: &K, since: u64) {
        if self.keys.get(key).is_some_and(|failed| *failed <= since) {
            self.keys.remove(key);
        }
    }

    fn distrust(&mut self, key: &K, now: u64) {
        if let Some(failed) = self.keys.get_mut(key) {
            *failed = now;
        } else if self.keys.len() < self.most {
            self.keys.insert(key.clone(), now);
        } else {
            self.distrust_all(now);
        }
    }

    fn distrust_all(&mut self, now: u64) {
        self.all = Some(now);
        self.keys = HashMap::with_hasher(RandomState::default());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The same by the book: every failure is remembered for ever, every write, too, and by its own key.
    #[derive(Default)]
    struct Model {
        now: u64,
        failed: BTreeMap<u8, u64>,
        all: Option<u64>,
        written: BTreeMap<u8, u64>,
    }

    #[derive(Clone, Debug)]
    enum Step {
        Begin(u8),
        BeginClear,
        EndWell(usize),
        EndBadly(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..6_u8).prop_map(Step::Begin),
            1 => Just(Step::BeginClear),
            3 => any::<usize>().prop_map(Step::EndWell),
            3 => any::<usize>().prop_map(Step::EndBadly),
        ];
        prop::collection::vec(step, 1..80)
    }

    fn written(key: Option<u8>) -> Written<u8> {
        key.map_or(Written::All, Written::One)
    }

    proptest! {
        /// With room for all keys it believes exactly what the book believes; with less, never more.
        #[test]
        fn it_believes_nothing_that_may_be_old(steps in steps(), most in 0..8_usize) {
            let (distrust, mut model) = (Distrust::new(most, 1), Model::default());
            let mut under_way: Vec<(Option<u8>, u64)> = Vec::new();
            for step in steps {
                let mut end = |at: usize| (!under_way.is_empty()).then(|| under_way.remove(at % under_way.len()));
                match step {
                    Step::Begin(key) => under_way.push((Some(key), distrust.write(&written(Some(key))))),
                    Step::BeginClear => under_way.push((None, distrust.write(&Written::All))),
                    Step::EndWell(at) => if let Some((key, since)) = end(at) {
                        distrust.write(&written(key));
                        distrust.trust(&written(key), since);
                        model.failed.retain(|other, at| key.is_some_and(|key| key != *other) || *at > since);
                        model.all = model.all.filter(|at| key.is_some() || *at > since);
                    },
                    Step::EndBadly(at) => if let Some((key, _)) = end(at) {
                        distrust.distrust(&written(key));
                        let now = distrust.moment();
                        match key {
                            Some(key) => { model.failed.insert(key, now); }
                            None => model.all = Some(now),
                        }
                    },
                }
                model.now = distrust.moment();
                for key in 0..6 {
                    let may_be_old = model.all.is_some() || model.failed.contains_key(&key);
                    prop_assert!(!(may_be_old && distrust.trusts(&key)), "believes what may be old");
                    if most >= 6 {
                        prop_assert_eq!(distrust.trusts(&key), !may_be_old);
                    }
                }
                prop_assert!(distrust.extent().0 <= most);
            }
        }

        /// A lease from before a write of its key is never good.
        #[test]
        fn a_write_voids_the_leases_before_it(keys in prop::collection::vec(0..4_u8, 1..40), asked in 0..4_u8) {
            let (distrust, mut model) = (Distrust::new(8, 1), Model::default());
            let mut leases = Vec::new();
            for key in keys {
                leases.push(distrust.moment());
                model.written.insert(key, distrust.write(&Written::One(key)));
            }
            for taken in leases {
                let was_written = model.written.get(&asked).is_some_and(|written| *written > taken);
                prop_assert!(!(was_written && distrust.take(&asked, taken)));
            }
            let now = distrust.moment();
            prop_assert!(distrust.take(&asked, now));
            prop_assert!(!distrust.take(&asked, now), "one lease, one fill");
        }
    }
}
