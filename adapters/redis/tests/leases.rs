//! Races between processes, step by step: two clients of one namespace, and a server that checks their leases.

mod common;

use std::time::Duration;

use common::{Server, entry, get, miss, new_key};
use larder_core::{Entry, Filled, Lookup, Store};
use larder_redis::RedisOptions;

#[tokio::test]
async fn a_fill_is_void_after_another_clients_insert() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let key = new_key();
    let lease = miss(&one, &key).await;
    other.insert(key.clone(), entry("new")).await.unwrap();
    assert_eq!(one.fill(key.clone(), entry("old"), lease).await.unwrap(), Filled::Void);
    assert_eq!(get(&one, &key).await.unwrap(), "new");
    assert_eq!(one.stats().void_fills, 1);
}

#[tokio::test]
async fn a_fill_is_void_after_another_clients_removal_or_clear() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let (removed, cleared) = (new_key(), new_key());
    let leases = (miss(&one, &removed).await, miss(&one, &cleared).await);
    assert!(!other.remove(&removed).await.unwrap(), "there was nothing");
    assert_eq!(one.fill(removed.clone(), entry("old"), leases.0).await.unwrap(), Filled::Void);
    other.clear().await.unwrap();
    assert_eq!(one.fill(cleared.clone(), entry("old"), leases.1).await.unwrap(), Filled::Void);
    assert_eq!((get(&other, &removed).await, get(&other, &cleared).await), (None, None));
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
async fn the_value_that_comes_after_a_removal_does_not_make_an_old_lease_good() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.client().await, server.client().await);
    let key = new_key();
    let old = miss(&one, &key).await;
    other.remove(&key).await.unwrap();
    let new = miss(&other, &key).await;
    assert_eq!(one.fill(key.clone(), entry("old"), old).await.unwrap(), Filled::Void);
    assert!(other.fill(key.clone(), entry("new"), new).await.unwrap().is_stored());
}

#[tokio::test]
async fn a_lease_that_is_evicted_or_over_its_time_is_void() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client_with(RedisOptions::new().lease(Duration::from_millis(1))).await;
    let key = new_key();
    let lease = miss(&client, &key).await;
    let mut peek = server.peek().await;
    common::until(async || {
        let left: i64 = redis::cmd("EXISTS").arg(stored(&key)).query_async(&mut peek).await.unwrap();
        left == 0
    })
    .await;
    assert_eq!(client.fill(key.clone(), entry("late"), lease).await.unwrap(), Filled::Void);
    assert_eq!(get(&client, &key).await, None);
}

#[tokio::test]
async fn a_lost_epoch_hides_what_was_written_in_it() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let (key, leased) = (new_key(), new_key());
    client.insert(key.clone(), entry("hidden")).await.unwrap();
    let lease = miss(&client, &leased).await;
    let () = redis::cmd("DEL").arg("larder:4:test:e").query_async(&mut server.peek().await).await.unwrap();
    assert_eq!(get(&client, &key).await, None);
    assert_eq!(client.fill(leased.clone(), entry("void"), lease).await.unwrap(), Filled::Void);
    assert!(!client.remove(&leased).await.unwrap());
}

#[tokio::test]
async fn a_refresh_that_outlasts_the_entry_is_stored_and_serves_nobody_the_expired_value() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let key = new_key();
    let short = Duration::from_millis(30);
    client.insert(key.clone(), entry("short").ttl(short)).await.unwrap();
    let lease = client.lease(&key).await.unwrap();
    common::until(async || get(&client, &key).await.is_none()).await;
    assert!(!client.remove(&new_key()).await.unwrap());
    assert!(client.fill(key.clone(), entry("fresh"), lease).await.unwrap().is_stored());
    assert_eq!(get(&client, &key).await.unwrap(), "fresh");
}

#[tokio::test]
async fn a_life_is_exact_to_the_millisecond_with_the_server_and_finer_with_the_client() {
    let Some(server) = Server::start(&[]) else { return };
    let (client, other) = (server.client().await, server.client().await);
    let key = new_key();
    let mut peek = server.peek().await;
    let long = Duration::from_millis(86_400_123);
    client.insert(key.clone(), entry("day").ttl(long).fresh_for(long / 2)).await.unwrap();
    let left: u64 = redis::cmd("PTTL").arg(stored(&key)).query_async(&mut peek).await.unwrap();
    assert!((86_390_000..=86_400_123).contains(&left), "{left}");
    let Lookup::Hit(found) = other.get(&key).await.unwrap() else { panic!("it is there") };
    let life = found.life();
    let stored_at = life.stored().unwrap();
    let whole = life.usable_until().time().unwrap().since(stored_at);
    let soft = life.fresh_until().time().unwrap().since(stored_at);
    assert_eq!((whole, soft), (long, long / 2), "what is left and how old it is make the life");

    client.insert(key.clone(), entry("rounded up").ttl(Duration::from_nanos(1))).await.unwrap();
    assert_eq!(get(&client, &key).await, None, "a life below a millisecond is one, and over");
    let forever = Entry::new(common::parcel("kept")).never_expires();
    client.insert(key.clone(), forever).await.unwrap();
    let left: u64 = redis::cmd("PTTL").arg(stored(&key)).query_async(&mut peek).await.unwrap();
    assert!(left > 29 * 86_400_000, "what never ends is kept for a month: {left}");
}

fn stored(key: &str) -> String {
    format!("larder:4:test:k{key}")
}
