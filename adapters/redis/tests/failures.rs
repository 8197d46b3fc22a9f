//! A server that dies, stops, fills up or comes back with old data; a wire that breaks at the worst moment.

mod common;

use std::time::{Duration, Instant};

use common::{Server, entry, get, miss, new_key};
use larder_core::{ErrorKind, Filled, Store};
use larder_redis::{Redis, RedisOptions};

#[tokio::test]
async fn a_server_that_was_killed_is_an_error_and_found_again_when_it_is_back() {
    let Some(mut server) = Server::start(&[]) else { return };
    let client = server.client().await;
    client.insert("kept".into(), entry("one")).await.unwrap();
    server.kill();
    let error = client.get(&"kept".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert_eq!(client.insert("kept".into(), entry("two")).await.unwrap_err().kind(), ErrorKind::Store);
    server.restart();
    common::until(async || client.insert("kept".into(), entry("three")).await.is_ok()).await;
    assert_eq!(get(&client, "kept").await.unwrap(), "three");
}

#[tokio::test]
async fn a_restart_between_two_calls_is_not_noticed() {
    let Some(mut server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let (read, written) = (new_key(), new_key());
    let lease = miss(&client, &read).await;
    server.kill();
    server.restart();
    assert_eq!(get(&client, &read).await, None, "a read is tried again on a new connection");
    client.insert(written.clone(), entry("after")).await.unwrap();
    assert_eq!(client.fill(read.clone(), entry("before"), lease).await.unwrap(), Filled::Void);
    assert_eq!(get(&client, &written).await.unwrap(), "after");
}

#[tokio::test]
async fn a_server_that_has_stopped_costs_the_timeout_and_no_more() {
    let Some(server) = Server::start(&[]) else { return };
    let timeout = Duration::from_millis(150);
    let client = server.client_with(RedisOptions::new().timeout(timeout)).await;
    client.insert("kept".into(), entry("one")).await.unwrap();
    server.signal("-STOP");
    for _ in 0..3 {
        let start = Instant::now();
        let error = client.get(&"kept".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(start.elapsed() < timeout * 8, "{:?}", start.elapsed());
    }
    assert_eq!(client.remove(&"kept".into()).await.unwrap_err().kind(), ErrorKind::Timeout);
    server.signal("-CONT");
    common::until(async || client.get(&"kept".into()).await.is_ok()).await;
    client.insert("kept".into(), entry("two")).await.unwrap();
    assert_eq!(get(&client, "kept").await.unwrap(), "two");
}

#[tokio::test]
async fn a_full_server_refuses_a_write_and_keeps_nothing_it_was_to_replace() {
    let Some(server) = Server::start(&["--maxmemory-policy", "noeviction"]) else { return };
    let client = server.client().await;
    let (key, other) = (new_key(), new_key());
    client.insert(key.clone(), entry("old")).await.unwrap();
    client.insert(other.clone(), entry("other")).await.unwrap();
    let lease = client.lease(&other).await.unwrap();
    let mut peek = server.peek().await;
    let mut limit = redis::cmd("CONFIG");
    let () = limit.arg("SET").arg("maxmemory").arg(1).query_async(&mut peek).await.unwrap();

    let error = client.insert(key.clone(), entry("new")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    let absent = miss(&client, &key).await;
    let filled = client.fill(key.clone(), entry("loaded"), absent).await.unwrap();
    assert_eq!(filled, Filled::Void, "there was no room for a lease either");
    assert_eq!(get(&client, &other).await.unwrap(), "other", "reads go on");
    let error = client.fill(other.clone(), entry("refreshed"), lease).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    let many = vec![(key.clone(), entry("new")), (other.clone(), entry("new"))];
    assert_eq!(client.insert_many(many).await.unwrap_err().kind(), ErrorKind::Overloaded);
    assert!(!client.remove(&other).await.unwrap());
    client.clear().await.unwrap();
    assert_eq!(client.insert(key.clone(), entry("new")).await.unwrap_err().kind(), ErrorKind::Overloaded);

    let mut limit = redis::cmd("CONFIG");
    let () = limit.arg("SET").arg("maxmemory").arg(0).query_async(&mut peek).await.unwrap();
    client.insert(key.clone(), entry("newer")).await.unwrap();
    assert_eq!(get(&client, &key).await.unwrap(), "newer");
}

#[tokio::test]
async fn a_server_that_evicts_loses_entries_and_makes_none_stale() {
    let Some(server) = Server::start(&["--maxmemory", "3mb", "--maxmemory-policy", "allkeys-random"]) else {
        return;
    };
    let client = server.client().await;
    let text = "x".repeat(10_000);
    for n in 0..400 {
        let (key, value) = (format!("{}", n % 50), format!("{n} {text}"));
        client.insert(key.clone(), entry(&value)).await.unwrap();
        let found = get(&client, &key).await;
        assert!(found.is_none_or(|found| found == value), "a hit has the value that was written last");
    }
}

#[tokio::test]
async fn what_a_snapshot_brings_back_is_not_served() {
    let Some(mut server) = Server::start(&["--save", "3600 1000000", "--dbfilename", "old.rdb"]) else {
        return;
    };
    let client = server.client().await;
    let warm = server.client_with(RedisOptions::new().warm_restarts()).await;
    client.insert("removed".into(), entry("stale")).await.unwrap();
    let () = redis::cmd("SAVE").query_async(&mut server.peek().await).await.unwrap();
    assert!(client.remove(&"removed".into()).await.unwrap());
    server.kill();
    server.restart();
    assert_eq!(
        get(&warm, "removed").await.unwrap(),
        "stale",
        "the snapshot has it, and who wants it gets it"
    );
    assert_eq!(get(&client, "removed").await, None);
    assert_eq!(get(&warm, "removed").await, None, "and with the new epoch nobody");
}

#[tokio::test]
async fn a_write_that_was_given_up_never_comes_after_a_later_one() {
    let Some(server) = Server::start(&[]) else { return };
    let wire = server.wire();
    let options = RedisOptions::new().namespace("test").timeout(Duration::from_millis(200));
    let client: Redis = options.connect(&format!("redis://{}", wire.address())).await.unwrap();
    client.insert("key".into(), entry("first")).await.unwrap();
    let old = wire.line(0);
    old.requests().hold();
    let error = client.insert("key".into(), entry("late")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    client.insert("key".into(), entry("second")).await.unwrap();
    old.requests().open();
    let mut peek = server.peek().await;
    common::until(async || {
        let list: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut peek).await.unwrap();
        list.lines().count() == 2
    })
    .await;
    assert_eq!(get(&server.client().await, "key").await.unwrap(), "second");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_an_error_and_a_read_is_tried_again() {
    let Some(server) = Server::start(&[]) else { return };
    let wire = server.wire();
    let client: Redis =
        RedisOptions::new().namespace("test").connect(&format!("redis://{}", wire.address())).await.unwrap();
    client.insert("key".into(), entry("known")).await.unwrap();
    wire.line(0).answers().cut();
    let error = client.insert("key".into(), entry("unknown")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert_eq!(get(&client, "key").await.unwrap(), "unknown", "it was carried out; nobody could know");
    wire.line(1).answers().cut();
    assert_eq!(get(&client, "key").await.unwrap(), "unknown");
    let lease = client.lease(&"key".into()).await.unwrap();
    assert!(client.fill("key".into(), entry("unknown"), lease).await.unwrap().is_stored());
    let lease = client.lease(&"key".into()).await.unwrap();
    wire.line(2).answers().cut();
    client.fill("key".into(), entry("filled"), lease).await.unwrap_err();
    assert_eq!(get(&client, "key").await.unwrap(), "filled");
}

#[tokio::test]
async fn sentinels_lead_to_the_new_master_which_begins_empty() {
    let (Some(mut one), Some(two)) = (Server::start(&[]), Server::start(&[])) else { return };
    let port = one.port.to_string();
    let () =
        redis::cmd("REPLICAOF").arg("127.0.0.1").arg(&port).query_async(&mut two.peek().await).await.unwrap();
    let monitor = ["--sentinel", "monitor", "shop", "127.0.0.1", &port, "1"];
    let fast = ["--sentinel", "down-after-milliseconds", "shop", "300"];
    let watch = Server::start(&[&monitor[..], &fast[..]].concat()).unwrap();
    let url = watch.url();
    let options = || RedisOptions::new().namespace("test").timeout(Duration::from_secs(5));
    let client: Redis = options().connect_by_sentinels(&[&url], "shop", None).await.unwrap();
    client.insert("key".into(), entry("on one")).await.unwrap();
    let mut replica = two.peek().await;
    common::until(async || {
        let held: Option<Vec<u8>> =
            redis::cmd("GET").arg("larder:4:test:kkey").query_async(&mut replica).await.unwrap();
        held.is_some()
    })
    .await;
    one.kill();
    common::until(async || client.insert("after".into(), entry("on two")).await.is_ok()).await;
    assert_eq!(get(&client, "after").await.unwrap(), "on two");
    assert_eq!(
        get(&client, "key").await,
        None,
        "the replica may lack what came last, so nothing of it counts"
    );
    let none = options().connect_by_sentinels::<String>(&[&url], "none", None).await;
    assert!(none.is_err());
    let straight = RedisOptions::new().connect::<String>(&url).await.unwrap_err();
    assert_eq!(straight.kind(), ErrorKind::Invalid);
}
