//! Wrong addresses, servers that are none, and data that is not ours.

mod common;

use std::time::{Duration, Instant};

use common::{Server, entry, free_port, get, miss, new_key};
use larder_core::{ErrorKind, Store};
use larder_redis::{Redis, RedisOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn options() -> RedisOptions {
    RedisOptions::new().namespace("test").timeout(Duration::from_millis(300))
}

#[tokio::test]
async fn an_address_that_can_not_be_used_is_refused() {
    for url in
        ["", "redis", "http://127.0.0.1", "redis://", "redis://127.0.0.1:port", "redis://127.0.0.1/x", "\0"]
    {
        let error = options().connect::<String>(url).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Store), "{url}: {error}");
    }
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    assert_eq!(options().connect::<String>(&nobody).await.unwrap_err().kind(), ErrorKind::Store);
    assert!(options().connect_to_cluster::<String>(&[]).await.is_err());
    assert!(options().connect_by_sentinels::<String>(&[], "shop", None).await.is_err());
}

#[tokio::test]
async fn a_wrong_password_and_none_are_refused() {
    let Some(server) = Server::start(&["--requirepass", "right"]) else { return };
    for user in ["", ":wrong@", "nobody:right@"] {
        let url = format!("redis://{user}127.0.0.1:{}", server.port);
        let error = options().connect::<String>(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(!error.to_string().contains("wrong") && !error.to_string().contains("right"), "{error}");
    }
    let client: Redis =
        options().connect(&format!("redis://:right@127.0.0.1:{}", server.port)).await.unwrap();
    client.insert("key".into(), entry("in")).await.unwrap();
}

#[tokio::test]
async fn a_user_with_few_rights_can_use_a_namespace() {
    let Some(server) = Server::start(&[]) else { return };
    let mut rights = redis::cmd("ACL");
    rights.arg(&["SETUSER", "few", "on", ">secret", "~larder:*"]);
    rights.arg(&[
        "+mget",
        "+time",
        "+evalsha",
        "+eval",
        "+get",
        "+set",
        "+unlink",
        "+getrange",
        "+pttl",
        "+pexpire",
    ]);
    let () = rights.query_async(&mut server.peek().await).await.unwrap();
    let client: Redis =
        options().connect(&format!("redis://few:secret@127.0.0.1:{}", server.port)).await.unwrap();
    let lease = miss(&client, "key").await;
    assert!(client.fill("key".into(), entry("in"), lease).await.unwrap().is_stored());
    assert_eq!(get(&client, "key").await.unwrap(), "in");
    client.clear().await.unwrap();
    assert!(!client.remove(&"key".into()).await.unwrap());
}

/// A server that answers whatever it is asked with `answer`, again and again while `endless`.
async fn impostor(answer: Vec<u8>, endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4_096];
                while let Ok(1..) = stream.read(&mut asked).await {
                    while stream.write_all(&answer).await.is_ok() && endless {}
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn a_server_that_is_not_redis_or_hostile_is_an_error_in_time() {
    let answers: [(&[u8], bool); 12] = [
        (b"", false),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        (b"+OK\r\n", false),
        (b"$9223372036854775807\r\n", false),
        (b"*9223372036854775807\r\n", false),
        (b"%9223372036854775807\r\n", false),
        (b"|4611686018427387904\r\n", false),
        (b"*1\r\n", true),
        (b"xxxxxxxx", true),
        (b"+xxxxxxxx", true),
        (b"$-5\r\n", true),
        (b"-WRONGPASS key \xff\xfe\r\n", false),
    ];
    for (answer, endless) in answers {
        let start = Instant::now();
        let url = impostor(answer.to_vec(), endless).await;
        let error = options().connect::<String>(&url).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5), "{answer:?}: {:?}", start.elapsed());
        let kinds = [ErrorKind::Store, ErrorKind::Timeout, ErrorKind::Invalid];
        assert!(kinds.contains(&error.kind()), "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_ours_is_a_miss_counted_and_replaced() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let mut peek = server.peek().await;
    let stored = |key: &str| format!("larder:4:test:k{key}");
    client.insert("whole".into(), entry("whole")).await.unwrap();
    let whole: Vec<u8> = redis::cmd("GET").arg(stored("whole")).query_async(&mut peek).await.unwrap();

    let mut strange: Vec<Vec<u8>> = vec![vec![], b"text".to_vec(), vec![0xff; 200], whole[..30].to_vec()];
    strange.extend((36..whole.len()).map(|at| whole[..at].to_vec()));
    strange.extend([0, 3, 36, 37, 45, whole.len() - 1].map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x20;
        flipped
    }));
    for (n, bytes) in strange.into_iter().enumerate() {
        let key = new_key();
        let () = redis::cmd("SET").arg(stored(&key)).arg(&bytes).query_async(&mut peek).await.unwrap();
        let before = client.unreadable();
        let lease = miss(&client, &key).await;
        assert_eq!(client.unreadable() - before, u64::from(!bytes.is_empty()), "{n}: {bytes:?}");
        assert!(client.fill(key.clone(), entry("loaded"), lease).await.unwrap().is_stored());
        assert_eq!(get(&client, &key).await.unwrap(), "loaded");
    }
}

#[tokio::test]
async fn keys_of_another_type_are_misses_counted_and_replaced() {
    let Some(server) = Server::start(&[]) else { return };
    let client = server.client().await;
    let mut peek = server.peek().await;
    for (filled, command) in [(true, "LPUSH"), (false, "SADD")] {
        let key = new_key();
        let stored = format!("larder:4:test:k{key}");
        let () = redis::cmd(command).arg(&stored).arg("x").query_async(&mut peek).await.unwrap();
        assert!(!client.remove(&new_key()).await.unwrap());
        let before = client.unreadable();
        let found = client.get_many(&[key.clone(), key.clone()]).await.unwrap();
        assert!(found.iter().all(|found| !found.is_hit()));
        assert_eq!(client.unreadable() - before, 1, "the first look made a stub of it");
        if filled {
            let lease = miss(&client, &key).await;
            assert!(client.fill(key.clone(), entry("in"), lease).await.unwrap().is_stored());
        } else {
            client.insert(key.clone(), entry("in")).await.unwrap();
        }
        assert_eq!(get(&client, &key).await.unwrap(), "in");
    }
    let () = redis::cmd("DEL").arg("larder:4:test:e").query_async(&mut peek).await.unwrap();
    let () = redis::cmd("LPUSH").arg("larder:4:test:e").arg("x").query_async(&mut peek).await.unwrap();
    assert_eq!(get(&client, "key").await, None, "an epoch of another type is none");
    let error = client.insert("key".into(), entry("in")).await;
    assert!(error.is_ok(), "{error:?}");
    assert_eq!(get(&client, "key").await.unwrap(), "in");
}

#[tokio::test]
async fn errors_say_nothing_of_keys_or_values() {
    let Some(server) = Server::start(&["--rename-command", "EVALSHA", "", "--rename-command", "EVAL", ""])
    else {
        return;
    };
    let client = server.client().await;
    let error = client.insert("a secret key".into(), entry("a secret value")).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(error.kind(), ErrorKind::Store);
    client.close().await.unwrap();
    client.close().await.unwrap();
    assert_eq!(client.get(&"key".into()).await.unwrap_err().kind(), ErrorKind::Closed);
}
