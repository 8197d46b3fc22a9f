//! Memory in front of Redis: what is near costs no I/O, and no copy outlives what Redis holds.

mod common;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{Server, until};
use larder_core::{Deadline, Entry, Env, Life, Lookup, Memory, MemoryOptions, Raw, Store, StoreExt, Time};
use larder_patterns::{PatternExt, Source};
use larder_policies::Lru;
use larder_redis::RedisOptions;

type Near = Memory<String, Vec<u8>, Lru>;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_hit_in_memory_asks_the_server_nothing_and_is_answered_while_it_stands_still() {
    let Some(server) = Server::start(&[]) else { return };
    let redis = server.client_with(RedisOptions::new().timeout(Duration::from_millis(200))).await.shared();
    let near: Near = MemoryOptions::new(100).build(Lru::new);
    let tower = redis.clone().encode(Raw).fronted_by(near).into_dyn();
    let key = "key".to_owned();
    tower.put(key.clone(), vec![7]).await.unwrap();
    let (commands, stats) = (commands(&server).await, redis.stats());
    server.signal("-STOP");
    for _ in 0..1_000 {
        assert!(tower.get_now(&key).is_some_and(|found| found.is_hit()));
        let mut read = pin!(tower.get(&key));
        let answer = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(found)) = answer else { panic!("it waits, or fails") };
        assert_eq!(found.value(), Some(vec![7]));
    }
    assert!(tower.get(&"another".to_owned()).await.is_err(), "the server does stand still");
    server.signal("-CONT");
    assert_eq!(redis.stats(), stats);
    until(async || tower.get(&"another".to_owned()).await.is_ok()).await;
    let asked = self::commands(&server).await - commands;
    assert!(asked < 100, "only the other key was asked for: {asked} commands");
}

/// Races 20 and 46: what another process wrote nine tenths of a life ago ends here when it ends there.
#[tokio::test]
async fn a_copy_of_what_redis_holds_keeps_its_age_and_its_end() {
    let Some(server) = Server::start(&[]) else { return };
    let (env, manual) = Env::manual();
    manual.advance(HOUR);
    let writer = server.client_with(RedisOptions::new().env(&env)).await.encode(Raw);
    let life = Life::new(
        Time::ZERO.after(HOUR / 10),
        Deadline::at(Time::ZERO.after(HOUR)),
        Deadline::at(Time::ZERO.after(HOUR + HOUR / 10)),
    );
    writer.insert("key".to_owned(), Entry::with_life(vec![7], life)).await.unwrap();

    // A clock can't tell of what was before its own origin.
    let (env, manual) = Env::manual();
    manual.advance(2 * HOUR);
    let near: Near = MemoryOptions::new(100).ttl(2 * HOUR).env(&env).build(Lru::new);
    let reader = server.client_with(RedisOptions::new().env(&env)).await.encode(Raw).fronted_by(near);
    let minute = Duration::from_mins(1);
    for (source, is_near) in [(Source::Level(1), false), (Source::Level(0), true)] {
        let answer = reader.get_with_source(&"key".to_owned(), env.clock()).await.unwrap().unwrap();
        assert_eq!(answer.source(), source);
        let left = answer.left().unwrap();
        assert!(left <= HOUR / 10 && left + minute > HOUR / 10, "near: {is_near}: {left:?} left");
        let age = answer.age();
        assert!(age >= HOUR * 9 / 10 && age < HOUR * 9 / 10 + minute, "near: {is_near}: {age:?} old");
        assert!(!answer.is_fresh());
    }
}

/// Race 50: the value and its life travel as one; what is written without an end has none of the old one's.
#[tokio::test]
async fn a_rewrite_leaves_nothing_of_the_old_life_with_the_server() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await.encode(Raw);
    let key = "key".to_owned();
    client.insert(key.clone(), Entry::new(vec![1]).fresh_for(HOUR / 2).ttl(HOUR)).await.unwrap();
    client.insert(key.clone(), Entry::new(vec![2]).never_expires()).await.unwrap();
    let Lookup::Hit(found) = client.get(&key).await.unwrap() else { panic!("it is there") };
    assert_eq!((found.life().fresh_until(), found.life().usable_until()), (Deadline::NEVER, Deadline::NEVER));
    let left: i64 =
        redis::cmd("PTTL").arg("larder:4:test:kkey").query_async(&mut server.peek().await).await.unwrap();
    assert!(u128::try_from(left).unwrap() > 2 * HOUR.as_millis(), "{left}");
    client.insert(key.clone(), Entry::new(vec![3]).ttl(HOUR)).await.unwrap();
    let left: i64 =
        redis::cmd("PTTL").arg("larder:4:test:kkey").query_async(&mut server.peek().await).await.unwrap();
    assert!(u128::try_from(left).unwrap() <= HOUR.as_millis(), "{left}");
}

/// Race 54: the near copy is invalidated while Redis is asked. Its lease was taken before, and is void now.
#[tokio::test]
async fn an_invalidation_that_overtakes_the_answer_leaves_no_old_copy() {
    let Some(server) = Server::start(&[]) else { return };
    let redis = server.client_with(RedisOptions::new().timeout(Duration::from_secs(20))).await.encode(Raw);
    let other = server.client().await.encode(Raw);
    let near: Near = MemoryOptions::new(100).build(Lru::new);
    let reader = redis.fronted_by(near.clone());
    let key = "key".to_owned();
    other.put(key.clone(), vec![1]).await.unwrap();
    server.signal("-STOP");
    let mut read = Box::pin(reader.get(&key));
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    near.remove(&key); // as told by a bus: another process is about to write
    server.signal("-CONT");
    assert_eq!(read.await.unwrap().value(), Some(vec![1]), "who asked before may get it");
    assert_eq!(near.get(&key), None, "the near tier may not");
    other.put(key.clone(), vec![2]).await.unwrap();
    assert_eq!(reader.value(&key).await.unwrap(), Some(vec![2]));
}

/// How many reads the server was sent so far.
async fn commands(server: &Server) -> u64 {
    let mut peek = server.peek().await;
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(&mut peek).await.unwrap();
    let calls = |name: &str| -> u64 {
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or_default()
    };
    calls("mget") + calls("evalsha") + calls("eval")
}
