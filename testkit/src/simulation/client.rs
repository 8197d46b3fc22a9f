//! One who uses the tower: reads, writes, clears, and sometimes leaves before the answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use larder_core::{Entry, Lookup, Result, Store, StoreExt};

use super::chance::is_simulated;
use super::history::{Floor, History, shown};
use super::settings::{Settings, Writes};
use super::world::World;

/// A client of `tower`.
pub(super) struct Client<S> {
    number: u64,
    settings: Settings,
    world: World,
    tower: Arc<S>,
}

impl<S: Store<Key = u64, Value = u64>> Client<S> {
    pub(super) fn new(number: u64, settings: Settings, world: &World, tower: &Arc<S>) -> Self {
        Self { number, settings, world: world.clone(), tower: Arc::clone(tower) }
    }

    /// Does all that this client has to do.
    pub(super) async fn run(self) {
        for _ in 0..self.settings.operations {
            self.wait(12).await;
            self.act().await;
        }
        self.say("is done");
    }

    async fn act(&self) {
        let key = self.below(self.history().keys());
        match self.below(20) {
            0..=8 => self.read(key).await,
            9 => self.read_many().await,
            10..=15 => self.write(key, Some(self.history().new_value())).await,
            16 | 17 => self.write(key, None).await,
            18 => self.clear().await,
            _ => self.flush().await,
        }
    }

    async fn read(&self, key: u64) {
        self.say(&format!("get {key}"));
        let floor = self.history().floor(key);
        let _reading = self.history().reading(&[key]);
        let at_once = if self.below(4) == 0 { self.tower.get_now(&key).filter(Lookup::is_hit) } else { None };
        let answer = match at_once {
            Some(hit) => Some(Ok(hit)),
            None => self.patiently(self.tower.get(&key)).await,
        };
        match answer {
            Some(Ok(found)) => self.has_read(key, found.value(), floor),
            other => self.says_of(&format!("get {key}"), other.map(|failed| failed.map(drop))),
        }
    }

    async fn read_many(&self) {
        let first = self.below(self.history().keys());
        let keys: Vec<_> = (0..=self.below(3)).map(|step| (first + step) % self.history().keys()).collect();
        self.say(&format!("get {keys:?}"));
        let floors: Vec<_> = keys.iter().map(|key| self.history().floor(*key)).collect();
        let _reading = self.history().reading(&keys);
        match self.patiently(self.tower.get_many(&keys)).await {
            Some(Ok(found)) if found.len() == keys.len() => {
                for ((key, floor), found) in keys.into_iter().zip(floors).zip(found) {
                    self.has_read(key, found.value(), floor);
                }
            }
            Some(Ok(_)) => self.history().accuse("a batch of look-ups has another number of answers"),
            other => self.says_of(&format!("get {keys:?}"), other.map(|failed| failed.map(drop))),
        }
    }

    fn has_read(&self, key: u64, value: Option<u64>, floor: Floor) {
        self.say(&format!("get {key} = {}", shown(value)));
        if value.is_none() && self.settings.keeps_misses {
            return;
        }
        let who = format!("client {} reads", self.number);
        self.history().judge(&who, key, value, floor);
    }

    async fn write(&self, key: u64, value: Option<u64>) {
        match self.settings.writes {
            Writes::Through => self.write_through(key, value).await,
            Writes::Behind if self.history().reserve(key) => {
                self.write_behind(key, value).await;
                self.history().release(key);
            }
            Writes::Behind => self.read(key).await,
        }
    }

    /// Changes the origin, then tells the tower until it has heard.
    async fn write_behind(&self, key: u64, value: Option<u64>) {
        let doing = format!("write {key} = {} at the origin", shown(value));
        self.say(&doing);
        let write = self.history().begin_write(key, value);
        self.history().set_row(key, value);
        if self.below(2) == 0 {
            self.wait(20).await;
        }
        let mut told = match value {
            Some(value) if self.below(3) == 0 => self.change(key, Some(value)).await,
            _ if self.below(8) == 0 => self.clear_now().await,
            _ => self.change(key, None).await,
        };
        while !told {
            self.wait(10).await;
            told = self.change(key, None).await;
        }
        self.history().end_write(key, write, true);
        self.say(&format!("{doing}: acknowledged"));
    }

    /// Leaves the origin to the tower.
    async fn write_through(&self, key: u64, value: Option<u64>) {
        let write = self.history().begin_write(key, value);
        let mut done = self.change(key, value).await;
        while !done && self.below(2) == 0 {
            self.wait(10).await;
            done = self.change(key, value).await;
        }
        self.history().end_write(key, write, done);
    }

    async fn change(&self, key: u64, value: Option<u64>) -> bool {
        let doing = value.map_or_else(|| format!("remove {key}"), |value| format!("insert {key} = {value}"));
        self.say(&doing);
        let batch = self.below(6) == 0;
        let outcome = match value {
            Some(value) if batch => {
                self.patiently(self.tower.insert_many(vec![(key, Entry::new(value))])).await
            }
            Some(value) => self.patiently(self.tower.put(key, value)).await,
            None if batch => self.patiently(async { self.tower.remove_many(&[key]).await.map(drop) }).await,
            None => self.patiently(async { self.tower.remove(&key).await.map(drop) }).await,
        };
        let done = matches!(outcome, Some(Ok(())));
        self.says_of(&doing, outcome);
        done
    }

    async fn clear(&self) {
        self.clear_now().await;
    }

    async fn clear_now(&self) -> bool {
        self.say("clear");
        let keys = self.history().keys();
        (0..keys).for_each(|key| self.history().begin_change(key));
        let outcome = self.patiently(self.tower.clear()).await;
        (0..keys).for_each(|key| self.history().end_change(key));
        let done = matches!(outcome, Some(Ok(())));
        self.says_of("clear", outcome);
        done
    }

    async fn flush(&self) {
        self.say("flush");
        let keys = 0..self.history().keys();
        let floors: Vec<_> = keys.map(|key| self.history().floor(key)).collect();
        let outcome = self.patiently(self.tower.flush()).await;
        if matches!(outcome, Some(Ok(()))) {
            for (key, floor) in (0..).zip(floors) {
                let row = self.history().row(key);
                self.history().judge("after a flush the origin has", key, row, floor);
            }
        }
        self.says_of("flush", outcome);
    }

    /// Waits for `call`; but now and then not to the end. A panic that the tower lets through is no answer, either.
    async fn patiently<T>(&self, call: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        let leaves = self.world.chance.goes_on() && self.below(6) == 0;
        let mut patience = leaves.then(|| self.world.env().sleep(Duration::from_millis(self.below(15))));
        let mut call = pin!(call);
        poll_fn(|context| {
            match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
                Ok(Poll::Ready(answer)) => return Poll::Ready(Some(answer)),
                Ok(Poll::Pending) => {}
                Err(payload) if is_simulated(&*payload) => return Poll::Ready(None),
                Err(payload) => resume_unwind(payload),
            }
            patience.as_mut().map_or(Poll::Pending, |patience| patience.as_mut().poll(context).map(|()| None))
        })
        .await
    }

    async fn wait(&self, most: u64) {
        self.world.env().sleep(Duration::from_millis(self.below(most))).await;
    }

    fn below(&self, bound: u64) -> u64 {
        self.world.chance.below(bound)
    }

    fn history(&self) -> &History {
        &self.world.history
    }

    fn says_of(&self, doing: &str, outcome: Option<Result<()>>) {
        self.say(&match outcome {
            None => format!("{doing}: left"),
            Some(Ok(())) => format!("{doing}: done"),
            Some(Err(error)) => format!("{doing}: {error}"),
        });
    }

    fn say(&self, what: &str) {
        self.history().say(&format!("client {}: {what}", self.number));
    }
}
