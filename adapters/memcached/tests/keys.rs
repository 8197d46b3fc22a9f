//! Keys of all shapes, namespaces beside others, and batches of any size.

mod common;

use common::{Server, entry, get, parcel};
use larder_core::{ErrorKind, Lookup, Store};
use larder_memcached::{Memcached, MemcachedOptions};

#[tokio::test]
async fn keys_of_any_bytes_are_kept_apart_and_those_too_long_refused() {
    let Some(server) = Server::start(&[]) else { return };
    let client: Memcached<Vec<u8>> =
        MemcachedOptions::new().namespace("a b\n").connect(&server.address()).await.unwrap();
    let mut keys: Vec<Vec<u8>> =
        [&b""[..], b" ", b"\n", b"\r\n", b"\0", b"\0\0", b"e", b"k", b"a", b"YQ==", b"a b"]
            .map(<[u8]>::to_vec)
            .to_vec();
    keys.push(vec![0xff; 170]);
    for (n, key) in keys.iter().enumerate() {
        client.insert(key.clone(), entry(&n.to_string())).await.unwrap();
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(client.get(key).await.unwrap().value(), Some(parcel(&n.to_string())), "key {n}");
    }
    let long = vec![b'x'; 64 << 10];
    assert_eq!(client.get(&long).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(client.insert(long.clone(), entry("long")).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(client.remove(&long).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(client.remove_many(&keys).await.unwrap(), keys.len());
}

#[tokio::test]
async fn namespaces_do_not_see_each_other_and_clear_touches_nobody_elses_keys() {
    let Some(server) = Server::start(&[]) else { return };
    let mut clients: Vec<Memcached> = Vec::new();
    for namespace in ["a", "a:", "", "1:a", "ab"] {
        clients.push(MemcachedOptions::new().namespace(namespace).connect(&server.address()).await.unwrap());
    }
    for foreign in ["mine", "larder", "larder:1:a", "larder:1:b:kx"] {
        server.say(&format!("ms {foreign} 6\r\ntheirs\r\n"));
    }
    for (n, client) in clients.iter().enumerate() {
        client.insert("x".to_owned(), entry(&n.to_string())).await.unwrap();
    }
    clients[0].clear().await.unwrap();
    assert_eq!(get(&clients[0], "x").await, None);
    for (n, client) in clients.iter().enumerate().skip(1) {
        assert_eq!(get(client, "x").await, Some(n.to_string()));
    }
    for foreign in ["mine", "larder", "larder:1:a", "larder:1:b:kx"] {
        assert_eq!(server.say(&format!("mg {foreign} v\r\n")), "VA 6\ntheirs\n");
    }
}

#[tokio::test]
async fn batches_of_ten_thousand_are_cut_and_answered_in_order() {
    let Some(server) = Server::start(&[]) else { return };
    let options = MemcachedOptions::new().timeout(std::time::Duration::from_secs(20));
    let client = server.client_with(options).await;
    let keys: Vec<_> = (0..10_000).map(|n| format!("batch{n}")).collect();
    let even = keys.iter().step_by(2);
    client.insert_many(even.map(|key| (key.clone(), entry(key))).collect()).await.unwrap();
    let found = client.get_many(&keys).await.unwrap();
    let mut fills = Vec::new();
    for (n, (key, found)) in keys.iter().zip(found).enumerate() {
        match found {
            Lookup::Hit(found) => assert_eq!((n % 2, found.value()), (0, &parcel(key))),
            Lookup::Miss(lease) => fills.push((key.clone(), entry(key), lease)),
        }
    }
    assert_eq!(fills.len(), 5_000);
    let filled = client.fill_many(fills).await.unwrap();
    assert!(filled.iter().all(|filled| filled.is_stored()));
    let found = client.get_many(&keys).await.unwrap();
    assert!(found.into_iter().zip(&keys).all(|(found, key)| found.value() == Some(parcel(key))));
    assert_eq!(client.remove_many(&keys).await.unwrap(), 10_000);
}
