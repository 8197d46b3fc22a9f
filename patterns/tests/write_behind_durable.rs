//! What durable write-behind promises: an acknowledged write outlives the process, and an older one never stands over it.

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use common::{kind, poll_once, start};
use larder_core::{
    BoxFuture, Change, Codec, Context, Env, Error, ErrorKind, Journal, Record, Recovered, Result, Store,
    StoreExt,
};
use larder_patterns::{Batch, PatternExt, WriteBehind};
use larder_testkit::{Manual, MapOrigin, MapStore, WriteGate};
use proptest::prelude::{Strategy, prop_oneof, proptest};

const SECOND: Duration = Duration::from_secs(1);

/// A journal in memory: the effects of its calls in their order, of which a crash keeps a part. Fails when told.
#[derive(Clone, Default)]
struct MemoryJournal(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    effects: Vec<Effect>,
    /// How many effects an acknowledged append vouches for.
    vouched: usize,
    appends: Fault,
    settlements: Fault,
    damaged: u64,
    closed: bool,
    /// How long an append takes.
    delay: Option<(Env, Duration)>,
}

#[derive(Clone)]
enum Effect {
    Append(Record),
    Settle(u64),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    Before,
    Short,
    After,
}

const FAULTS: [Fault; 4] = [Fault::None, Fault::Before, Fault::Short, Fault::After];

impl MemoryJournal {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap()
    }

    /// The journal that the next process finds: all that is vouched for, and some of the rest.
    fn crashed(&self, cut: usize) -> Self {
        let log = self.log();
        let unsure = log.effects.len() - log.vouched;
        let effects = log.effects[..log.vouched + cut % (unsure + 1)].to_vec();
        Self(Arc::new(Mutex::new(Log { vouched: effects.len(), effects, ..Log::default() })))
    }

    fn sequences(&self) -> Vec<u64> {
        self.log().unsettled().into_keys().collect()
    }
}

impl Log {
    fn write(&mut self, effects: Vec<Effect>, fault: Fault) -> Result<()> {
        let len = match fault {
            Fault::Before => 0,
            Fault::Short => effects.len() / 2,
            Fault::None | Fault::After => effects.len(),
        };
        self.effects.extend(effects.into_iter().take(len));
        if fault == Fault::None {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Store, "a scripted fault of the disk"))
        }
    }

    fn unsettled(&self) -> BTreeMap<u64, Record> {
        let mut records = BTreeMap::new();
        for effect in &self.effects {
            match effect {
                Effect::Append(record) => records.insert(record.sequence, record.clone()),
                Effect::Settle(sequence) => records.remove(sequence),
            };
        }
        records
    }
}

impl Journal for MemoryJournal {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            {
                let mut log = self.log();
                let fault = log.appends;
                log.write(records.into_iter().map(Effect::Append).collect(), fault)?;
            }
            let delay = self.log().delay.clone();
            if let Some((env, delay)) = delay {
                env.sleep(delay).await;
            }
            let mut log = self.log();
            log.vouched = log.effects.len();
            Ok(())
        })
    }

    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut log = self.log();
            let fault = log.settlements;
            log.write(sequences.into_iter().map(Effect::Settle).collect(), fault)
        })
    }

    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        let log = self.log();
        let recovered = Recovered { records: log.unsettled().into_values().collect(), damaged: log.damaged };
        Box::pin(async move { Ok(recovered) })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.log().closed = true;
        Box::pin(async { Ok(()) })
    }
}

/// A change as bytes: what it is, the key, the value.
struct Bytes;

impl Codec for Bytes {
    type Plain = Change<u64, u64>;
    type Encoded = Vec<u8>;

    fn encode(&self, change: &Change<u64, u64>, _: &Context<'_>) -> Result<Vec<u8>> {
        let value = change.value().map(|value| value.to_le_bytes());
        if value == Some(u64::MAX.to_le_bytes()) {
            return Err(Error::new(ErrorKind::Codec, "encoding a number"));
        }
        Ok(change.key().to_le_bytes().into_iter().chain(value.into_iter().flatten()).collect())
    }

    fn decode(&self, bytes: &Vec<u8>, _: &Context<'_>) -> Result<Change<u64, u64>> {
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes);
        let wrong = |_| Error::new(ErrorKind::Codec, "decoding a change");
        match bytes.split_at_checked(8) {
            Some((key, [])) => Ok(Change::Delete(number(key).map_err(wrong)?)),
            Some((key, value)) => Ok(Change::Put(number(key).map_err(wrong)?, number(value).map_err(wrong)?)),
            None => Err(Error::new(ErrorKind::Codec, "decoding a change")),
        }
    }
}

type Gate = WriteGate<u64, u64>;
type Durable<W> = WriteBehind<MapStore<u64, u64>, W>;

/// What the next process opens.
fn open<W: larder_core::Writer<u64, u64>>(
    journal: &MemoryJournal,
    writer: W,
    batch: Batch<u64, u64>,
) -> (Env, Manual, Result<Durable<W>>) {
    let (env, manual) = Env::manual();
    let store = MapStore::new(&env).write_behind(writer, batch, &env);
    let store = manual.block_on(store.durable(journal.clone(), Bytes));
    (env, manual, store)
}

fn gated(journal: &MemoryJournal) -> (Env, Manual, Durable<Gate>, Gate) {
    let gate = Gate::new();
    let (env, manual, store) = open(journal, gate.clone(), Batch::of(9));
    (env, manual, store.unwrap(), gate)
}

fn value(manual: &Manual, store: &impl Store<Key = u64, Value = u64>, key: u64) -> Option<u64> {
    manual.block_on(store.value(&key)).unwrap()
}

#[test]
fn a_write_is_acknowledged_and_seen_once_it_is_in_the_journal() {
    let journal = MemoryJournal::default();
    let (env, manual, store, _gate) = gated(&journal);
    let store = store.shared();
    journal.log().delay = Some((env.clone(), SECOND));
    let writer = store.clone();
    let write = start(&env, async move { kind(writer.put(1, 10).await) });
    manual.run();
    assert_eq!((write.answer(), value(&manual, &store, 1)), (None, None));
    manual.advance(SECOND);
    manual.run();
    assert_eq!((write.answer(), value(&manual, &store, 1)), (Some(Ok(())), Some(10)));
}

#[test]
fn what_the_origin_has_not_comes_back_and_is_seen_and_written_before_what_follows() {
    let journal = MemoryJournal::default();
    let (_env, manual, store, _gate) = gated(&journal);
    manual.block_on(async {
        store.put(1, 10).await.unwrap();
        store.insert_many(vec![(1, 11.into()), (2, 20.into()), (3, 30.into())]).await.unwrap();
        store.remove(&2).await.unwrap();
    });
    let journal = journal.crashed(usize::MAX);
    let (_env, manual, store, gate) = gated(&journal);
    assert_eq!((store.stats().recovered, store.stats().depth), (5, 3));
    assert_eq!([1, 2, 3].map(|key| value(&manual, &store, key)), [Some(11), None, Some(30)]);
    manual.block_on(store.put(3, 31)).unwrap();
    manual.advance(SECOND);
    manual.run();
    let call = gate.try_next_call().unwrap();
    assert!(*call.asked() == [Change::Put(1, 11), Change::Delete(2), Change::Put(3, 31)]);
    call.answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!((journal.sequences(), store.stats().depth), (vec![], 0));
}

#[test]
fn a_cache_that_outlived_the_process_loses_its_copy_of_what_comes_back() {
    let journal = MemoryJournal::default();
    let (_env, manual, store, _gate) = gated(&journal);
    manual.block_on(store.put(1, 11)).unwrap();
    let (env, manual) = Env::manual();
    let cache = MapStore::new(&env).shared();
    manual.block_on(cache.put(1, 10)).unwrap();
    let store = cache.clone().write_behind(MapOrigin::new(), Batch::of(9), &env);
    let store = manual.block_on(store.durable(journal.crashed(0), Bytes)).unwrap();
    assert_eq!(value(&manual, &store, 1), Some(11));
    manual.block_on(store.flush()).unwrap();
    assert_eq!((value(&manual, &store, 1), value(&manual, &cache, 1)), (None, None));
}

#[test]
fn a_write_that_the_journal_or_the_codec_refuses_is_neither_queued_nor_cached() {
    let journal = MemoryJournal::default();
    let (_env, manual, store, _gate) = gated(&journal);
    manual.block_on(store.put(1, 10)).unwrap();
    for fault in [Fault::Before, Fault::Short, Fault::After] {
        journal.log().appends = fault;
        assert_eq!(kind(manual.block_on(store.put(1, 11))), Err(ErrorKind::Store));
        assert_eq!(kind(manual.block_on(store.remove_many(&[1, 2]))), Err(ErrorKind::Store));
        assert_eq!((value(&manual, &store, 1), value(&manual, store.inner(), 1)), (Some(10), Some(10)));
    }
    journal.log().appends = Fault::None;
    assert_eq!(kind(manual.block_on(store.put(1, u64::MAX))), Err(ErrorKind::Codec));
    assert_eq!((value(&manual, &store, 1), store.stats().depth), (Some(10), 1));
}

#[test]
fn what_was_refused_or_dropped_is_settled_before_anything_newer() {
    let journal = MemoryJournal::default();
    let (env, manual, store, gate) = gated(&journal);
    journal.log().appends = Fault::After;
    assert_eq!(kind(manual.block_on(store.put(1, 11))), Err(ErrorKind::Store));
    journal.log().appends = Fault::None;
    journal.log().delay = Some((env, SECOND));
    let mut write = Box::pin(store.put(1, 12));
    assert!(poll_once(&mut write).is_pending());
    drop(write);
    journal.log().delay = None;
    assert_eq!(store.stats().depth, 0, "it leaves nothing");
    manual.block_on(store.put(1, 13)).unwrap();
    assert_eq!(journal.sequences().len(), 3);
    manual.advance(SECOND);
    manual.run();
    gate.try_next_call().unwrap().answer(());
    manual.run();
    let log = journal.log();
    let settled = log.effects.iter().filter_map(|effect| match effect {
        Effect::Settle(sequence) => Some(*sequence),
        Effect::Append(_) => None,
    });
    let settled: Vec<_> = settled.collect();
    assert_eq!((log.unsettled().len(), settled.last()), (0, Some(&3)));
}

#[test]
fn what_the_journal_could_not_settle_it_is_told_again_in_the_same_order() {
    let journal = MemoryJournal::default();
    let (_env, manual, store) = open(&journal, MapOrigin::new(), Batch::of(9));
    let store = store.unwrap();
    journal.log().settlements = Fault::Before;
    (1..=3).for_each(|value| manual.block_on(store.put(1, value)).unwrap());
    assert_eq!(kind(manual.block_on(store.flush())), Ok(()));
    manual.run();
    assert_eq!((journal.sequences(), store.stats().journal_errors), (vec![1, 2, 3], 1));
    assert_eq!(kind(manual.block_on(store.close())), Err(ErrorKind::Store));
    journal.log().settlements = Fault::None;
    assert_eq!(kind(manual.block_on(store.close())), Ok(()));
    assert!(journal.log().closed);
    let last_three: Vec<_> = journal.log().effects[3..]
        .iter()
        .map(|effect| match effect {
            Effect::Settle(sequence) => *sequence,
            Effect::Append(record) => panic!("{record:?} after close"),
        })
        .collect();
    assert_eq!(last_three, [1, 2, 3]);
}

#[test]
fn records_that_are_no_changes_stop_the_opening_unless_somebody_takes_them() {
    let journal = MemoryJournal::default();
    let whole = Record { sequence: 4, bytes: [1_u64, 10].into_iter().flat_map(u64::to_le_bytes).collect() };
    let foreign = Record { sequence: 9, bytes: vec![1, 2, 3] };
    journal.log().effects = vec![Effect::Append(foreign.clone()), Effect::Append(whole)];
    journal.log().damaged = 2;
    let (_env, _manual, refused) = open(&journal, MapOrigin::new(), Batch::of(9));
    assert_eq!(kind(refused.map(drop)), Err(ErrorKind::Invalid));
    assert_eq!(journal.sequences(), [4, 9]);

    let seen = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&seen);
    let batch = Batch::of(9).undecodable(move |record, error| {
        taken.lock().unwrap().push((record.clone(), error.kind()));
    });
    let origin = MapOrigin::new();
    let (_env, manual, store) = open(&journal, origin.clone(), batch);
    let store = store.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(foreign, ErrorKind::Codec)]);
    let stats = store.stats();
    assert_eq!((stats.recovered, stats.undecodable, stats.damaged), (1, 1, 2));
    manual.block_on(store.put(2, 20)).unwrap();
    assert_eq!(journal.sequences(), [4, 9, 10], "sequences go on above the highest");
    manual.block_on(store.close()).unwrap();
    assert_eq!((journal.sequences(), origin.rows().len()), (vec![], 2));
}

#[test]
fn a_queue_in_use_does_not_become_durable() {
    let (env, manual) = Env::manual();
    let store = MapStore::new(&env).write_behind(MapOrigin::<u64, u64>::new(), Batch::of(9), &env);
    manual.block_on(store.put(1, 10)).unwrap();
    let refused = manual.block_on(store.durable(MemoryJournal::default(), Bytes));
    assert_eq!(kind(refused.map(drop)), Err(ErrorKind::Invalid));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64),
    InsertMany(u64),
    Remove(u64),
    Tick,
    Pass(u64),
    Origin(usize),
    Appends(usize),
    Settlements(usize),
    Crash(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u64..3).prop_map(Step::Insert),
        2 => (0_u64..3).prop_map(Step::InsertMany),
        2 => (0_u64..3).prop_map(Step::Remove),
        8 => (0_u64..1).prop_map(|_| Step::Tick),
        4 => (0_u64..2_000).prop_map(Step::Pass),
        2 => (0_usize..3).prop_map(Step::Origin),
        2 => (0..FAULTS.len()).prop_map(Step::Appends),
        2 => (0..FAULTS.len()).prop_map(Step::Settlements),
        2 => (0_usize..100).prop_map(Step::Crash),
    ]
}

/// A process after another, over one origin.
struct Life {
    env: Env,
    manual: Manual,
    journal: MemoryJournal,
    origin: MapOrigin<u64, u64>,
    mode: Arc<AtomicUsize>,
    /// For each key what the origin may have in the end: the last acknowledged write, and those refused after it.
    allowed: BTreeMap<u64, Vec<Option<u64>>>,
    values: u64,
}

impl Life {
    fn begin(
        &mut self,
        journal: MemoryJournal,
    ) -> WriteBehind<MapStore<u64, u64>, impl larder_core::Writer<u64, u64>> {
        (self.env, self.manual) = Env::manual();
        self.journal = journal;
        let (origin, mode) = (self.origin.clone(), Arc::clone(&self.mode));
        let writer = move |change: Change<u64, u64>| {
            let (origin, mode) = (origin.clone(), mode.load(Ordering::Relaxed));
            async move {
                if mode != 1 {
                    larder_core::Writer::write(&origin, &change).await?;
                }
                if mode == 0 { Ok(()) } else { Err(Error::write("a scripted fault")) }
            }
        };
        let batch = Batch::of(2).back_off(SECOND / 10, SECOND);
        let store = MapStore::new(&self.env).write_behind(writer, batch, &self.env);
        self.manual.block_on(store.durable(self.journal.clone(), Bytes)).unwrap()
    }

    fn wrote(&mut self, key: u64, value: Option<u64>, acknowledged: bool) {
        let allowed = self.allowed.entry(key).or_insert_with(|| vec![None]);
        if acknowledged {
            allowed.clear();
        }
        allowed.push(value);
    }

    fn fresh_value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }
}

proptest! {
    /// Row 14: the process ends at any moment, also between the origin's answer and the journal's.
    #[test]
    fn nothing_acknowledged_is_missing_after_any_number_of_crashes(
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        let (env, manual) = Env::manual();
        let mut life = Life {
            env,
            manual,
            journal: MemoryJournal::default(),
            origin: MapOrigin::new(),
            mode: Arc::default(),
            allowed: BTreeMap::new(),
            values: 0,
        };
        let mut store = life.begin(MemoryJournal::default());
        for step in steps {
            match step {
                Step::Insert(key) => {
                    let value = life.fresh_value();
                    let acknowledged = life.manual.block_on(store.put(key, value)).is_ok();
                    life.wrote(key, Some(value), acknowledged);
                }
                Step::InsertMany(key) => {
                    let (one, other) = ((key, life.fresh_value()), ((key + 1) % 3, life.fresh_value()));
                    let entries = vec![(one.0, one.1.into()), (other.0, other.1.into())];
                    let acknowledged = life.manual.block_on(store.insert_many(entries)).is_ok();
                    life.wrote(one.0, Some(one.1), acknowledged);
                    life.wrote(other.0, Some(other.1), acknowledged);
                }
                Step::Remove(key) => {
                    let acknowledged = life.manual.block_on(store.remove(&key)).is_ok();
                    life.wrote(key, None, acknowledged);
                }
                Step::Tick => drop(life.manual.step()),
                Step::Pass(millis) => life.manual.advance(Duration::from_millis(millis)),
                Step::Origin(mode) => life.mode.store(mode, Ordering::Relaxed),
                Step::Appends(fault) => life.journal.log().appends = FAULTS[fault],
                Step::Settlements(fault) => life.journal.log().settlements = FAULTS[fault],
                Step::Crash(cut) => {
                    let journal = life.journal.crashed(cut);
                    store = life.begin(journal);
                }
            }
            for (key, allowed) in &life.allowed {
                let found = value(&life.manual, &store, *key);
                assert!(found.is_none() || allowed.contains(&found), "key {key} is {found:?}, not {allowed:?}");
            }
        }
        life.mode.store(0, Ordering::Relaxed);
        let journal = life.journal.crashed(0);
        let store = life.begin(journal);
        life.manual.block_on(store.close()).unwrap();
        for (key, allowed) in &life.allowed {
            assert!(allowed.contains(&life.origin.get(key)), "key {key} is {:?}, not {allowed:?}", life.origin.get(key));
        }
        assert!(life.journal.sequences().is_empty());
        let mut newest = BTreeMap::new();
        for (key, value) in life.origin.log().iter().filter_map(|change| Some((*change.key(), *change.value()?))) {
            let before = newest.insert(key, value);
            assert!(before.is_none_or(|before| before <= value), "key {key} went back to {value}");
        }
    }
}
