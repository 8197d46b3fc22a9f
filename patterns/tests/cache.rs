//! What `Cache` promises: the guide to it, example by example, and what happens at the edges.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use common::{Task, block_on, kind, start};
use larder_core::{Cause, Entry, Env, Error, ErrorKind, Loader, Result};
use larder_patterns::{Cache, CacheBuilder, Event};
use larder_policies::Lru;
use larder_testkit::{Gate, Manual};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn world() -> (Env, Manual, CacheBuilder<String, u32>) {
    let (env, manual) = Env::manual();
    let builder = Cache::builder().env(&env);
    (env, manual, builder)
}

fn set(cache: &Cache<String, u32>, key: &str, value: u32) {
    cache.insert(key.to_owned(), value);
}

/// Asks for `key` in a task; a miss is loaded through the gate.
fn ask(
    env: &Env,
    cache: &Cache<String, u32>,
    gate: &Gate<String, u32>,
    key: &'static str,
) -> Task<Result<u32, ErrorKind>> {
    let (cache, gate) = (cache.clone(), gate.clone());
    start(env, async move { kind(cache.get_or_load(key, move || through(gate, key)).await) })
}

fn refresh(
    env: &Env,
    cache: &Cache<String, u32>,
    gate: &Gate<String, u32>,
    key: &'static str,
) -> Task<Result<u32, ErrorKind>> {
    let (cache, gate) = (cache.clone(), gate.clone());
    start(env, async move { kind(cache.refresh(key, move || through(gate, key)).await) })
}

async fn through(gate: Gate<String, u32>, key: &str) -> Result<u32> {
    let loaded = gate.load(&key.to_owned()).await?;
    Ok(loaded.map_or(0, Entry::into_value))
}

mod the_guide {
    use super::*;

    #[test]
    fn the_default_cache_has_no_bound_and_nothing_expires() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        (0..10_000).for_each(|n| set(&cache, &n.to_string(), n));
        manual.advance(Duration::from_secs(1 << 30));
        assert_eq!((cache.len(), cache.stats().max_weight), (10_000, None));
        assert!(Cache::<String, u32>::new().is_running());
    }

    #[test]
    fn basic_operations_answer_as_the_guide_says() {
        let (_env, _manual, builder) = world();
        let cache = builder.build().unwrap();
        assert!(cache.is_empty());
        set(&cache, "user:123", 1);
        assert_eq!((cache.get("user:123"), cache.get("user:999")), (Some(1), None));
        assert!(cache.contains("user:123"));
        assert!(cache.remove("user:123"));
        assert!(!cache.remove("user:123"));
        assert!(!cache.contains("user:123"));
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            set(&cache, key, value);
        }
        let mut keys = cache.keys();
        keys.sort();
        assert_eq!((cache.len(), keys), (3, vec!["a".into(), "b".into(), "c".into()]));
    }

    #[test]
    fn clear_also_resets_the_statistics() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        set(&cache, "a", 1);
        cache.get("a");
        manual.block_on(cache.get_or_load("b", || async { Ok(2) })).unwrap();
        assert_eq!(cache.stats().loads_ok, 1);
        cache.clear();
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.inserts, stats.loads_ok), (0, 0, 0, 0));
        assert_eq!((stats.entries, cache.len(), cache.get("a")), (0, 0, None));
    }

    #[test]
    fn an_entrys_own_life_overrides_the_default_also_with_none() {
        let (_env, manual, builder) = world();
        let cache = builder.ttl(60 * SECOND).build().unwrap();
        set(&cache, "key1", 1);
        cache.insert_entry("key2".into(), Entry::new(2).ttl(10 * SECOND));
        cache.insert_entry("key3".into(), Entry::new(3).never_expires());
        let found = || ["key1", "key2", "key3"].map(|key| cache.get(key));
        manual.advance(9_999 * MILLISECOND);
        assert_eq!(found(), [Some(1), Some(2), Some(3)]);
        manual.advance(MILLISECOND);
        assert_eq!(found(), [Some(1), None, Some(3)]);
        manual.advance(50 * SECOND);
        assert_eq!(found(), [None, None, Some(3)]);
        assert_eq!((cache.len(), cache.keys()), (1, vec!["key3".to_owned()]));
    }

    #[test]
    fn the_least_recently_used_entry_leaves_first() {
        let (_env, _manual, builder) = world();
        let cache = builder.capacity(3).policy(Lru::new).build().unwrap();
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            set(&cache, key, value);
        }
        cache.get("a");
        set(&cache, "d", 4);
        assert_eq!(["a", "b", "c", "d"].map(|key| cache.get(key)), [Some(1), None, Some(3), Some(4)]);
    }

    #[test]
    fn an_expired_entry_leaves_before_the_least_recently_used() {
        let (_env, manual, builder) = world();
        let cache = builder.capacity(3).policy(Lru::new).build().unwrap();
        cache.insert_entry("a".into(), Entry::new(1).ttl(100 * MILLISECOND));
        set(&cache, "b", 2);
        set(&cache, "c", 3);
        manual.advance(150 * MILLISECOND);
        set(&cache, "d", 4);
        assert_eq!(["a", "b", "c", "d"].map(|key| cache.get(key)), [None, Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn statistics_count_as_in_the_example() {
        let (_env, _manual, builder) = world();
        let cache = builder.capacity(1_000).build().unwrap();
        set(&cache, "a", 1);
        set(&cache, "b", 2);
        assert_eq!(["a", "a", "c", "d"].map(|key| cache.get(key)), [Some(1), Some(1), None, None]);
        let stats = cache.stats();
        assert_eq!((stats.entries, stats.max_weight), (2, Some(1_000)));
        assert_eq!((stats.hits, stats.misses, stats.hit_rate()), (2, 2, 0.5));
        assert_eq!(stats.utilisation(), 0.002);
    }

    #[test]
    fn get_or_load_loads_once_and_then_hits() {
        let (_env, manual, builder) = world();
        let cache = builder.ttl(60 * SECOND).build().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let calls = Arc::clone(&calls);
            manual.block_on(cache.get_or_load("user:123", || async move {
                calls.fetch_add(1, Ordering::Relaxed);
                Ok(123)
            }))
        };
        assert_eq!((kind(ask()), kind(ask())), (Ok(123), Ok(123)));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.loads_ok), (1, 1, 1));
        manual.advance(60 * SECOND);
        assert_eq!(kind(ask()), Ok(123));
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_load_can_say_how_long_its_value_lives() {
        let (_env, manual, builder) = world();
        let cache = builder.ttl(60 * SECOND).build().unwrap();
        let load = || async { Ok(Entry::new(7).ttl(30 * SECOND)) };
        assert_eq!(kind(manual.block_on(cache.get_or_load_with("weather", load))), Ok(7));
        manual.advance(29_999 * MILLISECOND);
        assert!(cache.contains("weather"));
        manual.advance(MILLISECOND);
        assert!(!cache.contains("weather"));
    }

    #[test]
    fn a_thousand_callers_are_one_load() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        let tasks: Vec<_> = (0..1_000).map(|_| ask(&env, &cache, &gate, "key")).collect();
        manual.run();
        gate.try_next_call().unwrap().release(7_u32);
        assert_eq!(manual.run(), 0);
        assert!(tasks.iter().all(|task| task.answer() == Some(Ok(7))));
        assert_eq!((gate.calls(), cache.stats().loads_ok), (1, 1));
    }
}

mod loading {
    use super::*;

    #[test]
    fn a_failed_load_caches_nothing_and_the_next_one_is_new() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        let fail = || async { Err(Error::load("no such table")) };
        assert_eq!(kind(manual.block_on(cache.get_or_load("a", fail))), Err(ErrorKind::Load));
        assert_eq!(kind(manual.block_on(cache.get_or_load("a", || async { Ok(1) }))), Ok(1));
        assert_eq!((cache.stats().loads_failed, cache.stats().loads_ok), (1, 1));
    }

    #[test]
    fn a_load_may_not_take_longer_than_its_deadline() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.load_deadline(SECOND).build().unwrap(), Gate::new());
        let (late, other) = (ask(&env, &cache, &gate, "a"), ask(&env, &cache, &gate, "b"));
        manual.run();
        let _never_answered = gate.try_next_call().unwrap();
        gate.try_next_call().unwrap().release(2_u32);
        manual.run();
        assert_eq!(
            (late.answer(), other.answer()),
            (None, Some(Ok(2))),
            "a slow load is its own key's affair"
        );
        manual.advance(SECOND);
        manual.run();
        assert_eq!(late.answer(), Some(Err(ErrorKind::Timeout)));
    }

    #[test]
    fn refresh_replaces_a_value_that_is_there_and_counts_no_request() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        set(&cache, "a", 1);
        let fresh = refresh(&env, &cache, &gate, "a");
        manual.run();
        assert_eq!(cache.get("a"), Some(1), "until then the old value is served");
        gate.try_next_call().unwrap().release(2_u32);
        manual.run();
        assert_eq!((fresh.answer(), cache.get("a")), (Some(Ok(2)), Some(2)));
        assert_eq!(cache.stats().requests(), 2);
    }

    #[test]
    fn a_failed_refresh_leaves_the_old_value() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        set(&cache, "a", 1);
        let fail = || async { Err(Error::load("down")) };
        assert_eq!(kind(manual.block_on(cache.refresh("a", fail))), Err(ErrorKind::Load));
        assert_eq!(cache.get("a"), Some(1));
    }

    #[test]
    fn a_refresh_never_joins_a_load_that_began_before_it_and_shares_the_next() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        let old = ask(&env, &cache, &gate, "a");
        manual.run();
        let fresh = [refresh(&env, &cache, &gate, "a"), refresh(&env, &cache, &gate, "a")];
        manual.run();
        gate.try_next_call().unwrap().release(1_u32);
        manual.run();
        assert_eq!((old.answer(), cache.get("a"), gate.calls()), (Some(Ok(1)), Some(1), 2));
        let later = refresh(&env, &cache, &gate, "a");
        manual.run();
        gate.try_next_call().unwrap().release(2_u32);
        manual.run();
        assert!(fresh.iter().all(|task| task.answer() == Some(Ok(2))));
        assert_eq!((later.answer(), cache.get("a")), (None, Some(2)));
        gate.try_next_call().unwrap().release(3_u32);
        manual.run();
        assert_eq!((later.answer(), cache.get("a"), gate.calls()), (Some(Ok(3)), Some(3), 3));
    }

    #[test]
    fn who_misses_during_a_refresh_joins_it() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        let fresh = refresh(&env, &cache, &gate, "a");
        manual.run();
        let joined = ask(&env, &cache, &gate, "a");
        manual.run();
        assert_eq!(gate.calls(), 1);
        gate.try_next_call().unwrap().release(2_u32);
        manual.run();
        assert_eq!((fresh.answer(), joined.answer()), (Some(Ok(2)), Some(Ok(2))));
    }

    #[test]
    fn a_cache_loads_on_a_thread_without_a_runtime() {
        let cache: Cache<u64, u64> = Cache::builder().load_deadline(60 * SECOND).build().unwrap();
        assert_eq!(block_on(cache.get_or_load(&7, || async { Ok(70) })).unwrap(), 70);
        assert_eq!(cache.get(&7), Some(70));
    }

    #[test]
    fn a_hit_waits_in_a_small_future() {
        let cache = Cache::<u64, u64>::new();
        let future = cache.get_or_load(&7, || async { Ok(70) });
        assert!(size_of_val(&future) <= 48, "{} bytes", size_of_val(&future));
    }

    static OVERTAKEN: LazyLock<Cache<Overtaken, u32>> = LazyLock::new(Cache::new);

    /// A key that is written whenever it is cloned: after a look-up has missed it, before the load begins.
    #[derive(PartialEq, Eq, Hash)]
    struct Overtaken(u32);

    impl Clone for Overtaken {
        fn clone(&self) -> Self {
            OVERTAKEN.insert(Self(self.0), 70);
            Self(self.0)
        }
    }

    #[test]
    fn a_write_between_the_miss_and_the_load_is_the_answer() {
        let answer = block_on(OVERTAKEN.get_or_load(&Overtaken(7), || async { Ok(1) }));
        assert_eq!((answer.unwrap(), OVERTAKEN.get(&Overtaken(7))), (70, Some(70)));
    }
}

mod removing {
    use super::*;

    #[test]
    fn remove_if_removes_by_key_and_says_how_many() {
        let (_env, _manual, builder) = world();
        let cache = builder.build().unwrap();
        ["api/users/1", "api/users/2", "api/posts/1"].into_iter().for_each(|key| set(&cache, key, 1));
        assert_eq!(cache.remove_if(|key| key.contains("users")), 2);
        assert_eq!(cache.keys(), ["api/posts/1"]);
    }

    #[test]
    fn remove_if_keeps_out_what_is_being_loaded() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        let asked = ["users/1", "posts/1"].map(|key| ask(&env, &cache, &gate, key));
        manual.run();
        assert_eq!(cache.remove_if(|key| key.starts_with("users")), 0);
        while let Some(call) = gate.try_next_call() {
            call.release(1_u32);
        }
        manual.run();
        assert!(asked.iter().all(|task| task.answer() == Some(Ok(1))));
        assert_eq!(cache.keys(), ["posts/1"]);
    }

    #[test]
    fn a_listener_hears_why_an_entry_left() {
        let (_env, manual, builder) = world();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        let listener = move |key: &String, _: &u32, cause| log.lock().unwrap().push((key.clone(), cause));
        let cache = builder.on_removal(listener).build().unwrap();
        set(&cache, "a", 1);
        cache.remove("a");
        cache.insert_entry("b".into(), Entry::new(1).ttl(SECOND));
        manual.advance(SECOND);
        assert_eq!(cache.prune(), 1);
        let expected = [("a".to_owned(), Cause::Removed), ("b".to_owned(), Cause::Expired)];
        assert_eq!(*heard.lock().unwrap(), expected);
    }
}

mod names {
    use super::*;

    #[test]
    fn a_named_cache_is_found_again_by_name_and_type() {
        let (_env, manual, builder) = world();
        set(&builder.name("found-again").build().unwrap(), "a", 1);
        let found = Cache::<String, u32>::find("found-again").expect("it lives until it is stopped");
        assert_eq!((found.get("a"), found.name()), (Some(1), Some("found-again")));
        assert!(Cache::<String, u64>::find("found-again").is_none());
        assert!(Cache::<String, u32>::find("never-made").is_none());
        manual.block_on(found.stop());
        assert!(Cache::<String, u32>::find("found-again").is_none());
    }

    #[test]
    fn a_taken_name_is_an_error_until_its_cache_is_stopped() {
        let (env, manual, builder) = world();
        let first = builder.name("taken").build().unwrap();
        let second = || Cache::<u8, u8>::builder().env(&env).name("taken").build();
        assert_eq!(second().map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Invalid));
        manual.block_on(first.stop());
        let second = second().unwrap();
        manual.block_on(first.stop());
        assert!(Cache::<u8, u8>::find("taken").is_some(), "stopping again frees nobody else's name");
        manual.block_on(second.stop());
    }

    #[test]
    fn a_stopped_cache_drains_and_then_refuses_everything() {
        let (env, manual, builder) = world();
        let (cache, gate) = (builder.build().unwrap(), Gate::new());
        set(&cache, "b", 2);
        let asked = ask(&env, &cache, &gate, "a");
        manual.run();
        let stopping = {
            let cache = cache.clone();
            start(&env, async move { cache.stop().await })
        };
        manual.run();
        assert!(stopping.answer().is_none(), "a load is under way");
        assert!(!cache.is_running());
        gate.try_next_call().unwrap().release(1_u32);
        assert_eq!(manual.run(), 0);
        assert_eq!((asked.answer(), stopping.answer()), (Some(Ok(1)), Some(())));
        set(&cache, "c", 3);
        assert_eq!(["a", "b", "c"].map(|key| cache.get(key)), [None; 3]);
        assert_eq!((cache.len(), cache.remove("b"), cache.contains("c")), (0, false, false));
        let closed = Err(ErrorKind::Closed);
        assert_eq!(kind(manual.block_on(cache.get_or_load("a", || async { Ok(1) }))), closed);
        assert_eq!(kind(manual.block_on(cache.refresh("a", || async { Ok(1) }))), closed);
    }

    #[test]
    fn a_load_that_stops_its_own_cache_does_not_wait_for_itself() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        let own = cache.clone();
        let load = move || async move {
            own.stop().await;
            Ok(1)
        };
        assert_eq!(kind(manual.block_on(cache.get_or_load("a", load))), Ok(1));
        assert!(!cache.is_running());
    }
}

mod watching {
    use super::*;

    fn watched(builder: CacheBuilder<String, u32>) -> (CacheBuilder<String, u32>, Arc<Mutex<Vec<String>>>) {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        (builder.on_event(move |event: &Event| log.lock().unwrap().push(event.to_string())), heard)
    }

    fn hit_and_miss(cache: &Cache<String, u32>, hits: usize, misses: usize) {
        set(cache, "a", 1);
        (0..hits).for_each(|_| assert_eq!(cache.get("a"), Some(1)));
        (0..misses).for_each(|_| assert_eq!(cache.get("b"), None));
    }

    #[test]
    fn a_low_hit_rate_is_reported_once_after_enough_requests_and_again_after_recovery() {
        let (_env, _manual, builder) = world();
        let (builder, heard) = watched(builder);
        let cache = builder.warn_below_hit_rate(0.7, 100).build().unwrap();
        let reports = |cache: &Cache<String, u32>| {
            cache.check();
            heard.lock().unwrap().len()
        };
        hit_and_miss(&cache, 50, 50);
        assert_eq!(reports(&cache), 0, "not more than 100 requests yet");
        hit_and_miss(&cache, 0, 1);
        assert_eq!((reports(&cache), reports(&cache)), (1, 1));
        assert_eq!(heard.lock().unwrap()[0], "cache: low hit rate, 49.5 % of 101 requests");
        hit_and_miss(&cache, 200, 0);
        assert_eq!(reports(&cache), 1, "recovered");
        hit_and_miss(&cache, 0, 200);
        assert_eq!(reports(&cache), 2);
    }

    #[test]
    fn a_nearly_full_cache_is_reported_by_the_background_work() {
        let (_env, manual, builder) = world();
        let (builder, heard) = watched(builder.name("nearly-full").capacity(10).prune_every(SECOND));
        let cache = builder.warn_above_utilisation(0.9).build().unwrap();
        let pass_a_second = || {
            manual.advance(SECOND);
            manual.run();
            heard.lock().unwrap().len()
        };
        (0..9).for_each(|n| set(&cache, &n.to_string(), n));
        manual.run();
        assert_eq!(pass_a_second(), 0);
        set(&cache, "9", 9);
        assert_eq!((pass_a_second(), pass_a_second()), (1, 1));
        assert_eq!(heard.lock().unwrap()[0], "cache \"nearly-full\": nearly full, 100.0 %");
        manual.block_on(cache.stop());
    }

    #[test]
    fn a_handler_that_panics_harms_nobody() {
        let (_env, _manual, builder) = world();
        let cache =
            builder.capacity(1).warn_above_utilisation(0.5).on_event(|_| panic!("test")).build().unwrap();
        set(&cache, "a", 1);
        cache.check();
        assert_eq!(cache.get("a"), Some(1));
    }

    #[test]
    fn expired_entries_are_pruned_in_the_background_until_the_last_handle_goes() {
        let (_env, manual, builder) = world();
        let gone = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&gone);
        let listener = move |_: &String, _: &u32, _| {
            count.fetch_add(1, Ordering::Relaxed);
        };
        let cache = builder.ttl(SECOND).prune_every(10 * SECOND).on_removal(listener).build().unwrap();
        set(&cache, "a", 1);
        assert_eq!(manual.run(), 1);
        manual.advance(9 * SECOND);
        manual.run();
        assert_eq!(gone.load(Ordering::Relaxed), 0);
        manual.advance(SECOND);
        assert_eq!(manual.run(), 1);
        assert_eq!(gone.load(Ordering::Relaxed), 1);
        drop(cache);
        manual.advance(10 * SECOND);
        assert_eq!(manual.run(), 0, "nobody left to prune for");
    }
}

mod edges {
    use super::*;

    #[test]
    fn settings_that_can_not_work_are_errors() {
        type Set = fn(CacheBuilder<String, u32>) -> CacheBuilder<String, u32>;
        let builders: [Set; 4] = [
            |builder| builder.warn_below_hit_rate(1.1, 0),
            |builder| builder.warn_below_hit_rate(f64::NAN, 0),
            |builder| builder.warn_above_utilisation(-0.1),
            |builder| builder.prune_every(Duration::ZERO),
        ];
        for set_wrong in builders {
            let (_env, _manual, builder) = world();
            assert_eq!(kind(set_wrong(builder).build()).map(|_| ()), Err(ErrorKind::Invalid));
        }
    }

    #[test]
    fn a_cache_without_room_loads_and_keeps_nothing() {
        let (_env, manual, builder) = world();
        let cache = builder.capacity(0).build().unwrap();
        set(&cache, "a", 1);
        assert_eq!(kind(manual.block_on(cache.get_or_load("a", || async { Ok(2) }))), Ok(2));
        assert_eq!(kind(manual.block_on(cache.refresh("a", || async { Ok(3) }))), Ok(3));
        assert_eq!((cache.len(), cache.get("a")), (0, None));
    }

    #[test]
    fn an_entry_heavier_than_the_cache_is_refused_and_counted() {
        let (_env, _manual, builder) = world();
        let cache = builder.capacity(10).weigh(|_, &weight| weight).build().unwrap();
        set(&cache, "a", 11);
        set(&cache, "b", 10);
        assert_eq!((cache.get("a"), cache.get("b"), cache.stats().refused), (None, Some(10), 1));
    }

    #[test]
    fn lives_of_zero_and_of_for_ever_are_what_they_say() {
        let (_env, manual, builder) = world();
        let cache = builder.build().unwrap();
        cache.insert_entry("zero".into(), Entry::new(1).ttl(Duration::ZERO));
        cache.insert_entry("for ever".into(), Entry::new(1).ttl(Duration::MAX));
        manual.advance(Duration::from_secs(1 << 30));
        assert_eq!((cache.get("zero"), cache.get("for ever")), (None, Some(1)));
    }
}
