//! Write-behind against a model: whatever fails, the last acknowledged write of each key is what readers see, and what the
//! origin has in the end.

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_core::{
    BoxFuture, Change, Entry, Env, Error, Filled, Lease, Lookup, MemoryOptions, Result, Store, StoreExt,
    Writer,
};
use larder_patterns::{Batch, PatternExt};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{Faulty, Manual, MapOrigin, MapStore, Op};
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};

const SECOND: Duration = Duration::from_secs(1);
const KEYS: u64 = 4;

/// A store whose writes have all reached the origin before they return: what the suite judges is the rest.
struct Drained<S>(S);

impl<S: Store> Store for Drained<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.0.get(key).await
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.0.get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.0.lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.0.fill(key, entry, lease).await
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.0.insert(key, entry).await?;
        self.0.flush().await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let removed = self.0.remove(key).await?;
        self.0.flush().await?;
        Ok(removed)
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear().await
    }
    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.0.get_many(keys).await
    }
    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.0.fill_many(entries).await
    }
    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        self.0.insert_many(entries).await?;
        self.0.flush().await
    }
    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let removed = self.0.remove_many(keys).await?;
        self.0.flush().await?;
        Ok(removed)
    }
    async fn flush(&self) -> Result<()> {
        self.0.flush().await
    }
    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}

#[test]
fn it_keeps_the_contract_of_a_store_once_its_writes_have_arrived() {
    let (env, manual) = Env::manual();
    let options = || Options::manual(|n| n, |n| n, &manual);
    let engine = || MemoryOptions::<u64, u64>::new(10_000).env(&env).build(Lru::new);
    let origin = MapOrigin::<u64, u64>::new;
    let map = async || Drained(MapStore::new(&env).write_behind(origin(), Batch::of(4), &env));
    manual.block_on(conforms(map, &options()));
    let memory = async || Drained(engine().write_behind(origin(), Batch::of(4), &env));
    manual.block_on(conforms(memory, &options().coarse_leases()));
}

/// A map with a writer that fails before it writes, after, halfway through a batch, or never.
#[derive(Clone, Default)]
struct Unreliable {
    origin: MapOrigin<u64, u64>,
    mode: Arc<AtomicUsize>,
}

const MODES: usize = 5;

impl Writer<u64, u64> for Unreliable {
    fn write<'a>(&'a self, change: &'a Change<u64, u64>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<u64, u64>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let failed = Err(Error::write("a scripted fault"));
            match self.mode.load(Ordering::Relaxed) {
                0 => self.origin.write_many(changes).await,
                1 => failed,
                2 => self.origin.write_many(changes).await.and(failed),
                3 => self.origin.write_many(&changes[..changes.len() / 2]).await.and(failed),
                _ => panic!("a scripted panic"),
            }
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64),
    InsertMany(u64),
    Remove(u64),
    RemoveMany(u64),
    Load(u64),
    FillLater,
    Evict(u64),
    Clear,
    Tick,
    Pass(u64),
    Origin(usize),
    Cache(usize),
    Drop(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS;
    prop_oneof![
        6 => key().prop_map(Step::Insert),
        2 => key().prop_map(Step::InsertMany),
        3 => key().prop_map(Step::Remove),
        1 => key().prop_map(Step::RemoveMany),
        4 => key().prop_map(Step::Load),
        3 => Just(Step::FillLater),
        2 => key().prop_map(Step::Evict),
        1 => Just(Step::Clear),
        6 => Just(Step::Tick),
        4 => (0_u64..2_000).prop_map(Step::Pass),
        3 => (0..MODES).prop_map(Step::Origin),
        2 => (0_usize..5).prop_map(Step::Cache),
        1 => key().prop_map(Step::Drop),
    ]
}

type Values = BTreeMap<u64, Option<u64>>;

/// A run: the store, what a reader must see, and loads that have not been filled yet.
struct Run<S: Store> {
    store: S,
    manual: Manual,
    writer: Unreliable,
    model: Values,
    loads: Vec<(u64, Option<u64>, Lease)>,
    values: u64,
}

impl<S: Store<Key = u64, Value = u64>> Run<S> {
    fn fresh_value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }

    async fn insert(&mut self, key: u64) {
        let value = self.fresh_value();
        self.store.put(key, value).await.unwrap();
        self.model.insert(key, Some(value));
    }

    async fn insert_many(&mut self, key: u64) {
        let writes: Vec<_> = [key, (key + 1) % KEYS, key].map(|key| (key, self.fresh_value())).into();
        self.store
            .insert_many(writes.iter().map(|(key, value)| (*key, (*value).into())).collect())
            .await
            .unwrap();
        self.model.extend(writes.into_iter().map(|(key, value)| (key, Some(value))));
    }

    async fn remove_many(&mut self, key: u64) {
        let keys = [key, (key + 2) % KEYS];
        self.store.remove_many(&keys).await.unwrap();
        self.model.extend(keys.map(|key| (key, None)));
    }

    /// What a caller does who reads through: under the lease of a miss, what the origin has now; but later.
    async fn load(&mut self, key: u64) {
        if let Ok(Lookup::Miss(lease)) = self.store.get(&key).await {
            self.loads.push((key, self.writer.origin.get(&key), lease));
        }
    }

    async fn fill(&mut self) {
        let Some((key, Some(row), lease)) = self.loads.pop() else { return };
        let _ = self.store.fill(key, row.into(), lease).await;
    }

    /// A look-up finds the last acknowledged write or, if it has reached the origin, nothing.
    async fn check(&self) {
        for key in 0..KEYS {
            let expected = self.model.get(&key).copied().flatten();
            match self.store.get(&key).await {
                Ok(Lookup::Hit(entry)) => assert_eq!(Some(*entry.value()), expected, "key {key}"),
                Ok(Lookup::Miss(_)) if expected.is_some() => {
                    assert_eq!(self.writer.origin.get(&key), expected, "key {key} is nowhere");
                }
                _ => {}
            }
        }
    }

    async fn recover(&mut self) {
        self.writer.mode.store(0, Ordering::Relaxed);
        for _ in 0..100 {
            self.manual.run();
            self.manual.advance(SECOND);
        }
        self.store.flush().await.unwrap();
        for (key, expected) in &self.model {
            assert_eq!(self.writer.origin.get(key), *expected, "key {key} at the origin");
        }
    }
}

proptest! {
    #[test]
    fn the_last_acknowledged_write_is_seen_and_arrives(steps in proptest::collection::vec(step(), 0..80)) {
        let (env, manual) = Env::manual();
        let writer = Unreliable::default();
        let engine = MemoryOptions::<u64, u64>::new(2).env(&env).build(Lru::new);
        let cached = Faulty::new(engine, &env).shared();
        let batch = Batch::of(3).back_off(SECOND / 10, SECOND);
        let store = cached.clone().write_behind(writer.clone(), batch, &env);
        let mut run =
            Run { store, manual: manual.clone(), writer, model: Values::new(), loads: Vec::new(), values: 0 };
        manual.block_on(async {
            for step in steps {
                match step {
                    Step::Insert(key) => run.insert(key).await,
                    Step::InsertMany(key) => run.insert_many(key).await,
                    Step::Remove(key) => {
                        run.store.remove(&key).await.unwrap();
                        run.model.insert(key, None);
                    }
                    Step::RemoveMany(key) => run.remove_many(key).await,
                    Step::Load(key) => run.load(key).await,
                    Step::FillLater => run.fill().await,
                    Step::Evict(key) => drop(cached.inner().remove(&key)),
                    Step::Clear => cached.inner().clear(),
                    Step::Tick => drop(manual.step()),
                    Step::Pass(millis) => manual.advance(Duration::from_millis(millis)),
                    Step::Origin(mode) => run.writer.mode.store(mode, Ordering::Relaxed),
                    Step::Cache(0) => cached.faults().lift_all(),
                    Step::Cache(nth) => {
                        let op = [Op::Insert, Op::Remove][nth % 2];
                        let rule = cached.on(op).first(2);
                        drop(if nth < 3 { rule.fail() } else { rule.lose_reply() });
                    }
                    Step::Drop(key) => {
                        let hang = cached.on(Op::Insert).hang();
                        let value = run.fresh_value();
                        let mut write = Box::pin(run.store.put(key, value));
                        // Queued by now; it hangs in the cache, unless another fault was faster.
                        let _ = common::poll_once(&mut write);
                        drop(write);
                        hang.lift();
                        run.model.insert(key, Some(value));
                    }
                }
                run.check().await;
            }
            cached.faults().lift_all();
            run.recover().await;
            run.check().await;
        });
        assert_eq!(manual.run(), 0, "and the task ends");
    }

    /// No value older than one that the origin has is ever written after it.
    #[test]
    fn the_origin_never_goes_back(steps in proptest::collection::vec((0..KEYS, 0..MODES, 0_u64..400), 0..60)) {
        let (env, manual) = Env::manual();
        let writer = Unreliable::default();
        let newest = Arc::new(Mutex::new(BTreeMap::<u64, u64>::new()));
        let store = MapStore::new(&env).write_behind(writer.clone(), Batch::of(3).every(SECOND / 5), &env);
        manual.block_on(async {
            for (value, (key, mode, millis)) in steps.into_iter().enumerate() {
                store.put(key, value as u64).await.unwrap();
                writer.mode.store(mode, Ordering::Relaxed);
                manual.run();
                manual.advance(Duration::from_millis(millis));
            }
            writer.mode.store(0, Ordering::Relaxed);
        });
        (0..100).for_each(|_| {
            manual.run();
            manual.advance(SECOND);
        });
        for change in writer.origin.log() {
            let value = *change.value().unwrap();
            let before = newest.lock().unwrap().insert(*change.key(), value);
            assert!(before.is_none_or(|before| before <= value));
        }
    }
}
