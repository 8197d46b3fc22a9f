//! Keys of all shapes, namespaces beside others, and batches of any size.

mod common;

use common::{Server, entry, get, new_key, parcel};
use larder_core::{ErrorKind, Lookup, Store};
use larder_redis::{Redis, RedisOptions};

#[tokio::test]
async fn keys_of_any_bytes_are_kept_apart() {
    let Some(server) = Server::start(&[]) else { return };
    let client: Redis<Vec<u8>> =
        RedisOptions::new().namespace("{a} b\n").connect(&server.url()).await.unwrap();
    let mut keys: Vec<Vec<u8>> =
        [&b""[..], b" ", b"\n", b"\r\n", b"\0", b"\0\0", b"{", b"{}", b"a}b{c}", b"k", b"e"]
            .map(<[u8]>::to_vec)
            .to_vec();
    keys.push(vec![0xff; 64 << 10]);
    keys.push(vec![0xff; (64 << 10) + 1]);
    for (n, key) in keys.iter().enumerate() {
        client.insert(key.clone(), entry(&n.to_string())).await.unwrap();
    }
    for (n, key) in keys.iter().enumerate() {
        let found = client.get(key).await.unwrap().value();
        assert_eq!(found, Some(parcel(&n.to_string())), "key {n}");
    }
    assert_eq!(client.remove_many(&keys).await.unwrap(), keys.len());
}

#[tokio::test]
async fn values_of_no_bytes_and_up_to_the_bound_are_kept_and_longer_ones_refused() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client_with(RedisOptions::new().max_value(1 << 20)).await;
    let key = new_key();
    let envelope = 50;
    for length in [0, 1, (1 << 20) - envelope] {
        client.insert(key.clone(), entry(&"x".repeat(length))).await.unwrap();
        assert_eq!(get(&client, &key).await.map(|text| text.len()), Some(length));
    }
    let error = client.insert(key.clone(), entry(&"x".repeat(1 << 20))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(get(&client, &key).await, None, "the value it was to replace is gone");
    let lease = client.lease(&key).await.unwrap();
    let error = client.fill(key.clone(), entry(&"x".repeat(1 << 20)), lease).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn namespaces_do_not_see_each_other_and_clear_touches_nobody_elses_keys() {
    let Some(server) = Server::start(&[]) else { return };
    let url = server.url();
    let mut clients: Vec<Redis> = Vec::new();
    for namespace in ["a", "a:", "", "1:a", "ab"] {
        clients.push(RedisOptions::new().namespace(namespace).connect(&url).await.unwrap());
    }
    let mut peek = server.peek().await;
    for foreign in ["mine", "larder", "larder:1:a", "larder:1:b:kx"] {
        let () = redis::cmd("SET").arg(foreign).arg("theirs").query_async(&mut peek).await.unwrap();
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
        let held: String = redis::cmd("GET").arg(foreign).query_async(&mut peek).await.unwrap();
        assert_eq!(held, "theirs");
    }
}

#[tokio::test]
async fn batches_of_ten_thousand_are_cut_and_answered_in_order() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client_with(RedisOptions::new().timeout(std::time::Duration::from_secs(20))).await;
    let keys: Vec<_> = (0..10_000).map(|n| format!("batch {n}")).collect();
    let even = keys.iter().step_by(2);
    client.insert_many(even.map(|key| (key.clone(), entry(key))).collect()).await.unwrap();
    let before = commands(&server).await;
    let found = client.get_many(&keys).await.unwrap();
    let sent = commands(&server).await - before;
    assert!(sent < 70, "20 chunks: a MGET, a TIME and, for the misses, a script each: {sent} commands");
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

/// How many commands the server was sent so far; what scripts call is not counted.
async fn commands(server: &Server) -> u64 {
    let mut peek = server.peek().await;
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(&mut peek).await.unwrap();
    let calls = |name: &str| -> u64 {
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or_default()
    };
    calls("mget") + calls("evalsha") + calls("eval")
}
