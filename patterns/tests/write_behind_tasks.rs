//! Write-behind and the world it runs in: tasks that can't be started, that are dropped, and that really run at once.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{block_on, kind, poll_once};
use larder_core::{
    BoxFuture, Change, Env, Error, ErrorKind, Manual, MemoryOptions, Random, Result, Spawner, Store, StoreExt,
};
use larder_patterns::{Batch, PatternExt, TokioEnv};
use larder_policies::Lru;
use larder_testkit::{MapOrigin, MapStore, WriteGate};

/// Keeps tasks until the test runs or drops them; starts none when told so.
#[derive(Clone, Default)]
struct Shelf {
    tasks: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
    refuses: Arc<AtomicBool>,
}

impl Shelf {
    fn env(&self) -> Env {
        Env::new(Manual::new(0).clock().clone(), self.clone(), Random::seeded(0))
    }

    fn take(&self) -> BoxFuture<'static, ()> {
        self.tasks.lock().unwrap().pop().expect("there is a task")
    }
}

impl Spawner for Shelf {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Overloaded, "starting a task"));
        }
        self.tasks.lock().unwrap().push(task);
        Ok(())
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn where_no_task_can_be_started_a_write_is_refused_and_leaves_nothing() {
    let shelf = Shelf::default();
    let env = shelf.env();
    let store = MapStore::<u64, u64>::new(&env).write_behind(MapOrigin::new(), Batch::of(1), &env);
    shelf.refuses.store(true, Ordering::Relaxed);
    assert_eq!(kind(block_on(store.put(1, 10))), Err(ErrorKind::Overloaded));
    assert_eq!((block_on(store.value(&1)).unwrap(), store.stats().depth), (None, 0));
    shelf.refuses.store(false, Ordering::Relaxed);
    block_on(store.put(1, 10)).unwrap();
    assert!(poll_once(&mut shelf.take()).is_ready());
    assert_eq!((store.stats().written, store.stats().depth), (1, 0));
}

#[test]
fn a_task_that_is_dropped_midway_gives_its_keys_to_the_next_one() {
    let shelf = Shelf::default();
    let (env, gate) = (shelf.env(), WriteGate::<u64, u64>::new());
    let batch = Batch::of(2).every(Duration::ZERO);
    let store = MapStore::new(&env).write_behind(gate.clone(), batch, &env);
    block_on(store.put(1, 10)).unwrap();
    let mut task = shelf.take();
    assert!(poll_once(&mut task).is_pending());
    assert!(*gate.try_next_call().unwrap().asked() == [Change::Put(1, 10)]);
    drop(task);
    assert_eq!(block_on(store.value(&1)).unwrap(), Some(10));
    block_on(store.put(2, 20)).unwrap();
    let mut task = shelf.take();
    assert!(poll_once(&mut task).is_pending());
    let call = gate.try_next_call().unwrap();
    assert!(*call.asked() == [Change::Put(1, 10), Change::Put(2, 20)]);
    call.answer(());
    assert!(poll_once(&mut task).is_ready());
    assert_eq!(store.stats().depth, 0);
}

#[test]
fn settings_of_zero_work() {
    let (env, manual) = Env::manual();
    let writer = |_: Change<u64, u64>| async { Err(Error::write("down")) };
    let batch = Batch::of(0).every(Duration::ZERO).capacity(0).back_off(Duration::ZERO, Duration::ZERO);
    let batch =
        batch.give_up_after(0, |_, _| ()).write_deadline(Duration::ZERO).flush_deadline(Duration::ZERO);
    let store = MapStore::new(&env).write_behind(writer, batch, &env);
    manual.block_on(store.insert_many(vec![(1, 10.into()), (2, 20.into())])).unwrap();
    assert_eq!(kind(manual.block_on(store.flush())), Err(ErrorKind::Timeout));
    assert_eq!(manual.run(), 0);
    assert_eq!(store.stats().dead_letters, 2);
}

/// Each thread reads back its own writes while the others make the cache load and evict, and the queue drains.
#[test]
fn everyone_reads_his_own_writes_while_threads_load_evict_and_flush() {
    const THREADS: u64 = 4;
    let origin = MapOrigin::<u64, u64>::new();
    let env = Env::tokio();
    let engine = MemoryOptions::new(4).env(&env).build(Lru::new);
    let batch = Batch::of(2).every(Duration::ZERO).capacity(8);
    let store = engine.read_through_in(origin.clone(), &env).write_behind(origin.clone(), batch, &env);
    thread::scope(|scope| {
        for own in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for value in 0..1_000 {
                    let key = own + THREADS * (value % 3);
                    block_on(async {
                        store.put(key, value).await.unwrap();
                        assert_eq!(store.value(&key).await.unwrap(), Some(value));
                        store.get_many(&[value % 12, (value + own) % 12]).await.unwrap();
                        assert_eq!(store.value(&key).await.unwrap(), Some(value));
                        if value % 50 == own {
                            store.remove(&key).await.unwrap();
                            assert_eq!(store.value(&key).await.unwrap(), None);
                            store.flush().await.unwrap();
                            assert_eq!(store.value(&key).await.unwrap(), None);
                        }
                    });
                }
            });
        }
    });
    block_on(store.close()).unwrap();
    assert_eq!(store.stats().depth, 0);
    for key in 0..3 * THREADS {
        assert_eq!(block_on(store.value(&key)).unwrap(), origin.get(&key));
    }
}
