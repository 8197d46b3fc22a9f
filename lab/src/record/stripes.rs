//! Where callers leave what they noted: short lists behind short locks, emptied together into a batch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event::Event;

/// How many lists. A key always has the same, so that what happens to it stays in order.
const STRIPES: usize = 16;
/// A list that is as long is emptied, and all others with it.
const ROOM: usize = 64;
/// A list is never longer: who comes then goes unnoted.
const MOST: usize = 2 * ROOM;
/// How many batches may be on their way.
const BATCHES: usize = 32;

/// Some events, in the order of their stripes.
pub(super) type Batch = Vec<Event>;

/// Lists that callers add to. Nothing is allocated after the beginning: batches go around.
pub(super) struct Stripes {
    lists: Vec<Stripe>,
    spare: Mutex<Vec<Batch>>,
    /// `None` once the recording has ended.
    sender: Mutex<Option<SyncSender<Batch>>>,
    lost: AtomicU64,
}

/// Apart from its neighbours in memory, so that threads don't disturb one another.
#[repr(align(128))]
struct Stripe(Mutex<Vec<Event>>);

impl Stripes {
    /// Empty lists, and where their batches arrive.
    pub(super) fn new() -> (Self, Receiver<Batch>) {
        let (sender, receiver) = sync_channel(BATCHES);
        let spare = (0..BATCHES).map(|_| Vec::with_capacity(STRIPES * MOST)).collect();
        let stripes = Self {
            lists: (0..STRIPES).map(|_| Stripe(Mutex::new(Vec::with_capacity(MOST)))).collect(),
            spare: Mutex::new(spare),
            sender: Mutex::new(Some(sender)),
            lost: AtomicU64::new(0),
        };
        (stripes, receiver)
    }

    /// Notes `event`, unless all lists are full and all batches on their way: then it is counted as lost.
    pub(super) fn push(&self, event: Event) {
        let spread = event.key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut list = locked(&self.lists[spread as usize % STRIPES].0);
        if list.len() == MOST {
            self.lose(1);
        } else {
            list.push(event);
        }
        let is_full = list.len() >= ROOM;
        drop(list);
        if is_full {
            self.send();
        }
    }

    /// Sends what all lists have, if there is a batch to put it into and nobody else is about to: batches leave in the order
    /// in which they were filled.
    fn send(&self) {
        let Ok(sender) = self.sender.try_lock() else { return };
        let Some(sender) = &*sender else { return };
        let Some(mut batch) = locked(&self.spare).pop() else { return };
        self.empty_into(&mut batch);
        // As many batches fit as there are, so this fails only once nobody listens any more.
        if let Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) = sender.try_send(batch) {
            self.lose(batch.len());
            self.give_back(batch);
        }
    }

    fn empty_into(&self, batch: &mut Batch) {
        for list in &self.lists {
            batch.append(&mut locked(&list.0));
        }
    }

    /// Takes an emptied batch back.
    pub(super) fn give_back(&self, mut batch: Batch) {
        batch.clear();
        locked(&self.spare).push(batch);
    }

    /// Sends what is left, however long that takes, and no more after it.
    pub(super) fn end(&self) {
        let sender = locked(&self.sender).take();
        let Some(sender) = sender else { return };
        let mut batch = Vec::new();
        self.empty_into(&mut batch);
        let _ = sender.send(batch);
    }

    /// Counts events that are not recorded.
    pub(super) fn lose(&self, events: usize) {
        self.lost.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// How many events are not recorded.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::event::Kind;

    fn event(key: u64, at: u64) -> Event {
        Event::new(Kind::Hit, key, at, 1)
    }

    #[test]
    fn what_nobody_takes_is_counted_and_never_waited_for() {
        let (stripes, batches) = Stripes::new();
        let events = 1_000_000;
        (0..events).for_each(|at| stripes.push(event(at, at)));
        let lost = stripes.lost();
        assert!(lost > events / 2, "{lost} of {events}");
        let taken: usize = batches.try_iter().map(|batch| batch.len()).sum();
        let left: usize = stripes.lists.iter().map(|list| locked(&list.0).len()).sum();
        assert_eq!(lost + taken as u64 + left as u64, events);
        assert!(taken + left <= (BATCHES + 1) * STRIPES * MOST, "memory is bounded");
    }

    #[test]
    fn what_happens_to_a_key_stays_in_order() {
        let (stripes, batches) = Stripes::new();
        (0..10_000).for_each(|at| stripes.push(event(at % 7, at)));
        std::thread::scope(|scope| {
            let last = scope.spawn(move || batches.iter().flatten().collect::<Vec<Event>>());
            stripes.end();
            let all = last.join().unwrap();
            for key in 0..7 {
                let times = all.iter().filter(|event| event.key == key).map(|event| event.at);
                assert!(times.is_sorted(), "key {key}");
            }
            assert_eq!(all.len() as u64 + stripes.lost(), 10_000);
        });
    }
}
