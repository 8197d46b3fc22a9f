//! Three levels: which one answered, what was copied where and for how long, and what each counted.

mod common;

use std::time::Duration;

use common::{kind, start};
use larder_core::{
    DynStore, Entry, Env, Error, ErrorKind, Lookup, Memory, MemoryOptions, Parcel, Raw, Result, Store,
    StoreExt,
};
use larder_patterns::{Answer, Freshness, LevelStats, PatternExt, Retry, Source, Tiered};
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Faulty, Manual, MapStore, Op};

type Engine = Memory<u64, u64, Lru>;
type Far = Faulty<MapStore<u64, u64>>;
type Tower = Tiered<Engine, Tiered<Far, Far>>;

const SECOND: Duration = Duration::from_secs(1);

fn memory(env: &Env, ttl: Duration) -> Engine {
    MemoryOptions::new(100).ttl(ttl).env(env).build(Lru::new)
}

fn remote(env: &Env, ttl: Duration) -> Far {
    Faulty::new(MapStore::new(env).ttl(ttl), env)
}

/// Memory for ten seconds, a remote store for thirty, a disk for sixty.
fn tower() -> (Env, Manual, Tower) {
    let (env, manual) = Env::manual();
    let tower =
        remote(&env, 60 * SECOND).fronted_by(remote(&env, 30 * SECOND)).fronted_by(memory(&env, 10 * SECOND));
    (env, manual, tower)
}

/// The same with names for the levels.
struct Levels<'a> {
    memory: &'a Engine,
    redis: &'a Far,
    disk: &'a Far,
}

fn levels(tower: &Tower) -> Levels<'_> {
    Levels { memory: tower.near(), redis: tower.far().near(), disk: tower.far().far() }
}

struct World {
    env: Env,
    manual: Manual,
}

impl World {
    fn asks<S: Store<Key = u64, Value = u64>>(&self, store: &S, key: u64) -> Option<Answer<u64>> {
        self.manual.block_on(store.get_with_source(&key, self.env.clock())).unwrap()
    }

    fn source<S: Store<Key = u64, Value = u64>>(&self, store: &S, key: u64) -> Option<Source> {
        self.asks(store, key).map(|answer| answer.source())
    }
}

#[test]
fn each_level_that_answers_says_so_and_the_next_time_it_is_the_nearest() {
    let (env, manual, tower) = tower();
    let world = World { env, manual };
    let at = levels(&tower);
    world.manual.block_on(at.disk.put(1, 10)).unwrap();
    world.manual.block_on(at.redis.put(2, 20)).unwrap();
    at.memory.insert(3, 30);
    let sources = |key| [world.source(&tower, key), world.source(&tower, key)];
    assert_eq!(sources(1), [Some(Source::Level(2)), Some(Source::Level(0))]);
    assert_eq!(sources(2), [Some(Source::Level(1)), Some(Source::Level(0))]);
    assert_eq!(sources(3), [Some(Source::Level(0)), Some(Source::Level(0))]);
    assert_eq!(sources(4), [None, None]);
    at.memory.remove(&1);
    assert_eq!(world.source(&tower, 1), Some(Source::Level(1)), "the disk's was copied to both");
}

#[test]
fn what_was_loaded_for_a_reader_or_one_he_joined_comes_from_the_origin() {
    let (env, manual, tower) = tower();
    let loader = CountingLoader::new(|key: u64| async move { Ok((key < 10).then_some(key * 10)) });
    let world = World { env, manual };
    let cache = std::sync::Arc::new(tower.read_through_in(loader.clone(), &world.env));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (cache, env) = (std::sync::Arc::clone(&cache), world.env.clone());
            start(&world.env, async move {
                cache.get_with_source(&1, env.clock()).await.unwrap().unwrap().source()
            })
        })
        .collect();
    world.manual.run();
    assert!(readers.iter().all(|reader| reader.answer() == Some(Source::Origin)));
    assert_eq!(loader.counts().calls(), 1);
    assert_eq!(world.source(&*cache, 1), Some(Source::Level(0)));
    cache.inner().near().remove(&1);
    assert_eq!(world.source(&*cache, 1), Some(Source::Level(1)));
    assert_eq!(world.source(&*cache, 11), None, "the origin has no such thing");
}

/// Codecs, keys, guards, erasure: none of them knows of levels, and none is in the way.
#[test]
fn the_source_comes_through_any_tower() {
    let (env, manual) = Env::manual();
    let bytes = || MapStore::<String, Parcel>::new(&env).ttl(60 * SECOND);
    let world = World { env: env.clone(), manual };
    let far = bytes()
        .encode(Raw)
        .keyed(|key: &u64| format!("n{key}"))
        .retried(Retry::attempts(5), &env)
        .unwrap()
        .optional(|_, _: &Error| {}, &env);
    let near: Memory<u64, Vec<u8>, Lru> = MemoryOptions::new(100).env(&env).build(Lru::new);
    let tower: DynStore<u64, Vec<u8>> =
        far.fronted_by(near.clone()).within(SECOND, &env).into_dyn().bulkheaded(8, 8).unwrap().into_dyn();
    let ask = || {
        let answer = world.manual.block_on(tower.get_with_source(&1, env.clock())).unwrap().unwrap();
        (answer.source(), answer.into_value())
    };
    world.manual.block_on(tower.put(1, vec![7])).unwrap();
    assert_eq!(ask(), (Source::Level(0), vec![7]));
    near.clear();
    assert_eq!(ask(), (Source::Level(1), vec![7]), "race 38: the same shape out of every level");
}

#[test]
fn a_level_of_several_levels_counts_as_many() {
    let (env, manual) = Env::manual();
    let engine = || memory(&env, SECOND);
    let tower = engine().fronted_by(engine()).fronted_by(engine().fronted_by(engine()));
    let world = World { env: env.clone(), manual };
    let all = [tower.near().near(), tower.near().far(), tower.far().near(), tower.far().far()];
    for (level, store) in all.into_iter().enumerate() {
        store.insert(level as u64, 1);
        assert_eq!(world.source(&tower, level as u64), Some(Source::Level(level)));
    }
}

#[test]
fn a_second_attempt_is_the_one_that_counts() {
    let (env, manual, tower) = tower();
    let world = World { env, manual };
    world.manual.block_on(levels(&tower).disk.put(1, 10)).unwrap();
    levels(&tower).redis.on(Op::Get).nth(1).fail();
    levels(&tower).disk.on(Op::Get).nth(1).fail();
    let tower = tower.retried(Retry::attempts(5), &world.env).unwrap();
    let (env, task) = (world.env.clone(), world.env.clone());
    let reader = start(&task, async move {
        let answer = tower.get_with_source(&1, env.clock()).await.unwrap().unwrap();
        (answer.source(), *answer.value())
    });
    world.manual.run();
    world.manual.advance(10 * SECOND);
    world.manual.run();
    assert_eq!(reader.answer(), Some((Source::Level(2), 10)));
}

#[test]
fn reads_that_wait_at_the_same_time_in_one_task_are_told_apart() {
    let (env, manual, tower) = tower();
    manual.block_on(levels(&tower).disk.put(1, 10)).unwrap();
    manual.block_on(levels(&tower).redis.put(2, 20)).unwrap();
    let slow = levels(&tower).redis.on(Op::Get).hang();
    let clock = env.clock().clone();
    let both = start(&env, async move {
        let mut one = Box::pin(tower.get_with_source(&1, &clock));
        let mut other = Box::pin(tower.get_with_source(&2, &clock));
        assert!(common::poll_once(&mut one).is_pending() && common::poll_once(&mut other).is_pending());
        let (other, one) = (other.await.unwrap(), one.await.unwrap());
        [one, other].map(|answer| answer.map(|answer| answer.source()))
    });
    manual.run();
    slow.release();
    slow.lift();
    manual.run();
    assert_eq!(both.answer(), Some([Some(Source::Level(2)), Some(Source::Level(1))]));
}

#[test]
fn an_answer_tells_its_age_from_the_first_level_and_what_is_left_in_its_own() {
    let (env, manual, tower) = tower();
    let world = World { env, manual };
    world.manual.block_on(levels(&tower).disk.put(1, 10)).unwrap();
    let ask = |passed: u64| {
        world.manual.advance(Duration::from_secs(passed));
        let answer = world.asks(&tower, 1)?;
        let left = answer.left().map(|left| left.as_secs());
        Some((answer.source(), answer.age().as_secs(), left, answer.is_fresh()))
    };
    assert_eq!(ask(5), Some((Source::Level(2), 5, Some(55), true)));
    assert_eq!(ask(9), Some((Source::Level(0), 14, Some(1), true)), "ten seconds from the copying");
    assert_eq!(ask(1), Some((Source::Level(1), 15, Some(20), true)), "thirty from the copying");
    assert_eq!(ask(21), Some((Source::Level(2), 36, Some(24), true)));
    assert_eq!(ask(9), Some((Source::Level(0), 45, Some(1), true)));
    assert_eq!(ask(14), Some((Source::Level(1), 59, Some(1), true)), "race 20: not a second over the disk's");
    assert_eq!(ask(1), None);
}

#[test]
fn a_stale_answer_says_so() {
    let (env, manual, tower) = tower();
    let loader = CountingLoader::new(|key: u64| async move {
        if key == 1 { Ok(Some(Entry::new(10).fresh_for(SECOND).ttl(9 * SECOND))) } else { Err(down()) }
    });
    let freshness = Freshness::new().stale_while_revalidate(5 * SECOND);
    let cache = tower.keep_fresh(loader, freshness, &env).unwrap();
    let world = World { env, manual };
    let ask = || world.asks(&cache, 1).map(|answer| (answer.source(), answer.age(), answer.is_fresh()));
    assert_eq!(ask(), Some((Source::Origin, Duration::ZERO, true)));
    world.manual.advance(2 * SECOND);
    assert_eq!(ask(), Some((Source::Level(0), 2 * SECOND, false)));
    world.manual.run();
    assert_eq!(ask(), Some((Source::Level(0), Duration::ZERO, true)), "it was reloaded behind");
    let missing = world.manual.block_on(cache.get_with_source(&2, world.env.clock()));
    assert_eq!(missing.map_err(|error| error.kind()), Err(ErrorKind::Load));
}

fn down() -> Error {
    Error::new(ErrorKind::Load, "asking an origin that is down")
}

/// Race 42: a late copy is not due at once, and lives its level's own life from the copying on.
#[test]
fn a_copy_late_in_a_life_is_an_answer_until_the_life_ends() {
    let (env, manual, tower) = tower();
    let world = World { env, manual };
    world.manual.block_on(levels(&tower).disk.put(1, 10)).unwrap();
    world.manual.advance(54 * SECOND);
    assert_eq!(world.source(&tower, 1), Some(Source::Level(2)));
    world.manual.advance(Duration::from_nanos(5_999_999_999));
    assert_eq!(world.source(&tower, 1), Some(Source::Level(0)));
    assert_eq!(tower.stats().promotions, 1);
}

#[test]
fn a_write_with_a_long_life_of_its_own_is_near_no_longer_than_other_copies() {
    for many in [false, true] {
        let (env, manual, tower) = tower();
        let world = World { env, manual };
        let entry = Entry::new(10).ttl(3_600 * SECOND);
        world.manual.block_on(async {
            if many { tower.insert_many(vec![(1, entry)]).await } else { tower.insert(1, entry).await }
                .unwrap();
        });
        world.manual.block_on(levels(&tower).disk.put(1, 11)).unwrap(); // by another process, past this one
        let seen: Vec<_> = [9, 1, 19, 1]
            .into_iter()
            .map(|passed| {
                world.manual.advance(Duration::from_secs(passed));
                let answer = world.asks(&tower, 1).unwrap();
                (answer.source(), *answer.value())
            })
            .collect();
        let expected =
            [(Source::Level(0), 10), (Source::Level(1), 10), (Source::Level(1), 10), (Source::Level(2), 11)];
        assert_eq!(seen, expected);
    }
}

#[test]
fn only_what_is_asked_for_again_is_copied_if_so_told() {
    let (env, manual, tower) = tower();
    let tower = tower.promote_after(3);
    let world = World { env, manual };
    world.manual.block_on(tower.far().insert_many((0..4).map(|key| (key, key.into())).collect())).unwrap();
    let sources: Vec<_> = (0..4).map(|_| world.source(&tower, 1).unwrap()).collect();
    assert_eq!(sources, [Source::Level(1), Source::Level(1), Source::Level(1), Source::Level(0)]);
    for expected in [[true, false], [true, false], [true, true]] {
        let in_memory = [1, 2].map(|key| tower.near().contains(&key));
        world.manual.block_on(tower.get_many(&[2])).unwrap();
        assert_eq!([in_memory[0], tower.near().contains(&2)], expected);
    }
    assert_eq!(tower.stats().promotions, 2);
}

#[test]
fn each_level_counts_what_reached_it() {
    let (_env, manual, tower) = tower();
    let at = levels(&tower);
    manual.block_on(async {
        at.disk.put(1, 10).await.unwrap();
        at.redis.put(2, 20).await.unwrap();
        for key in [1, 1, 2, 2, 3] {
            tower.get(&key).await.unwrap();
        }
        at.memory.clear();
        at.redis.on(Op::Get).nth(1).fail();
        tower.get(&1).await.unwrap();
    });
    let [memory, redis, disk] = LevelStats::of([tower.stats(), tower.far().stats()])[..] else { panic!() };
    assert_eq!((memory.asked, memory.hits, memory.promotions, memory.errors), (6, 2, 3, 0));
    assert_eq!((redis.asked, redis.hits, redis.promotions, redis.errors), (4, 1, 1, 1));
    assert_eq!((disk.asked, disk.hits, disk.promotions, disk.errors), (3, 2, 0, 0));
    assert_eq!([memory.hit_rate(), redis.hit_rate()], [2.0 / 6.0, 0.25]);
    assert_eq!(LevelStats::default().hit_rate(), 0.0);
}

/// Race 36: whatever step of a write fails, the next write of the key has its turn, and no level keeps the old value.
#[test]
fn a_write_that_fails_at_any_level_leaves_no_lock_and_nothing_older() {
    for (fails_at, op) in (0..2).flat_map(|level| [Op::Insert, Op::Remove].map(|op| (level, op))) {
        let (_env, manual, tower) = tower();
        let at = levels(&tower);
        manual.block_on(tower.put(1, 10)).unwrap();
        let fault = [at.redis, at.disk][fails_at].on(op).nth(1).lose_reply();
        let written: Result<(), ErrorKind> = match op {
            Op::Insert => kind(manual.block_on(tower.put(1, 11))),
            _ => kind(manual.block_on(tower.remove(&1))).map(drop),
        };
        assert_eq!((written, fault.injected()), (Err(ErrorKind::Store), 1), "{fails_at} {op:?}");
        let found = manual.block_on(tower.value(&1)).unwrap();
        assert_eq!(found, if op == Op::Insert { Some(11) } else { None }, "{fails_at} {op:?}");
        manual.block_on(tower.put(1, 12)).unwrap();
        let all =
            manual.block_on(async { (at.memory.get(&1), at.redis.value(&1).await, at.disk.value(&1).await) });
        assert_eq!((all.0, all.1.unwrap(), all.2.unwrap()), (Some(12), Some(12), Some(12)));
    }
}

#[test]
fn a_lease_that_any_level_refuses_fills_no_nearer_one() {
    let (_env, manual, tower) = tower();
    let at = levels(&tower);
    manual.block_on(async {
        let Lookup::Miss(lease) = tower.get(&1).await.unwrap() else { panic!("nothing was stored") };
        at.disk.put(1, 11).await.unwrap();
        assert!(!tower.fill(1, 10.into(), lease).await.unwrap().is_stored());
        assert_eq!((at.memory.get(&1), at.redis.value(&1).await.unwrap()), (None, None));
        assert_eq!(tower.value(&1).await.unwrap(), Some(11));
    });
}
