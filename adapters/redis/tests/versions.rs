//! A deploy: what the version before has left on the server is used as it is.

mod common;

use common::{Server, entry, get, miss, new_key};
use larder_core::Store;
use redis::aio::MultiplexedConnection;

/// An envelope of version 1: "soup", without an end.
const SOUP: &[u8] =
    b"\x01\x0d\x80\x90\x9d\x5a\x03\x32\x9d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0soup";

const TOKEN: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6];

fn stored(key: &str) -> String {
    format!("larder:4:test:k{key}")
}

async fn bytes(peek: &mut MultiplexedConnection, name: &str) -> Vec<u8> {
    redis::cmd("GET").arg(name).query_async(peek).await.unwrap()
}

/// Puts a record there as version 1 wrote it.
async fn put(peek: &mut MultiplexedConnection, key: &str, kind: &[u8; 1], envelope: &[u8]) {
    let epoch = bytes(peek, "larder:4:test:e").await;
    let time: (String, String) = redis::cmd("TIME").query_async(peek).await.unwrap();
    let word = |number: &str| number.parse::<u32>().unwrap().to_be_bytes();
    let written = [word(&time.0), word(&time.1)].concat();
    let record = [b"LR1", &kind[..], &epoch, &TOKEN, &written, &[0; 8], envelope].concat();
    let () = redis::cmd("SET").arg(stored(key)).arg(record).query_async(peek).await.unwrap();
}

#[tokio::test]
async fn a_value_of_the_version_before_is_read_leased_refreshed_and_removed() {
    let Some(server) = Server::start(&[]) else { return };
    let (client, mut peek) = (server.client().await, server.peek().await);
    client.insert(new_key(), entry("the first write makes the epoch")).await.unwrap();
    let (kept, removed) = (new_key(), new_key());
    put(&mut peek, &kept, b"V", SOUP).await;
    put(&mut peek, &removed, b"V", SOUP).await;
    assert_eq!(get(&client, &kept).await.unwrap(), "soup");
    let lease = client.lease(&kept).await.unwrap();
    assert_eq!(lease.stamp(), [5, 6]);
    assert!(client.fill(kept.clone(), entry("stew"), lease).await.unwrap().is_stored());
    assert_eq!(get(&client, &kept).await.unwrap(), "stew");
    assert!(bytes(&mut peek, &stored(&kept)).await.starts_with(b"LR2V"));
    assert!(client.remove(&removed).await.unwrap());
    assert_eq!((get(&client, &removed).await, client.unreadable()), (None, 0));
}

#[tokio::test]
async fn a_lease_of_the_version_before_is_good_and_ends_with_a_clear() {
    let Some(server) = Server::start(&[]) else { return };
    let (client, mut peek) = (server.client().await, server.peek().await);
    client.insert(new_key(), entry("the first write makes the epoch")).await.unwrap();
    let (filled, cleared) = (new_key(), new_key());
    put(&mut peek, &filled, b"S", &[]).await;
    put(&mut peek, &cleared, b"S", &[]).await;
    let (good, void) = (miss(&client, &filled).await, miss(&client, &cleared).await);
    assert_eq!([good.stamp(), void.stamp()], [[5, 6]; 2]);
    assert!(client.fill(filled.clone(), entry("stew"), good).await.unwrap().is_stored());
    client.clear().await.unwrap();
    assert!(!client.fill(cleared.clone(), entry("old"), void).await.unwrap().is_stored());
    assert_eq!((get(&client, &filled).await, client.unreadable()), (None, 0));
}

/// The other way round: the version before has scripts and readers that know no other form.
#[tokio::test]
async fn a_record_begins_with_its_version_so_that_others_see_none_of_theirs() {
    let Some(server) = Server::start(&[]) else { return };
    let (client, mut peek) = (server.client().await, server.peek().await);
    let (value, stub) = (new_key(), new_key());
    client.insert(value.clone(), entry("in")).await.unwrap();
    drop(miss(&client, &stub).await);
    let value = bytes(&mut peek, &stored(&value)).await;
    assert_eq!((&value[..4], value.len()), (&b"LR2V"[..], 36 + 11 + 2));
    let stub = bytes(&mut peek, &stored(&stub)).await;
    assert_eq!((&stub[..4], stub.len()), (&b"LR2S"[..], 36));
}
