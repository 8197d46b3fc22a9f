//! One shard as threads see it: what they read without its lock, and the lock.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::guarded::Guarded;
use super::idle::Idle;
use super::index::{Glance, Index, Look};
use super::node::Node;
use super::notes::Notes;
use super::readers::Readers;
use super::resident::Resident;
use crate::sync::{AtomicU64, Mutex, MutexGuard};
use crate::{EvictionPolicy, Hits, Key, Time, Value};

/// A shard. What readers always look at hardly ever changes, and shares no line with what does.
pub(super) struct Shard<K, V, P> {
    front: Front<K, V>,
    back: Back<K, V, P>,
}

#[repr(align(128))]
struct Front<K, V> {
    index: Index<K, V>,
    /// Where hits are noted, if the policy is told of each.
    notes: Option<Box<Notes>>,
    idle: Idle,
}

/// What each write changes comes first, in as few lines as can be: with several threads they all come from the other.
#[repr(C, align(128))]
struct Back<K, V, P> {
    /// How often somebody began or ended to write: odd while somebody does.
    stamp: AtomicU64,
    /// The number of the last write, or [`UNWATCHED`].
    sequence: AtomicU64,
    guarded: Mutex<Guarded<K, V, P>>,
}

/// What a look-up that finds nothing comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Miss {
    /// It counts.
    Counts,
    /// It counts, and there is a lease for it.
    CountsAndLeases,
    /// There is a lease for it. It doesn't count: another look-up follows that does.
    Leases,
}

/// What a look-up found; or the lease, if it is wanted.
pub(super) enum Found<T> {
    Hit(T),
    Miss(u64),
}

/// The number of the last write as long as nobody asked for a lease.
const UNWATCHED: u64 = u64::MAX;

/// Somebody who writes: until it is dropped the stamp is odd.
struct Writing<'a, K: Key, V: Value, P: EvictionPolicy> {
    shard: &'a Shard<K, V, P>,
    guarded: MutexGuard<'a, Guarded<K, V, P>>,
}

impl<K: Key, V: Value, P: EvictionPolicy> Shard<K, V, P> {
    pub(super) fn new(readers: &Arc<Readers>, capacity: u64, policy: P, idle: Option<Duration>) -> Self {
        let idle = Idle::new(idle);
        let hits = policy.hits();
        let (index, writer) = Index::new(Arc::clone(readers), capacity, hits, idle.is_limited());
        let front = Front { index, notes: (hits == Hits::Noted).then(|| Box::new(Notes::new())), idle };
        let guarded = Mutex::new(Guarded::new(writer, capacity, policy, idle));
        Self { front, back: Back { stamp: AtomicU64::new(0), sequence: AtomicU64::new(UNWATCHED), guarded } }
    }

    /// Looks `key` up, lets `read` take what it needs of the entry, marks it, and counts. A hit takes no lock, and writes
    /// nothing that another thread reads once the entry is marked. `None` if the policy is told of it, or it takes a call: then
    /// nothing is done.
    #[inline(always)]
    pub(super) fn glance<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: impl FnOnce() -> Option<Time>,
        miss: Miss,
        read: impl FnOnce(Resident<'_, K, V>) -> T,
    ) -> Option<Found<T>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let look = |look: Look<'_, K, V>| glance(look, (hash, key), now, miss, |_| true, read);
        self.front.index.read_untold(look)?
    }

    /// The same where the policy is told of each hit: it leaves a note.
    #[inline(always)]
    pub(super) fn glance_and_tell<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: impl FnOnce() -> Option<Time>,
        miss: Miss,
        read: impl FnOnce(Resident<'_, K, V>) -> T,
    ) -> Option<Found<T>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let Front { index, notes, .. } = &self.front;
        let notes = notes.as_deref()?;
        let look = |look: Look<'_, K, V>| {
            let note = |node: &Node<K, V>| {
                notes.write_at_once(look.reading().thread(), node.slot, node.sequence as u32)
            };
            glance(look, (hash, key), now, miss, note, read)
        };
        index.read_at_once(look)?
    }

    /// The same, whatever it takes.
    #[inline(never)]
    pub(super) fn get<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        miss: Miss,
        mut read: impl FnMut(Resident<'_, K, V>) -> T,
    ) -> Found<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let look = |look: Look<'_, K, V>| {
            let found = look.find(hash as u32, key);
            let Some(resident) = found.filter(|resident| self.front.idle.renew(*resident, now)) else {
                if miss == Miss::Counts {
                    look.reading().count_miss();
                }
                return None;
            };
            if let Some(notes) = &self.front.notes {
                self.note(notes, look.reading().thread(), resident.node);
            }
            Some(hit(look, resident, &mut read))
        };
        match self.front.index.read(look) {
            Some(Some(found)) => Found::Hit(found),
            Some(None) if miss == Miss::Counts => Found::Miss(UNWATCHED),
            _ => self.get_again(hash, key, now, miss, read),
        }
    }

    /// What to do where there was no hit: most probably it is a miss. The stamp is looked at first, so that the lease is
    /// of a moment at which the key was not there. (Where no lease is wanted, one look is enough.)
    #[inline(never)]
    fn get_again<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        miss: Miss,
        read: impl FnMut(Resident<'_, K, V>) -> T,
    ) -> Found<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let missed = self.front.index.read(|look| {
            let before = self.back.stamp.load(Ordering::Acquire);
            if self.live(look, hash, key, now).is_some() {
                return None;
            }
            let sequence = self.sequence_since(before)?;
            if miss != Miss::Leases {
                look.reading().count_miss();
            }
            Some(Found::Miss(sequence))
        });
        missed.flatten().unwrap_or_else(|| self.get_locked(hash, key, now, miss, read))
    }

    /// Has the group of `hash` brought near, and goes on.
    #[inline]
    pub(super) fn fetch_table(&self, hash: u64) {
        self.front.index.read_at_once(|look| look.fetch_table(hash as u32));
    }

    /// The same for its node.
    #[inline]
    pub(super) fn fetch_node(&self, hash: u64) {
        self.front.index.read_at_once(|look| look.fetch_node(hash as u32));
    }

    /// Looks `key` up without counting or telling anyone.
    pub(super) fn peek<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        mut read: impl FnMut(Resident<'_, K, V>) -> T,
    ) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let seen = self.front.index.read(|look| self.live(look, hash, key, now).map(&mut read));
        seen.unwrap_or_else(|| self.lock().peek(hash, key, now, read))
    }

    /// The number of the last write.
    pub(super) fn sequence(&self) -> u64 {
        let before = self.back.stamp.load(Ordering::Acquire);
        self.sequence_since(before).unwrap_or_else(|| self.watched_sequence(&mut self.lock()))
    }

    /// The lock, to look at things.
    pub(super) fn lock(&self) -> MutexGuard<'_, Guarded<K, V, P>> {
        self.back.guarded.lock()
    }

    /// Takes the lock to change things. The policy knows all hits until now.
    #[inline]
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut Guarded<K, V, P>) -> T) -> T {
        let mut writing = self.begin_to_write();
        let done = work(&mut writing.guarded);
        let late = writing.guarded.late();
        drop(writing);
        if let Some(moment) = late {
            self.front.index.readers().pass(moment);
        }
        done
    }

    #[inline]
    fn begin_to_write(&self) -> Writing<'_, K, V, P> {
        let mut guarded = self.back.guarded.lock();
        self.back.stamp.store(self.back.stamp.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.read_notes(&mut guarded);
        Writing { shard: self, guarded }
    }

    /// The same for who can't read, or found nothing while somebody wrote.
    #[cold]
    fn get_locked<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        miss: Miss,
        read: impl FnMut(Resident<'_, K, V>) -> T,
    ) -> Found<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let mut guarded = self.lock();
        self.read_notes(&mut guarded);
        if let Some(found) = guarded.get(hash, key, now, read) {
            return Found::Hit(found);
        }
        if miss != Miss::Leases {
            guarded.count_miss();
        }
        Found::Miss(if miss == Miss::Counts { UNWATCHED } else { self.watched_sequence(&mut guarded) })
    }

    /// The number of the last write. From now on, readers can tell it.
    fn watched_sequence(&self, guarded: &mut Guarded<K, V, P>) -> u64 {
        let sequence = guarded.watch();
        self.back.sequence.store(sequence, Ordering::Release);
        sequence
    }

    /// The usable entry of `key`.
    fn live<'a, Q>(&self, look: Look<'a, K, V>, hash: u64, key: &Q, now: Time) -> Option<Resident<'a, K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        look.find(hash as u32, key).filter(|resident| self.front.idle.is_live(*resident, now))
    }

    /// Notes a hit for the policy.
    #[inline]
    fn note(&self, notes: &Notes, thread: usize, node: &Node<K, V>) {
        if !notes.write(thread, node.slot, node.sequence as u32) {
            self.make_room_for_notes(notes, thread, node);
        }
    }

    /// The number of the last write, if nobody wrote since the stamp was `before`.
    fn sequence_since(&self, before: u64) -> Option<u64> {
        let sequence = self.back.sequence.load(Ordering::Acquire);
        let is_steady = before & 1 == 0 && self.back.stamp.load(Ordering::Acquire) == before;
        (is_steady && sequence != UNWATCHED).then_some(sequence)
    }

    #[cold]
    fn make_room_for_notes(&self, notes: &Notes, thread: usize, node: &Node<K, V>) {
        if let Some(mut guarded) = self.back.guarded.try_lock() {
            self.read_notes(&mut guarded);
            notes.write(thread, node.slot, node.sequence as u32);
        }
    }

    /// Tells the policy of the hits that it doesn't know of.
    #[inline]
    fn read_notes(&self, guarded: &mut Guarded<K, V, P>) {
        if let Some(notes) = &self.front.notes {
            self.front
                .index
                .readers()
                .each(|thread| notes.read(thread, |slot, sequence| guarded.hit(slot, sequence)));
        }
    }
}

/// One look where most are. What is found there must be usable without a look at anything else, and `noted`.
#[inline(always)]
fn glance<K, V, Q, T>(
    look: Look<'_, K, V>,
    (hash, key): (u64, &Q),
    now: impl FnOnce() -> Option<Time>,
    miss: Miss,
    noted: impl FnOnce(&Node<K, V>) -> bool,
    read: impl FnOnce(Resident<'_, K, V>) -> T,
) -> Option<Found<T>>
where
    K: Borrow<Q>,
    Q: Eq + ?Sized,
{
    match look.glance(hash as u32, key) {
        Glance::Found(resident) if resident.node.is_usable(now) && noted(resident.node) => {
            Some(Found::Hit(hit(look, resident, read)))
        }
        Glance::Absent if miss == Miss::Counts => {
            look.reading().count_miss();
            Some(Found::Miss(UNWATCHED))
        }
        _ => None,
    }
}

/// Reads the entry that was found, marks it, and counts.
#[inline(always)]
fn hit<K, V, T>(
    look: Look<'_, K, V>,
    resident: Resident<'_, K, V>,
    read: impl FnOnce(Resident<'_, K, V>) -> T,
) -> T {
    let found = read(resident);
    look.reading().count_hit();
    look.mark(resident.node);
    found
}

impl<K: Key, V: Value, P: EvictionPolicy> Drop for Writing<'_, K, V, P> {
    fn drop(&mut self) {
        let Back { stamp, sequence, .. } = &self.shard.back;
        if let Some(lease) = self.guarded.writes.lease() {
            sequence.store(lease, Ordering::Release);
        }
        stamp.store(stamp.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}
