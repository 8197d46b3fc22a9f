//! A server that dies, stops or fills up, servers that are none, and data that is not ours.

mod common;

use std::io::Write as _;
use std::time::{Duration, Instant};

use common::{Server, entry, free_port, get, miss, new_key, stored};
use larder_core::{ErrorKind, Store};
use larder_memcached::{Memcached, MemcachedOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn options() -> MemcachedOptions {
    MemcachedOptions::new().namespace("test").timeout(Duration::from_millis(300))
}

#[tokio::test]
async fn a_server_that_was_killed_is_an_error_and_found_again_when_it_is_back() {
    let Some(mut server) = Server::start(&[]) else { return };
    let client = server.client().await;
    client.insert("kept".into(), entry("one")).await.unwrap();
    server.kill();
    assert_eq!(client.get(&"kept".into()).await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(client.insert("kept".into(), entry("two")).await.unwrap_err().kind(), ErrorKind::Store);
    server.restart();
    common::until(async || client.insert("kept".into(), entry("three")).await.is_ok()).await;
    assert_eq!(get(&client, "kept").await.unwrap(), "three");
}

#[tokio::test]
async fn a_restart_between_two_calls_is_not_noticed_by_a_read() {
    let Some(mut server) = Server::start(&[]) else { return };
    let client = server.client().await;
    client.insert("kept".into(), entry("one")).await.unwrap();
    server.kill();
    server.restart();
    assert_eq!(get(&client, "kept").await, None);
    client.insert("kept".into(), entry("two")).await.unwrap();
    assert_eq!(get(&client, "kept").await.unwrap(), "two");
}

#[tokio::test]
async fn a_server_that_has_stopped_costs_the_timeout_and_no_more() {
    let Some(server) = Server::start(&[]) else { return };
    let timeout = Duration::from_millis(150);
    let client = server.client_with(MemcachedOptions::new().timeout(timeout)).await;
    client.insert("kept".into(), entry("one")).await.unwrap();
    server.signal("-STOP");
    for _ in 0..3 {
        let start = Instant::now();
        assert_eq!(client.get(&"kept".into()).await.unwrap_err().kind(), ErrorKind::Timeout);
        assert!(start.elapsed() < timeout * 8, "{:?}", start.elapsed());
    }
    assert_eq!(client.insert("kept".into(), entry("late")).await.unwrap_err().kind(), ErrorKind::Timeout);
    server.signal("-CONT");
    common::until(async || client.get(&"kept".into()).await.is_ok()).await;
    client.insert("kept".into(), entry("two")).await.unwrap();
    assert_eq!(get(&client, "kept").await.unwrap(), "two");
}

#[tokio::test]
async fn a_value_over_a_bound_is_refused_and_what_it_was_to_replace_is_gone() {
    let Some(server) = Server::start(&[]) else { return };
    let (bound, ours) = (options().max_value(4 << 20), options().max_value(1_000));
    let (bound, ours) = (server.client_with(bound).await, server.client_with(ours).await);
    for (client, length) in [(bound, 1_500_000), (ours, 1_001)] {
        let (key, other) = (new_key(), new_key());
        for kept in [0, 1, 900] {
            client.insert(key.clone(), entry(&"x".repeat(kept))).await.unwrap();
            assert_eq!(get(&client, &key).await.map(|text| text.len()), Some(kept));
        }
        let long = || entry(&"x".repeat(length));
        let error = client.insert(key.clone(), long()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert_eq!(get(&client, &key).await, None);
        let lease = miss(&client, &other).await;
        assert_eq!(client.fill(other.clone(), long(), lease).await.unwrap_err().kind(), ErrorKind::Invalid);
        client.insert(other.clone(), entry("short")).await.unwrap();
        assert_eq!(get(&client, &other).await.unwrap(), "short");
    }
}

#[tokio::test]
async fn a_full_server_that_may_not_evict_refuses_a_write_and_keeps_nothing_it_was_to_replace() {
    let Some(server) = Server::start(&["-m", "2", "-M"]) else { return };
    let client = server.client().await;
    let text = "x".repeat(10_000);
    let mut refused = None;
    for n in 0..2_000 {
        if let Err(error) = client.insert(format!("{n}"), entry(&text)).await {
            refused = Some((n, error));
            break;
        }
    }
    let (n, error) = refused.expect("2 MB are not enough for 20");
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    assert_eq!(get(&client, &format!("{n}")).await, None);
    assert_eq!(get(&client, "0").await.unwrap(), text, "reads go on");
    assert!(client.remove(&"0".into()).await.unwrap());
}

#[tokio::test]
async fn a_server_that_evicts_loses_entries_and_makes_none_stale() {
    let Some(server) = Server::start(&["-m", "2"]) else { return };
    let client = server.client().await;
    let text = "x".repeat(10_000);
    for n in 0..1_000 {
        let (key, value) = (format!("{}", n % 300), format!("{n} {text}"));
        client.insert(key.clone(), entry(&value)).await.unwrap();
        let found = get(&client, &key).await;
        assert!(found.is_none_or(|found| found == value), "a hit has the value that was written last");
    }
}

#[tokio::test]
async fn a_server_without_numbers_keeps_writes_and_refuses_fills() {
    let Some(server) = Server::start(&["-C"]) else { return };
    let client = server.client().await;
    let lease = miss(&client, "key").await;
    assert!(!client.fill("key".into(), entry("loaded"), lease).await.unwrap().is_stored());
    client.insert("key".into(), entry("written")).await.unwrap();
    assert_eq!(get(&client, "key").await.unwrap(), "written");
    assert!(client.remove(&"key".into()).await.unwrap());
}

#[tokio::test]
async fn an_address_that_can_not_be_used_is_refused() {
    for address in ["", "localhost", ":11211", "localhost:", "localhost:port", "localhost:99999"] {
        let error = options().connect::<String>(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{address}: {error}");
    }
    let nobody = format!("127.0.0.1:{}", free_port());
    assert_eq!(options().connect::<String>(&nobody).await.unwrap_err().kind(), ErrorKind::Store);
    let long = MemcachedOptions::new().namespace("x".repeat(250));
    assert_eq!(long.connect::<String>(&nobody).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_wrong_password_and_none_are_refused() {
    let mut users = tempfile::NamedTempFile::new().unwrap();
    writeln!(users, "ann:right").unwrap();
    let Some(server) = Server::start(&["-Y", users.path().to_str().unwrap()]) else { return };
    let tries = [options(), options().user("ann", "wrong"), options().user("ann", "two words")];
    for options in tries {
        let shown = format!("{options:?}");
        let error = options.connect::<String>(&server.address()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(!format!("{shown} {error:?}").contains("wrong"));
    }
    let client: Memcached = options().user("ann", "right").connect(&server.address()).await.unwrap();
    client.insert("key".into(), entry("in")).await.unwrap();
    assert_eq!(get(&client, "key").await.unwrap(), "in");
}

/// A server that greets as memcached does if `polite`, and then answers whatever it is asked with `answer`, again and
/// again while `endless`.
async fn impostor(polite: bool, answer: &'static [u8], endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4_096];
                let mut is_first = polite;
                while let Ok(1..) = stream.read(&mut asked).await {
                    if std::mem::take(&mut is_first) {
                        stream.write_all(b"MN\r\n").await.unwrap();
                        continue;
                    }
                    while stream.write_all(answer).await.is_ok() && endless {}
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_is_not_memcached_or_hostile_is_an_error_in_time() {
    let answers: [(&[u8], bool); 12] = [
        (b"", false),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        (b"VA 18446744073709551615 O0\r\n", false),
        (b"VA 99999999 O0\r\nx", true),
        (b"VA 5 O0\r\nab", false),
        (b"HD O7\r\n", true),
        (b"HD O0\r\nHD O0\r\n", false),
        (b"EN\r\n", true),
        (b"xxxxxxxx", true),
        (b"VA ", true),
        (b"CLIENT_ERROR bad key\r\n", true),
        (b"MN O\xff\r\n", false),
    ];
    for (answer, endless) in answers {
        for polite in [false, true] {
            let start = Instant::now();
            let address = impostor(polite, answer, endless).await;
            let asked = async { options().connect::<String>(&address).await?.get(&"a secret".into()).await };
            let error = asked.await.unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(5), "{answer:?}: {:?}", start.elapsed());
            let kinds = [ErrorKind::Store, ErrorKind::Timeout, ErrorKind::Invalid];
            assert!(kinds.contains(&error.kind()), "{answer:?}: {error}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}

#[tokio::test]
async fn what_is_not_ours_is_a_miss_counted_and_replaced() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    for text in ["x", "LM1V", "LM1V but not of this epoch", &"y".repeat(1_000)] {
        let key = new_key();
        let of_another_epoch = text.len() > 16 && text.starts_with("LM1V");
        server.say(&format!("ms {} {} T100\r\n{text}\r\n", stored(&key), text.len()));
        get(&client, "warm").await;
        let before = client.unreadable();
        let lease = miss(&client, &key).await;
        assert_eq!(client.unreadable() - before, u64::from(!of_another_epoch), "{text}");
        assert!(client.fill(key.clone(), entry("loaded"), lease).await.unwrap().is_stored());
        assert_eq!(get(&client, &key).await.unwrap(), "loaded");
    }
}

#[tokio::test]
async fn a_value_with_a_damaged_envelope_is_a_miss_counted_and_replaced() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let key = new_key();
    client.insert(key.clone(), entry("text")).await.unwrap();
    server.say(&format!("ms {} 1 MA\r\n!\r\n", stored(&key)));
    let lease = miss(&client, &key).await;
    assert_eq!(client.unreadable(), 1);
    assert!(client.fill(key.clone(), entry("loaded"), lease).await.unwrap().is_stored());
    server.say(&format!("mg {} T-1\r\n", stored(&key)));
    assert_eq!(get(&client, &key).await, None, "what others touch has no known age");
    client.close().await.unwrap();
    client.close().await.unwrap();
    assert_eq!(client.get(&key).await.unwrap_err().kind(), ErrorKind::Closed);
}
