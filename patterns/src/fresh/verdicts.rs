//! What the last load said of keys for which it gave no value: there is none, or it failed.
//!
//! A bounded table: each key has one set of a few places, and where a set is full the verdict that ends first is
//! forgotten. The cost of forgetting is one load. Like a value, a verdict is bound to what was written since its load
//! began; a write takes it away.

use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use foldhash::quality::FixedState;
use larder_core::{Error, ErrorKind, Key, Random, Time};
use parking_lot::Mutex;

use crate::back_off::BackOff;

/// How many keys share a set.
const WAYS: usize = 8;
const MOST_SETS: usize = 1 << 20;

/// The verdicts, and how long each lasts.
pub(super) struct Verdicts<K> {
    /// None at all if there is nothing to remember.
    sets: Box<[Mutex<Set<K>>]>,
    hasher: FixedState,
    random: Random,
    terms: Terms,
}

/// How long a verdict lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// That there is no such thing.
    pub(super) absent: Option<Duration>,
    /// An error, as the answer to those who come later.
    pub(super) error: Option<Duration>,
    /// That it is too soon to try again.
    pub(super) back_off: Option<BackOff>,
    /// How many keys are remembered.
    pub(super) keys: usize,
}

/// The moment before a load.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    hash: u64,
    writes: u64,
}

/// What a load came to.
pub(super) enum Outcome<'a> {
    Present,
    Absent,
    Failed(&'a Error),
}

/// Why a key is not to be loaded now.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// There is no such thing.
    Absent,
    /// The last load failed with this error, which is the answer.
    Failed(Error),
    /// The last load failed with this error, and it is too soon to try again.
    TooSoon(Error),
    /// The origin may not be asked any more for now, or not at all.
    NoRoom(Error),
}

impl Refusal {
    /// The answer to one who has no other.
    pub(super) fn into_error(self) -> Option<Error> {
        let doing = "loading again so soon after a failure";
        match self {
            Self::Absent => None,
            Self::Failed(error) | Self::NoRoom(error) => Some(error),
            Self::TooSoon(error) => Some(Error::new(ErrorKind::Overloaded, doing).because(error)),
        }
    }
}

struct Set<K> {
    writes: u64,
    verdicts: Vec<Verdict<K>>,
}

struct Verdict<K> {
    key: K,
    hash: u64,
    said: Said,
}

#[derive(Clone)]
enum Said {
    Absent { until: Time },
    Failed { times: u32, error: Error, answer_until: Time, retry_at: Time },
}

impl Said {
    fn ends(&self) -> Time {
        match self {
            Self::Absent { until } => *until,
            Self::Failed { retry_at, answer_until, .. } => *retry_at.max(answer_until),
        }
    }

    fn refusal(&self, now: Time) -> Option<Refusal> {
        match self {
            _ if self.ends() <= now => None,
            Self::Absent { .. } => Some(Refusal::Absent),
            Self::Failed { error, answer_until, .. } if now < *answer_until => {
                Some(Refusal::Failed(error.clone()))
            }
            Self::Failed { error, .. } => Some(Refusal::TooSoon(error.clone())),
        }
    }
}

impl<K: Key> Verdicts<K> {
    pub(super) fn new(terms: Terms, random: &Random) -> Self {
        let nothing = terms.absent.is_none() && terms.error.is_none() && terms.back_off.is_none();
        let sets = terms.keys.div_ceil(WAYS).clamp(1, MOST_SETS).next_power_of_two();
        let set = |_| Mutex::new(Set { writes: 0, verdicts: Vec::new() });
        Self {
            sets: (0..if nothing { 0 } else { sets }).map(set).collect(),
            hasher: FixedState::with_seed(random.next()),
            random: random.clone(),
            terms,
        }
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Why `key` is not to be loaded at `now`, if there is a reason.
    pub(super) fn refusal(&self, key: &K, now: Time) -> Option<Refusal> {
        let hash = self.hash(key);
        let set = self.set(hash)?.lock();
        set.verdicts.iter().find(|verdict| verdict.is_of(key, hash))?.said.refusal(now)
    }

    /// This moment: to be given back with what the load came to.
    pub(super) fn ticket(&self, key: &K) -> Ticket {
        let hash = self.hash(key);
        Ticket { hash, writes: self.set(hash).map_or(0, |set| set.lock().writes) }
    }

    /// Remembers what a load came to, unless the key was written since `ticket`.
    pub(super) fn settle(&self, key: &K, ticket: Ticket, outcome: &Outcome<'_>, now: Time) {
        let Some(set) = self.set(ticket.hash) else { return };
        let random = self.random.next_f64();
        // Allocated and dropped outside the lock: keys and errors are the application's.
        let mut key = Some(key.clone());
        let mut set = set.lock();
        if set.writes != ticket.writes {
            return;
        }
        let here = set
            .verdicts
            .iter()
            .position(|verdict| key.as_ref().is_some_and(|key| verdict.is_of(key, ticket.hash)));
        let before = here.map(|at| &set.verdicts[at].said);
        let said = self.said(before, outcome, now, random);
        let former = match (here, said) {
            (Some(at), Some(said)) => Some((None, std::mem::replace(&mut set.verdicts[at].said, said))),
            (Some(at), None) => Some(set.verdicts.swap_remove(at)).map(|gone| (Some(gone.key), gone.said)),
            (None, Some(said)) => {
                key.take().and_then(|key| set.add(Verdict { key, hash: ticket.hash, said }))
            }
            (None, None) => None,
        };
        drop(set);
        drop((former, key));
    }

    /// The verdict that follows from `outcome`, after the one `before`.
    fn said(&self, before: Option<&Said>, outcome: &Outcome<'_>, now: Time, random: f64) -> Option<Said> {
        let Terms { absent, error: answer, back_off, .. } = self.terms;
        let error = match outcome {
            Outcome::Present => return None,
            Outcome::Absent => return absent.map(|ttl| Said::Absent { until: now.after(ttl) }),
            Outcome::Failed(error) => (*error).clone(),
        };
        let longest = back_off.map_or(Duration::ZERO, |back_off| back_off.longest);
        let times = match before {
            Some(Said::Failed { times, retry_at, .. }) if now < retry_at.after(longest) => {
                times.saturating_add(1)
            }
            _ => 1,
        };
        let wait = back_off.map(|back_off| back_off.wait(times, random));
        if wait.is_none() && answer.is_none() {
            return None;
        }
        let (answer_until, retry_at) =
            (now.after(answer.unwrap_or_default()), now.after(wait.unwrap_or_default()));
        Some(Said::Failed { times, error, answer_until, retry_at })
    }

    /// Forgets what was said of the keys with this hash: one was written.
    pub(super) fn forget(&self, hash: u64) {
        let Some(set) = self.set(hash) else { return };
        let mut set = set.lock();
        set.writes += 1;
        let gone: Vec<_> = set.verdicts.extract_if(.., |verdict| verdict.hash == hash).collect();
        drop(set);
        drop(gone);
    }

    /// Forgets everything.
    pub(super) fn forget_all(&self) {
        for set in &self.sets {
            let mut set = set.lock();
            set.writes += 1;
            let gone = std::mem::take(&mut set.verdicts);
            drop(set);
            drop(gone);
        }
    }

    fn set(&self, hash: u64) -> Option<&Mutex<Set<K>>> {
        let last = self.sets.len().checked_sub(1)?;
        self.sets.get((hash >> 32) as usize & last)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.sets.iter().map(|set| set.lock().verdicts.len()).sum()
    }
}

impl<K: Key> Set<K> {
    /// Takes `verdict` in. The one that had to leave for it, if one had to.
    fn add(&mut self, verdict: Verdict<K>) -> Option<(Option<K>, Said)> {
        if self.verdicts.len() < WAYS {
            self.verdicts.push(verdict);
            return None;
        }
        let first = self.verdicts.iter_mut().min_by_key(|verdict| verdict.said.ends())?;
        let gone = std::mem::replace(first, verdict);
        Some((Some(gone.key), gone.said))
    }
}

impl<K: Key> Verdict<K> {
    fn is_of(&self, key: &K, hash: u64) -> bool {
        self.hash == hash && self.key == *key
    }
}

#[cfg(test)]
mod tests;
