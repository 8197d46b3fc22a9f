//! A durable queue whose process ends at any moment, and begins again over what its journal still has.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use larder_core::{
    BoxFuture, Change, Codec, Context, Entry, Env, Error, ErrorKind, Filled, Journal, Lease, Lookup, Record,
    Recovered, Result, Spawner, Store,
};
use larder_patterns::{Batch, PatternExt, ReadThrough, WriteBehind};
use larder_testkit::simulation::{SimulatedDisk, SimulatedJournal, SimulatedOrigin, SimulatedStore, World};
use tokio::sync::{Mutex, Notify};

use super::{Engine, MS, engine};

type Queue = WriteBehind<ReadThrough<SimulatedStore<Engine>, SimulatedOrigin>, SimulatedOrigin>;

/// The queue as a store. Clearing ends its process: the cache is empty then, and the journal has the queue.
pub(crate) struct Mortal {
    world: World,
    disk: SimulatedDisk,
    life: Mutex<Option<Arc<Life>>>,
    is_hasty: bool,
}

/// One process with what it runs.
struct Life {
    process: Arc<Process>,
    queue: Queue,
}

#[derive(Default)]
struct Process {
    has_ended: AtomicBool,
    end: Notify,
}

impl Process {
    fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
        self.end.notify_waiters();
    }

    /// Does `work` for as long as the process lives; nothing of it afterwards.
    async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let (mut end, mut work) = (pin!(self.end.notified()), pin!(work));
        end.as_mut().enable();
        poll_fn(|context| {
            if self.has_ended.load(Ordering::SeqCst) || end.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }
}

/// Runs tasks that end with their process.
struct Within {
    world: Env,
    process: Arc<Process>,
}

impl Spawner for Within {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        let process = Arc::clone(&self.process);
        self.world.spawn(async move { process.run(task).await.unwrap_or_default() })
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.world.sleep(duration)
    }
}

impl Mortal {
    pub(crate) fn new(world: &World) -> Self {
        Self { world: world.clone(), disk: world.disk(), life: Mutex::default(), is_hasty: false }
    }

    /// The same over a journal that acknowledges before it has synced.
    pub(crate) fn hasty(world: &World) -> Self {
        Self { is_hasty: true, ..Self::new(world) }
    }

    /// The process; a new one, with what it recovers, if the last has ended.
    async fn life(&self) -> Result<Arc<Life>> {
        let mut life = self.life.lock().await;
        if let Some(life) = &*life {
            return Ok(Arc::clone(life));
        }
        let (world, process) = (&self.world, Arc::new(Process::default()));
        let within = Within { world: world.env().clone(), process: Arc::clone(&process) };
        let env = Env::new(world.env().clock().clone(), within, world.env().random().clone());
        let cache = world.watched(engine(world)).read_through_in(world.origin(), &env);
        let batch = Batch::of(2).every(15 * MS).capacity(3).back_off(5 * MS, 20 * MS);
        let queue = cache.write_behind(world.origin(), batch, &env);
        let queue = if self.is_hasty {
            queue.durable(Hasty(self.disk.open()), Bytes).await?
        } else {
            queue.durable(self.disk.open(), Bytes).await?
        };
        Ok(Arc::clone(life.insert(Arc::new(Life { process, queue }))))
    }

    async fn in_life<T>(&self, work: impl AsyncFnOnce(&Queue) -> Result<T>) -> Result<T> {
        let life = self.life().await?;
        let ended = || Err(Error::new(ErrorKind::Cancelled, "asking a process that has ended"));
        life.process.run(work(&life.queue)).await.unwrap_or_else(ended)
    }
}

impl Store for Mortal {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        self.in_life(async |queue| queue.get(key).await).await
    }
    fn get_now(&self, key: &u64) -> Option<Lookup<u64>> {
        self.life.try_lock().ok()?.as_ref()?.queue.get_now(key)
    }
    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.in_life(async |queue| queue.lease(key).await).await
    }
    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        self.in_life(async |queue| queue.fill(key, entry, lease).await).await
    }
    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        self.in_life(async |queue| queue.insert(key, entry).await).await
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        self.in_life(async |queue| queue.remove(key).await).await
    }
    async fn clear(&self) -> Result<()> {
        if let Some(life) = self.life.lock().await.take() {
            life.process.end();
            self.disk.crash();
        }
        Ok(())
    }
    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        self.in_life(async |queue| queue.get_many(keys).await).await
    }
    async fn insert_many(&self, entries: Vec<(u64, Entry<u64>)>) -> Result<()> {
        self.in_life(async |queue| queue.insert_many(entries).await).await
    }
    async fn remove_many(&self, keys: &[u64]) -> Result<usize> {
        self.in_life(async |queue| queue.remove_many(keys).await).await
    }
    async fn flush(&self) -> Result<()> {
        self.in_life(async |queue| queue.flush().await).await
    }
}

/// Says that it has appended when it has begun to.
struct Hasty(SimulatedJournal);

impl Journal for Hasty {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        let mut append = self.0.append(records);
        let begun = append.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop()));
        Box::pin(async move { if let Poll::Ready(outcome) = begun { outcome } else { Ok(()) } })
    }
    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        self.0.settle(sequences)
    }
    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        self.0.recover()
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.close()
    }
}

/// A change as bytes: the key, and the value if there is one.
struct Bytes;

impl Codec for Bytes {
    type Plain = Change<u64, u64>;
    type Encoded = Vec<u8>;

    fn encode(&self, change: &Change<u64, u64>, _: &Context<'_>) -> Result<Vec<u8>> {
        let value = change.value().map(|value| value.to_le_bytes());
        Ok(change.key().to_le_bytes().into_iter().chain(value.into_iter().flatten()).collect())
    }

    fn decode(&self, bytes: &Vec<u8>, _: &Context<'_>) -> Result<Change<u64, u64>> {
        let wrong = || Error::new(ErrorKind::Codec, "decoding a change");
        let (key, value) = bytes.split_first_chunk().ok_or_else(wrong)?;
        let key = u64::from_le_bytes(*key);
        if value.is_empty() {
            return Ok(Change::Delete(key));
        }
        let value = value.try_into().map_err(|_| wrong())?;
        Ok(Change::Put(key, u64::from_le_bytes(value)))
    }
}
