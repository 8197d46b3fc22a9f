//! Engines for the tests of `Leased`: one that answers at once, one that takes its time, one that loses entries.

#![allow(dead_code, reason = "each test file has use for some of them")]

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::{Poll, Waker};

use larder_core::{Entry, Error, ErrorKind, Plain, Random, Result, Time};

/// A map under a lock, which answers at once.
#[derive(Default)]
pub(crate) struct Map(pub(crate) Mutex<BTreeMap<u64, Entry<u64>>>);

impl Map {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Entry<u64>>> {
        self.0.lock().unwrap()
    }
}

impl Plain for Map {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        Ok(self.lock().get(key).cloned())
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.lock().insert(key, entry);
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        Ok(self.lock().remove(key))
    }
    async fn clear(&self) -> Result<()> {
        self.lock().clear();
        Ok(())
    }
    fn get_now(&self, key: &u64) -> Option<Option<Entry<u64>>> {
        Some(self.lock().get(key).cloned())
    }
    fn prune(&self, now: Time) -> usize {
        let mut map = self.lock();
        let before = map.len();
        map.retain(|_, entry| entry.life().is_usable(now));
        before - map.len()
    }
    fn entries(&self) -> u64 {
        self.lock().len() as u64
    }
}

/// A map that lets others go first, now and then, before and after it does what it is asked.
pub(crate) struct Slow {
    map: Map,
    random: Random,
}

impl Slow {
    pub(crate) fn new(random: Random) -> Self {
        Self { map: Map::default(), random }
    }

    async fn lets_others_go(&self) {
        let mut left = self.random.next() % 3;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl Plain for Slow {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.lets_others_go().await;
        let found = self.map.get(key).await;
        self.lets_others_go().await;
        found
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.lets_others_go().await;
        self.map.insert(key, entry).await?;
        self.lets_others_go().await;
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.lets_others_go().await;
        let removed = self.map.remove(key).await;
        self.lets_others_go().await;
        removed
    }
    async fn clear(&self) -> Result<()> {
        self.lets_others_go().await;
        self.map.clear().await?;
        self.lets_others_go().await;
        Ok(())
    }
}

/// A map with room for three, which lets go of the lowest key.
#[derive(Default)]
pub(crate) struct Small(pub(crate) Map);

impl Plain for Small {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.0.get(key).await
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.0.insert(key, entry).await?;
        let mut map = self.0.lock();
        if map.len() > 3 {
            map.pop_first();
        }
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.0.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear().await
    }
}

/// A map whose changes wait at a door: each until it is let through, or fails.
#[derive(Default)]
pub(crate) struct Parked {
    map: Map,
    door: Mutex<Door>,
}

#[derive(Default)]
struct Door {
    waiting: usize,
    /// For each change that may go on, whether it succeeds.
    verdicts: VecDeque<bool>,
    wakers: Vec<Waker>,
}

impl Parked {
    /// How many changes wait at the door.
    pub(crate) fn waiting(&self) -> usize {
        self.door.lock().unwrap().waiting
    }

    /// Lets one change through.
    pub(crate) fn release(&self) {
        self.decide(true);
    }

    /// Lets one change fail.
    pub(crate) fn fail(&self) {
        self.decide(false);
    }

    fn decide(&self, verdict: bool) {
        let mut door = self.door.lock().unwrap();
        door.verdicts.push_back(verdict);
        door.wakers.drain(..).for_each(Waker::wake);
    }

    async fn pass(&self) -> Result<()> {
        let _here = Here::at(&self.door);
        poll_fn(|context| {
            let mut door = self.door.lock().unwrap();
            match door.verdicts.pop_front() {
                Some(true) => Poll::Ready(Ok(())),
                Some(false) => Poll::Ready(Err(Error::new(ErrorKind::Store, "changing"))),
                None => {
                    door.wakers.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// One who waits at the door, for as long as it lives.
struct Here<'a>(&'a Mutex<Door>);

impl<'a> Here<'a> {
    fn at(door: &'a Mutex<Door>) -> Self {
        door.lock().unwrap().waiting += 1;
        Self(door)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().waiting -= 1;
    }
}

impl Plain for Parked {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.map.get(key).await
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.pass().await?;
        self.map.insert(key, entry).await
    }
    async fn remove(&self, key: &u64) -> Result<Option<Entry<u64>>> {
        self.pass().await?;
        self.map.remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.pass().await?;
        self.map.clear().await
    }
}
