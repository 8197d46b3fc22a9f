//! Hits that the policy has yet to be told: a short log for each thread.
//!
//! A thread writes its own log without a lock; who has the shard's lock reads them all before any slot changes hands.
//! Alone on a shard nothing is lost. Under contention a note is, if its log is full and the lock taken.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use super::stripes::Stripes;
use crate::sync::AtomicU64;

/// How many notes a log has room for.
const ROOM: usize = 64;

/// The logs of a shard.
pub(super) struct Notes(Stripes<OnceLock<Box<Log>>>);

#[repr(align(128))]
struct Log {
    /// How many notes were ever written.
    written: AtomicU64,
    /// How many were ever read.
    read: AtomicU64,
    notes: [AtomicU64; ROOM],
}

impl Default for Log {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self { written: zero(), read: zero(), notes: std::array::from_fn(|_| zero()) }
    }
}

impl Log {
    /// For its own thread.
    #[inline]
    fn write(&self, slot: u32, sequence: u32) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        if written - self.read.load(Ordering::Acquire) == ROOM as u64 {
            return false;
        }
        let note = u64::from(slot) << 32 | u64::from(sequence);
        self.notes[written as usize % ROOM].store(note, Ordering::Relaxed);
        self.written.store(written + 1, Ordering::Release);
        true
    }
}

impl Notes {
    pub(super) fn new() -> Self {
        Self(Stripes::new())
    }

    /// Notes a hit of `thread`, which is this one, on the entry at `slot`, if there is room.
    #[inline]
    pub(super) fn write(&self, thread: usize, slot: u32, sequence: u32) -> bool {
        self.0.of(thread).get_or_init(Box::default).write(slot, sequence)
    }

    /// The same, unless it takes more than that: then nothing is noted.
    #[inline]
    pub(super) fn write_at_once(&self, thread: usize, slot: u32, sequence: u32) -> bool {
        self.0.at_once(thread).and_then(OnceLock::get).is_some_and(|log| log.write(slot, sequence))
    }

    /// Hands out, and forgets, the notes of `thread`: slots and the lower halves of sequence numbers, in order. For one reader at a time.
    pub(super) fn read(&self, thread: usize, mut each: impl FnMut(u32, u32)) {
        let Some(log) = self.0.of(thread).get() else { return };
        let (read, written) = (log.read.load(Ordering::Relaxed), log.written.load(Ordering::Acquire));
        if read == written {
            return;
        }
        for number in read..written {
            let note = log.notes[number as usize % ROOM].load(Ordering::Relaxed);
            each((note >> 32) as u32, note as u32);
        }
        log.read.store(written, Ordering::Release);
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_once_in_order_and_refused_when_there_is_no_room() {
        let notes = Notes::new();
        for round in 0..3_u32 {
            assert!((0..ROOM as u32).all(|slot| notes.write(0, slot, round)));
            assert!(!notes.write(0, 1, 1));
            let mut read = Vec::new();
            notes.read(0, |slot, place| read.push((slot, place)));
            assert_eq!(read, (0..ROOM as u32).map(|slot| (slot, round)).collect::<Vec<_>>());
        }
        notes.read(1, |_, _| panic!("nobody wrote here"));
    }
}
