//! Races between processes, step by step: two clients of one namespace, and a server that checks their leases.

mod common;

use std::time::Duration;

use common::{Server, entry, get, miss, new_key, stored};
use larder_core::{ErrorKind, Filled, Lease, Store};
use larder_memcached::{Memcached, MemcachedOptions};

#[tokio::test]
async fn a_fill_is_void_after_another_clients_write_removal_or_clear() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let keys = [new_key(), new_key(), new_key()];
    let leases = [miss(&one, &keys[0]).await, miss(&one, &keys[1]).await, miss(&one, &keys[2]).await];
    let [written, removed, cleared] = leases;
    other.insert(keys[0].clone(), entry("new")).await.unwrap();
    assert_eq!(one.fill(keys[0].clone(), entry("old"), written).await.unwrap(), Filled::Void);
    assert_eq!(get(&one, &keys[0]).await.unwrap(), "new");
    assert!(!other.remove(&keys[1]).await.unwrap(), "there was nothing");
    assert_eq!(one.fill(keys[1].clone(), entry("old"), removed).await.unwrap(), Filled::Void);
    other.clear().await.unwrap();
    assert_eq!(one.fill(keys[2].clone(), entry("old"), cleared).await.unwrap(), Filled::Void);
    for key in &keys {
        assert_eq!(get(&other, key).await, None);
    }
    assert_eq!(one.stats().void_fills, 3);
}

#[tokio::test]
async fn a_refresh_is_void_after_another_clients_write_and_good_after_none() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let key = new_key();
    one.insert(key.clone(), entry("first")).await.unwrap();
    let good = one.lease(&key).await.unwrap();
    assert_eq!(get(&other, &key).await.unwrap(), "first", "a lease leaves the value where it is");
    assert!(one.fill(key.clone(), entry("second"), good).await.unwrap().is_stored());
    let void = one.lease(&key).await.unwrap();
    assert!(other.remove(&key).await.unwrap());
    other.insert(key.clone(), entry("third")).await.unwrap();
    assert_eq!(one.fill(key.clone(), entry("stale"), void).await.unwrap(), Filled::Void);
    assert_eq!(get(&one, &key).await.unwrap(), "third");
}

#[tokio::test]
async fn all_who_miss_a_key_hold_leases_until_the_first_fills() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let key = new_key();
    let leases = [miss(&one, &key).await, miss(&other, &key).await, one.lease(&key).await.unwrap()];
    let [first, second, third] = leases;
    assert!(other.fill(key.clone(), entry("one"), second).await.unwrap().is_stored());
    assert_eq!(one.fill(key.clone(), entry("two"), first).await.unwrap(), Filled::Void);
    assert_eq!(one.fill(key.clone(), entry("three"), third).await.unwrap(), Filled::Void);
    assert_eq!(get(&one, &key).await.unwrap(), "one");
}

#[tokio::test]
async fn a_write_that_another_overtakes_still_wins() {
    let Some(server) = Server::start(&["-t", "4"]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let key = new_key();
    for _ in 0..50 {
        let lease = miss(&one, &key).await;
        let writes = tokio::join!(
            one.insert(key.clone(), entry("one")),
            other.insert(key.clone(), entry("other")),
            one.fill(key.clone(), entry("loaded"), lease),
        );
        assert!(writes.0.is_ok() && writes.1.is_ok() && writes.2.is_ok());
        let found = get(&one, &key).await.unwrap();
        assert!(found == "one" || found == "other", "a load never replaces a write: {found}");
        other.remove(&key).await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_of_an_earlier_run_or_epoch_is_void_though_its_number_comes_again() {
    let Some(mut server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let key = new_key();
    let lease = miss(&client, &key).await;
    let [number, _] = lease.stamp();
    server.kill();
    server.restart();
    let new = miss(&client, &key).await;
    assert_eq!(new.stamp()[0], number, "the server counts from the beginning again");
    assert_eq!(client.fill(key.clone(), entry("old"), lease).await.unwrap(), Filled::Void);
    assert!(
        client.fill(key.clone(), entry("new"), new).await.unwrap().is_stored(),
        "and the new one is as good as ever"
    );
    let zero = Lease::new([0, miss(&client, &new_key()).await.stamp()[1]]);
    assert_eq!(client.fill(key.clone(), entry("forged"), zero).await.unwrap(), Filled::Void);
    assert_eq!(get(&client, &key).await.unwrap(), "new");
}

#[tokio::test]
async fn what_somebody_marks_stale_is_a_miss_whose_lease_replaces_it() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let key = new_key();
    client.insert(key.clone(), entry("marked")).await.unwrap();
    let before = client.lease(&key).await.unwrap();
    assert_eq!(server.say(&format!("md {} I T30\r\n", stored(&key))), "HD\n");
    assert_eq!(client.fill(key.clone(), entry("void"), before).await.unwrap(), Filled::Void);
    let lease = miss(&client, &key).await;
    assert!(!client.remove(&new_key()).await.unwrap());
    assert!(client.fill(key.clone(), entry("loaded"), lease).await.unwrap().is_stored());
    assert_eq!(get(&client, &key).await.unwrap(), "loaded");
    assert_eq!(client.unreadable(), 0);
}

#[tokio::test]
async fn a_lost_or_strange_epoch_hides_what_was_written_in_it() {
    let Some(server) = Server::start(&[]) else { return };
    let (client, other) = (server.client().await, server.client().await);
    let (key, leased) = (new_key(), new_key());
    for spoil in ["md larder:4:test:e\r\n", "ms larder:4:test:e 3\r\nxyz\r\n", "md larder:4:test:e I\r\n"] {
        client.insert(key.clone(), entry("hidden")).await.unwrap();
        let lease = miss(&client, &leased).await;
        server.say(spoil);
        assert_eq!(client.fill(leased.clone(), entry("void"), lease).await.unwrap(), Filled::Void);
        assert_eq!((get(&client, &key).await, get(&other, &key).await), (None, None), "{spoil}");
        assert!(!client.remove(&key).await.unwrap());
        common::until(async || {
            client.insert(key.clone(), entry("seen")).await.unwrap();
            get(&other, &key).await.is_some()
        })
        .await;
    }
}

#[tokio::test]
async fn a_write_that_was_given_up_never_comes_after_a_later_one() {
    let Some(server) = Server::start(&[]) else { return };
    let wire = server.wire();
    let options = MemcachedOptions::new().namespace("test").timeout(Duration::from_millis(200));
    let client: Memcached = options.connect(&wire.address().to_string()).await.unwrap();
    client.insert("key".into(), entry("first")).await.unwrap();
    let old = wire.line(0);
    let lease = client.lease(&"key".into()).await.unwrap();
    // The fill's conditional write is what stays on the way; an insert's second step is the same command.
    old.requests().hold();
    let error = client.fill("key".into(), entry("late"), lease).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    client.insert("key".into(), entry("second")).await.unwrap();
    let before = writes(&server);
    old.requests().open();
    common::until(async || writes(&server) > before).await;
    assert_eq!(get(&client, "key").await.unwrap(), "second");
}

#[tokio::test]
async fn an_insert_that_was_given_up_between_its_steps_never_comes_after_a_later_one() {
    let Some(server) = Server::start(&[]) else { return };
    let wire = server.wire();
    let client: Memcached =
        MemcachedOptions::new().namespace("test").connect(&wire.address().to_string()).await.unwrap();
    client.insert("key".into(), entry("first")).await.unwrap();
    let old = wire.line(0);
    old.answers().hold();
    let late =
        tokio::time::timeout(Duration::from_millis(100), client.insert("key".into(), entry("late"))).await;
    assert!(late.is_err(), "it waits for the number");
    server.client().await.insert("key".into(), entry("second")).await.unwrap();
    old.answers().open();
    assert_eq!(get(&client, "key").await.unwrap(), "second", "and never sent its value");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_an_error_and_a_read_is_tried_again() {
    let Some(server) = Server::start(&[]) else { return };
    let wire = server.wire();
    let client: Memcached =
        MemcachedOptions::new().namespace("test").connect(&wire.address().to_string()).await.unwrap();
    client.insert("key".into(), entry("known")).await.unwrap();
    let lease = client.lease(&"key".into()).await.unwrap();
    wire.line(0).answers().cut();
    let error = client.fill("key".into(), entry("unknown"), lease).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert_eq!(get(&client, "key").await.unwrap(), "unknown", "it was carried out; nobody could know");
    wire.line(1).answers().cut();
    assert_eq!(get(&client, "key").await.unwrap(), "unknown");
}

/// How many conditional writes the server has carried out or refused.
fn writes(server: &Server) -> u64 {
    let said = server.say("stats\r\n");
    let count = |name: &str| -> u64 {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("STAT {name} ")));
        line.and_then(|count| count.parse().ok()).unwrap_or_default()
    };
    count("cas_badval") + count("cas_hits") + count("cas_misses")
}
