//! What a write leaves behind whose future is dropped at any of the places where it waits: an invalidated key.

mod common;

use common::poll_once;
use larder_core::{BoxFuture, Change, Env, Error, Filled, Result, Shared, Store, StoreExt};
use larder_patterns::{CacheAside, PatternExt};
use larder_testkit::{Faulty, Manual, MapOrigin, MapStore, Op, WriteGate};

type Cached = Shared<Faulty<MapStore<u64, u64>>>;
type Origin = WriteGate<u64, u64>;

/// A write of the keys 1 and 2, or of 1 alone.
struct Write {
    what: &'static str,
    /// What it asks the cache for once the origin has it.
    last: Op,
    begin: fn(Cached, Origin) -> BoxFuture<'static, Result<()>>,
}

/// Where the write waits when it is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    FirstRemoval,
    Origin,
    LastStep,
}

const PLACES: [Place; 3] = [Place::FirstRemoval, Place::Origin, Place::LastStep];

fn aside(cache: Cached, origin: Origin) -> CacheAside<Cached, impl Fn(u64) -> NoRow, Origin> {
    CacheAside::new(cache, |_: u64| std::future::ready(Ok(None)), origin)
}

type NoRow = std::future::Ready<Result<Option<u64>, Error>>;

const WRITES: &[Write] = &[
    Write {
        what: "insert through",
        last: Op::Insert,
        begin: |cache, origin| Box::pin(async move { cache.write_through(origin).put(1, 11).await }),
    },
    Write {
        what: "remove through",
        last: Op::Remove,
        begin: |cache, origin| {
            Box::pin(async move { cache.write_through(origin).remove(&1).await.map(drop) })
        },
    },
    Write {
        what: "insert many through",
        last: Op::Insert,
        begin: |cache, origin| {
            Box::pin(async move {
                cache.write_through(origin).insert_many(vec![(2, 21.into()), (1, 11.into())]).await
            })
        },
    },
    Write {
        what: "remove many through",
        last: Op::Remove,
        begin: |cache, origin| {
            Box::pin(async move { cache.write_through(origin).remove_many(&[2, 1]).await.map(drop) })
        },
    },
    Write {
        what: "insert around",
        last: Op::Remove,
        begin: |cache, origin| Box::pin(async move { cache.write_around(origin).put(1, 11).await }),
    },
    Write {
        what: "remove around",
        last: Op::Remove,
        begin: |cache, origin| Box::pin(async move { cache.write_around(origin).remove(&1).await.map(drop) }),
    },
    Write {
        what: "insert many around",
        last: Op::Remove,
        begin: |cache, origin| {
            Box::pin(async move {
                cache.write_around(origin).insert_many(vec![(2, 21.into()), (1, 11.into())]).await
            })
        },
    },
    Write {
        what: "remove many around",
        last: Op::Remove,
        begin: |cache, origin| {
            Box::pin(async move { cache.write_around(origin).remove_many(&[2, 1]).await.map(drop) })
        },
    },
    Write {
        what: "update aside",
        last: Op::Remove,
        begin: |cache, origin| Box::pin(async move { aside(cache, origin).update(1, 11).await }),
    },
    Write {
        what: "delete aside",
        last: Op::Remove,
        begin: |cache, origin| Box::pin(async move { aside(cache, origin).delete(&1).await }),
    },
];

/// The old row is in the cache when the write is dropped, be it that it was there before or that a reader filled it in.
fn dropped_at(place: Place, write: &Write) {
    let case = format!("{} dropped at {place:?}", write.what);
    let (env, manual) = Env::manual();
    let (cache, origin) = (Faulty::new(MapStore::new(&env), &env).shared(), Origin::new());
    manual.block_on(cache.put(1, 10)).unwrap();
    let _hangs = match (place, write.last) {
        (Place::FirstRemoval, _) => Some(cache.on(Op::Remove).nth(1).hang()),
        (Place::Origin, _) => None,
        (Place::LastStep, Op::Remove) => Some(cache.on(Op::Remove).nth(2).hang()),
        (Place::LastStep, last) => Some(cache.on(last).nth(1).hang()),
    };
    let mut future = (write.begin)(cache.clone(), origin.clone());
    assert!(poll_once(&mut future).is_pending(), "{case}");
    if place != Place::FirstRemoval {
        fill_old_row(&manual, &cache);
    }
    if place == Place::LastStep {
        origin.try_next_call().expect("it reached the origin").answer(());
        assert!(poll_once(&mut future).is_pending(), "{case}");
    }
    assert_eq!(manual.block_on(cache.value(&1)).unwrap(), Some(10), "{case}: the old row is there");
    let late = manual.block_on(cache.lease(&1)).unwrap();
    drop(future);
    assert_eq!(manual.block_on(cache.value(&1)).unwrap(), None, "{case}: the old row is gone");
    assert_eq!(manual.block_on(cache.fill(1, 10.into(), late)).unwrap(), Filled::Void, "{case}");
}

fn fill_old_row(manual: &Manual, cache: &Cached) {
    let lease = manual.block_on(cache.lease(&1)).unwrap();
    assert!(manual.block_on(cache.fill(1, 10.into(), lease)).unwrap().is_stored());
}

#[test]
fn a_write_dropped_wherever_it_waits_leaves_its_keys_invalidated() {
    for write in WRITES {
        PLACES.into_iter().for_each(|place| dropped_at(place, write));
    }
}

#[test]
fn what_it_asked_of_the_origin_is_given_up_with_it() {
    for write in WRITES {
        let (env, _manual) = Env::manual();
        let (cache, origin) = (Faulty::new(MapStore::new(&env), &env).shared(), Origin::new());
        let mut future = (write.begin)(cache, origin.clone());
        assert!(poll_once(&mut future).is_pending());
        let call = origin.try_next_call().expect("it reached the origin");
        assert!(call.asked().iter().any(|change| matches!(change, Change::Put(1, 11) | Change::Delete(1))));
        drop(future);
        assert!(call.is_abandoned(), "{}", write.what);
        assert_eq!(origin.calls(), 1, "{}: nothing is asked again", write.what);
    }
}

#[test]
fn a_write_over_tiers_dropped_while_the_far_one_takes_it_leaves_no_near_copy() {
    type Near = Shared<MapStore<u64, u64>>;
    type Begin = fn(Near, Cached) -> BoxFuture<'static, Result<()>>;
    let writes: [(&str, Begin); 5] = [
        ("insert", |near, far| Box::pin(async move { far.fronted_by(near).put(1, 11).await })),
        ("remove", |near, far| Box::pin(async move { far.fronted_by(near).remove(&1).await.map(drop) })),
        ("clear", |near, far| Box::pin(async move { far.fronted_by(near).clear().await })),
        ("insert many", |near, far| {
            Box::pin(
                async move { far.fronted_by(near).insert_many(vec![(2, 21.into()), (1, 11.into())]).await },
            )
        }),
        ("remove many", |near, far| {
            Box::pin(async move { far.fronted_by(near).remove_many(&[2, 1]).await.map(drop) })
        }),
    ];
    for (what, begin) in writes {
        let (env, manual) = Env::manual();
        let (near, far) = (MapStore::new(&env).shared(), Faulty::new(MapStore::new(&env), &env).shared());
        let _hangs = [Op::Insert, Op::Remove, Op::Clear].map(|op| far.on(op).hang());
        let mut future = begin(near.clone(), far);
        assert!(poll_once(&mut future).is_pending(), "{what}");
        manual.block_on(near.put(1, 10)).unwrap();
        drop(future);
        assert_eq!(manual.block_on(near.value(&1)).unwrap(), None, "{what}");
    }
}

/// Race 36: what held a key while it was written goes with the write, wherever that ended.
#[test]
fn the_next_write_of_the_key_does_not_wait_for_one_that_was_dropped() {
    let (env, manual) = Env::manual();
    let (cache, origin) = (Faulty::new(MapStore::new(&env), &env).shared(), Origin::new());
    let through = cache.clone().write_through(origin.clone());
    for place in PLACES {
        let hang = match place {
            Place::FirstRemoval => Some(cache.on(Op::Remove).nth(1).hang()),
            Place::Origin => None,
            Place::LastStep => Some(cache.on(Op::Insert).nth(1).hang()),
        };
        let mut dropped = Box::pin(through.put(1, 11));
        assert!(poll_once(&mut dropped).is_pending());
        if place == Place::LastStep {
            origin.try_next_call().unwrap().answer(());
            assert!(poll_once(&mut dropped).is_pending());
        }
        let mut waiting = Box::pin(through.put(1, 12));
        assert!(poll_once(&mut waiting).is_pending(), "{place:?}: it waits for its turn");
        drop(dropped);
        if let Some(hang) = hang {
            hang.lift();
        }
        while let Some(call) = origin.try_next_call() {
            drop(call);
        }
        assert!(poll_once(&mut waiting).is_pending(), "{place:?}: it waits for the origin");
        origin.try_next_call().expect("it has its turn").answer(());
        assert!(poll_once(&mut waiting).is_ready(), "{place:?}");
        assert_eq!(manual.block_on(cache.value(&1)).unwrap(), Some(12), "{place:?}");
    }
}

/// Race 44: a removal that joins another one, which the store has had already, is lost.
#[test]
fn removals_are_never_merged() {
    let (env, manual) = Env::manual();
    let cache = Faulty::new(MapStore::new(&env), &env).shared();
    let tower = cache.clone().read_through_in(MapOrigin::new(), &env);
    manual.block_on(tower.put(1, 10)).unwrap();
    let replies = cache.on(Op::Remove).nth(1).delay(std::time::Duration::from_secs(1));
    let mut first = Box::pin(tower.remove(&1));
    assert!(poll_once(&mut first).is_pending());
    let counted = cache.on(Op::Remove).lose_reply();
    manual.block_on(tower.put(1, 11)).unwrap();
    assert!(manual.block_on(tower.remove(&1)).is_err(), "its reply is lost: so it was a call of its own");
    assert_eq!((replies.injected(), counted.injected()), (1, 1));
    assert_eq!(manual.block_on(cache.value(&1)).unwrap(), None, "the second one was made");
}
