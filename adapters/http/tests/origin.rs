//! What an HTTP origin promises a cache, against a real server on a loopback port.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Reply, Request, Server};
use larder_core::{Entry, Env, Error, ErrorKind, Loader, Manual, MemoryOptions, Result, StoreExt, Time};
use larder_http::{Ask, Client, HttpOrigin, Response};
use larder_patterns::{Freshness, PatternExt};
use larder_policies::Lru;

const SECOND: Duration = Duration::from_secs(1);

/// A client that heeds no proxy of the machine's.
fn client() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// An origin before a server that answers as `reply` says, by a clock that stands still.
async fn origin(
    reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Env, Manual, Server, HttpOrigin<String>) {
    let (env, manual) = Env::manual();
    let server = Server::start(reply).await;
    let url = server.url.clone();
    let origin = HttpOrigin::with_client(client(), move |key: &String| Ask::get(&url).segment(key), &env);
    (env, manual, server, origin)
}

async fn load(origin: &HttpOrigin<String>) -> Result<Option<Entry<Response>>> {
    origin.load(&"key".to_owned()).await
}

async fn loaded(origin: &HttpOrigin<String>) -> Entry<Response> {
    load(origin).await.unwrap().expect("there is such a thing")
}

async fn failure(origin: &HttpOrigin<String>) -> Error {
    load(origin).await.map(drop).expect_err("the origin misbehaves")
}

/// How long the entry is fresh, and how long it may be used.
fn lives(entry: &Entry<Response>) -> (Duration, Duration) {
    let life = entry.life();
    (life.fresh_until().duration().unwrap(), life.usable_until().duration().unwrap())
}

/// Answers as the numbered request should be.
fn in_turn(replies: Vec<Reply>) -> impl Fn(&Request) -> Reply + Send + Sync {
    let next = AtomicUsize::new(0);
    move |_| replies[next.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1)].clone()
}

mod an_answer {
    use super::*;

    #[tokio::test]
    async fn comes_with_status_headers_body_and_the_life_it_allows() {
        let headers = ["cache-control: max-age=60", "age: 20", "content-type: text/plain", "set-cookie: a=b"];
        let (_, _, server, origin) = origin(move |_| Reply::answer(203, &headers, "hello")).await;
        let entry = loaded(&origin).await;
        assert_eq!(entry.value().status(), 203);
        assert_eq!(entry.value().text(), Some("hello"));
        assert_eq!(entry.value().header("Content-Type"), Some("text/plain"));
        assert_eq!(entry.value().header("set-cookie"), None);
        assert_eq!(server.requests()[0].path, "/key");
        assert_eq!(origin.stats().loaded, 1);
    }

    #[tokio::test]
    async fn lives_as_long_as_it_is_fresh_unless_stale_use_is_allowed() {
        let headers = ["cache-control: max-age=60, stale-while-revalidate=30, stale-if-error=600", "age: 20"];
        let (_, _, _server, origin) = origin(move |_| Reply::answer(200, &headers, "")).await;
        assert_eq!(lives(&loaded(&origin).await), (40 * SECOND, 40 * SECOND));
        let origin = origin.allow_stale(300 * SECOND);
        assert_eq!(lives(&loaded(&origin).await), (40 * SECOND, 340 * SECOND));
    }

    #[tokio::test]
    async fn that_may_not_be_kept_is_given_once_and_asked_for_again() {
        for forbidding in ["cache-control: No-Store", "cache-control: private, max-age=60", "vary: *", "x: y"]
        {
            let (env, _, server, origin) = origin(move |_| Reply::answer(200, &[forbidding], "once")).await;
            let store = MemoryOptions::new(9).env(&env).build(Lru::new).read_through(origin);
            for _ in 0..2 {
                let value = store.value(&"key".to_owned()).await.unwrap();
                assert_eq!(value.unwrap().text(), Some("once"), "{forbidding}");
            }
            assert_eq!(server.requests().len(), 2, "{forbidding}");
            assert!(!store.inner().contains(&"key".to_owned()));
        }
    }

    #[tokio::test]
    async fn that_may_be_kept_is_asked_for_once_a_life() {
        let (env, manual, server, origin) =
            origin(|_| Reply::answer(200, &["cache-control: max-age=60"], "kept")).await;
        let store = MemoryOptions::new(9).env(&env).build(Lru::new).read_through(origin);
        for (waits, requests) in [(59, 1), (1, 1), (0, 2)] {
            store.value(&"key".to_owned()).await.unwrap().unwrap();
            assert_eq!(server.requests().len(), requests);
            manual.advance(waits * SECOND);
        }
    }

    #[tokio::test]
    async fn gone_or_not_found_is_no_error() {
        for status in [404, 410] {
            let (_, _, _server, origin) = origin(move |_| Reply::answer(status, &[], "sorry")).await;
            assert!(load(&origin).await.unwrap().is_none());
            assert_eq!(origin.stats().absent, 1);
        }
    }

    #[tokio::test]
    async fn of_failure_is_an_error_of_the_kind_that_says_whether_to_try_again() {
        let kinds = [
            (500, ErrorKind::Load),
            (503, ErrorKind::Load),
            (408, ErrorKind::Load),
            (429, ErrorKind::Overloaded),
            (400, ErrorKind::Invalid),
            (403, ErrorKind::Invalid),
            (206, ErrorKind::Load),
            (304, ErrorKind::Load),
            (302, ErrorKind::Load),
        ];
        for (status, kind) in kinds {
            let (_, _, _server, origin) = origin(move |_| Reply::answer(status, &[], "")).await;
            let error = failure(&origin).await;
            assert_eq!(error.kind(), kind, "{status}");
            assert!(!error.to_string().contains("key"), "{error}");
            assert_eq!(origin.stats().failed, 1);
        }
    }

    #[tokio::test]
    async fn is_decoded_with_its_life() {
        let (_, _, _server, origin) =
            origin(|_| Reply::answer(200, &["cache-control: max-age=60"], "42")).await;
        let number = |response: &Response| {
            let digits = response.text().and_then(|text| text.parse::<u64>().ok());
            digits.ok_or_else(|| Error::new(ErrorKind::Load, "reading a number"))
        };
        let origin = origin.decoded(number);
        let entry = origin.load(&"key".to_owned()).await.unwrap().unwrap();
        assert_eq!((*entry.value(), entry.life().usable_until().duration()), (42, Some(60 * SECOND)));
        let many = origin.load_many(&["a".to_owned(), "b".to_owned()]).await.unwrap();
        assert_eq!(many.into_iter().flatten().count(), 2);
    }
}

mod asking_again {
    use super::*;

    const LIFE: &str = "cache-control: max-age=60";

    #[tokio::test]
    async fn is_conditional_and_not_modified_renews_the_life_without_a_body() {
        let (_, _, server, origin) = origin(in_turn(vec![
            Reply::answer(
                200,
                &["etag: \"1\"", "last-modified: then", "cache-control: max-age=10", "x-old: 1"],
                "body",
            ),
            Reply::bytes(
                "HTTP/1.1 304 X\r\netag: \"1\"\r\ncache-control: max-age=70\r\nconnection: close\r\n\r\n",
            ),
        ]))
        .await;
        let first = loaded(&origin).await;
        let second = loaded(&origin).await;
        let asked = &server.requests()[1];
        assert_eq!(
            (asked.header("if-none-match"), asked.header("if-modified-since")),
            (Some("\"1\""), Some("then"))
        );
        assert_eq!(lives(&second).0, 70 * SECOND);
        assert_eq!(second.value().body().as_ptr(), first.value().body().as_ptr(), "one body");
        assert_eq!(second.value().header("x-old"), Some("1"));
        assert_eq!((origin.stats().loaded, origin.stats().renewed), (1, 1));
    }

    #[tokio::test]
    async fn brings_what_has_changed() {
        let (_, _, server, origin) = origin(in_turn(vec![
            Reply::answer(200, &["etag: \"1\"", LIFE], "old"),
            Reply::answer(200, &["etag: \"2\"", LIFE], "new"),
        ]))
        .await;
        loaded(&origin).await;
        assert_eq!(loaded(&origin).await.value().text(), Some("new"));
        loaded(&origin).await;
        assert_eq!(server.requests()[2].header("if-none-match"), Some("\"2\""));
    }

    #[tokio::test]
    async fn goes_on_without_conditions_when_the_origin_means_another_answer() {
        let (_, _, server, origin) = origin(in_turn(vec![
            Reply::answer(200, &["etag: \"1\"", LIFE], "old"),
            Reply::bytes("HTTP/1.1 304 X\r\netag: \"9\"\r\nconnection: close\r\n\r\n"),
            Reply::answer(200, &["etag: \"9\"", LIFE], "new"),
        ]))
        .await;
        loaded(&origin).await;
        assert_eq!(loaded(&origin).await.value().text(), Some("new"));
        assert_eq!(server.requests()[2].header("if-none-match"), None);
    }

    #[tokio::test]
    async fn is_plain_after_an_answer_that_must_not_be_kept_or_is_gone() {
        let first = || Reply::answer(200, &["etag: \"1\"", LIFE], "old");
        let forbidden = Reply::answer(200, &["etag: \"2\"", "cache-control: no-store"], "secret");
        for second in [forbidden, Reply::answer(404, &[], "")] {
            let (_, _, server, origin) = origin(in_turn(vec![first(), second, first()])).await;
            for _ in 0..3 {
                load(&origin).await.unwrap();
            }
            assert_eq!(server.requests()[1].header("if-none-match"), Some("\"1\""));
            assert_eq!(server.requests()[2].header("if-none-match"), None);
        }
    }

    #[tokio::test]
    async fn is_how_an_answer_without_a_life_is_still_cheap() {
        let (_, _, _server, origin) = origin(in_turn(vec![
            Reply::answer(200, &["etag: \"1\"", "cache-control: no-cache"], "body"),
            Reply::bytes("HTTP/1.1 304 X\r\nconnection: close\r\n\r\n"),
        ]))
        .await;
        loaded(&origin).await;
        let again = loaded(&origin).await;
        assert_eq!((again.value().text(), lives(&again).1), (Some("body"), Duration::ZERO));
    }

    #[tokio::test]
    async fn is_plain_where_nothing_is_to_be_remembered() {
        let (_, _, server, origin) = origin(|_| Reply::answer(200, &["etag: \"1\"", LIFE], "body")).await;
        let origin = origin.remember(0);
        loaded(&origin).await;
        loaded(&origin).await;
        assert_eq!(server.requests()[1].header("if-none-match"), None);
    }

    #[tokio::test]
    async fn keeps_the_stale_answer_of_a_store_that_keeps_fresh_when_the_origin_fails() {
        let (env, manual, server, origin) = origin(in_turn(vec![
            Reply::answer(200, &["cache-control: max-age=60, stale-if-error=600"], "old"),
            Reply::answer(503, &[], "down"),
        ]))
        .await;
        let freshness = Freshness::new().no_back_off();
        let memory = MemoryOptions::new(9).env(&env).build(Lru::new);
        let store =
            memory.keep_fresh(origin.allow_stale(3_600 * SECOND), freshness, &on_tokio(&env)).unwrap();
        let key = "key".to_owned();
        assert_eq!(store.value(&key).await.unwrap().unwrap().text(), Some("old"));
        manual.advance(61 * SECOND);
        assert_eq!(
            store.value(&key).await.unwrap().unwrap().text(),
            Some("old"),
            "stale, but the origin fails"
        );
        assert_eq!(server.requests().len(), 2);
        manual.advance(600 * SECOND);
        assert_eq!(store.value(&key).await.unwrap_err().kind(), ErrorKind::Load, "no longer than it allowed");
    }

    #[tokio::test]
    async fn happens_behind_a_stale_answer_for_as_long_as_the_origin_allows() {
        for (waits, at_once) in [(89, "old"), (90, "new")] {
            let (env, manual, server, origin) = origin(in_turn(vec![
                Reply::answer(200, &["cache-control: max-age=60, stale-while-revalidate=30"], "old"),
                Reply::answer(200, &["cache-control: max-age=60"], "new"),
            ]))
            .await;
            let freshness = Freshness::new().stale_while_revalidate(Duration::MAX);
            let memory = MemoryOptions::new(9).env(&env).build(Lru::new);
            let origin = origin.allow_stale(3_600 * SECOND);
            let store = memory.keep_fresh(origin, freshness, &on_tokio(&env)).unwrap();
            let read =
                async || store.value(&"key".to_owned()).await.unwrap().unwrap().text().map(str::to_owned);
            assert_eq!(read().await.as_deref(), Some("old"));
            manual.advance(waits * SECOND);
            assert_eq!(read().await.as_deref(), Some(at_once), "after {waits} s");
            while read().await.as_deref() == Some("old") {
                tokio::task::yield_now().await;
            }
            assert_eq!((read().await.as_deref(), server.requests().len()), (Some("new"), 2));
        }
    }

    /// The clock of `env`, and tasks on tokio.
    fn on_tokio(env: &Env) -> Env {
        struct OnTokio;
        impl larder_core::Spawner for OnTokio {
            fn spawn(&self, task: larder_core::BoxFuture<'static, ()>) -> Result<()> {
                drop(tokio::spawn(task));
                Ok(())
            }
            fn sleep(&self, _: Duration) -> larder_core::BoxFuture<'static, ()> {
                Box::pin(std::future::pending())
            }
        }
        Env::new(env.clock().clone(), OnTokio, env.random().clone())
    }
}

mod a_redirect {
    use super::*;

    fn to(location: &str, status: u16, life: &str) -> Reply {
        Reply::answer(status, &[&format!("location: {location}"), life], "")
    }

    #[tokio::test]
    async fn is_followed_and_the_least_life_on_the_way_counts() {
        for (life, kept) in [("cache-control: max-age=5", 5), ("x: y", 0), ("cache-control: no-store", 0)] {
            let (_, _, server, origin) = origin(move |request| match request.path.as_str() {
                "/key" => to("/there?a=b", 302, life),
                _ => Reply::answer(200, &["cache-control: max-age=60"], "there"),
            })
            .await;
            let entry = loaded(&origin).await;
            assert_eq!((entry.value().text(), lives(&entry).0), (Some("there"), kept * SECOND), "{life}");
            assert_eq!(server.requests()[1].path, "/there?a=b");
            assert_eq!(origin.stats().requests, 2);
        }
    }

    #[tokio::test]
    async fn is_not_followed_without_end() {
        let (_, _, server, origin) = origin(|_| to("/again", 301, "x: y")).await;
        assert_eq!(failure(&origin).await.kind(), ErrorKind::Load);
        assert_eq!(server.requests().len(), 4, "three redirects");
        let origin = origin.redirects(0);
        assert_eq!(failure(&origin).await.kind(), ErrorKind::Load);
        assert_eq!(server.requests().len(), 5);
    }

    #[tokio::test]
    async fn to_another_host_is_followed_only_if_allowed_and_tells_it_no_secrets() {
        let other = Server::start(|_| Reply::answer(200, &["cache-control: max-age=60"], "other")).await;
        let location = format!("{}/elsewhere", other.url);
        let server = Server::start(move |_| to(&location, 308, "cache-control: max-age=60, public")).await;
        let (env, _) = Env::manual();
        let make = || {
            let url = server.url.clone();
            let ask = move |key: &String| {
                Ask::get(&url).segment(key).header("authorization", "secret").header("accept", "text/plain")
            };
            HttpOrigin::with_client(client(), ask, &env)
        };
        assert_eq!(failure(&make()).await.kind(), ErrorKind::Load);
        assert!(other.requests().is_empty());
        let entry = loaded(&make().across_hosts()).await;
        assert_eq!(entry.value().text(), Some("other"));
        let told = &other.requests()[0];
        assert_eq!((told.header("authorization"), told.header("accept")), (None, Some("text/plain")));
    }

    #[tokio::test]
    async fn that_leads_nowhere_is_an_error() {
        for location in ["ftp://127.0.0.1/", "http://", "http://[", "javascript:1", "http://u:p@127.0.0.1/"] {
            let (_, _, _server, origin) = origin(move |_| to(location, 302, "x: y")).await;
            assert_eq!(failure(&origin.across_hosts()).await.kind(), ErrorKind::Load, "{location}");
        }
    }
}

mod a_hostile_origin {
    use super::*;

    async fn breaks(reply: Reply) -> Error {
        let (_, _, _server, origin) = origin(move |_| reply.clone()).await;
        failure(&origin.body_limit(64 * 1024)).await
    }

    #[tokio::test]
    async fn that_ends_its_body_early_is_an_error() {
        let whole = "HTTP/1.1 200 X\r\ncontent-length: 100\r\ncache-control: max-age=60\r\n\r\nhalf";
        assert_eq!(breaks(Reply::bytes(whole)).await.kind(), ErrorKind::Load);
        let chunked = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
        assert_eq!(breaks(Reply::bytes(chunked)).await.kind(), ErrorKind::Load);
    }

    #[tokio::test]
    async fn that_never_ends_its_body_is_stopped_at_the_limit() {
        let endless = Reply::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec());
        assert_eq!(breaks(endless).await.kind(), ErrorKind::Invalid);
        let announced =
            Reply::Hang(b"HTTP/1.1 200 X\r\ncontent-length: 18446744073709551615\r\n\r\n".to_vec());
        assert!(matches!(breaks(announced).await.kind(), ErrorKind::Invalid | ErrorKind::Load));
        let big = Reply::Hang(b"HTTP/1.1 200 X\r\ncontent-length: 99999999\r\n\r\n".to_vec());
        assert_eq!(breaks(big).await.kind(), ErrorKind::Invalid, "before a byte of it is read");
    }

    #[tokio::test]
    async fn whose_body_is_as_long_as_the_limit_is_fine() {
        let (_, _, _server, origin) = origin(|_| Reply::answer(200, &[], "12345")).await;
        let origin = origin.body_limit(5);
        assert_eq!(loaded(&origin).await.value().text(), Some("12345"));
        assert_eq!(failure(&origin.body_limit(4)).await.kind(), ErrorKind::Invalid);
    }

    #[tokio::test]
    async fn that_talks_garbage_is_an_error() {
        let many = "x-many: 1\r\n".repeat(5_000);
        let garbage = [
            "\0\0\0\0".to_owned(),
            "HTTP/1.1 999999 X\r\n\r\n".to_owned(),
            "HTTP/1.1 200 X\r\nno colon here\r\n\r\n".to_owned(),
            "HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 X\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
            "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n".to_owned(),
            format!("HTTP/1.1 200 X\r\n{many}\r\n"),
            format!("HTTP/1.1 200 X\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)),
            String::new(),
        ];
        for bytes in garbage {
            let error = breaks(Reply::bytes(&bytes)).await;
            assert_eq!(error.kind(), ErrorKind::Load, "{:?}", &bytes[..bytes.len().min(40)]);
        }
    }

    #[tokio::test]
    async fn whose_headers_make_no_sense_lives_no_longer_for_it() {
        let senseless = [
            "age: 18446744073709551615",
            "age: -5",
            "expires: yesterday\r\ndate: tomorrow",
            "cache-control: max-age=\"",
            "cache-control: =,,=;max-age",
            "vary: \u{fffd}",
            "last-modified: never",
        ];
        for header in senseless {
            let (_, _, _server, origin) = origin(move |_| Reply::answer(200, &[header], "")).await;
            assert_eq!(lives(&loaded(&origin.heuristic(0.1)).await).1, Duration::ZERO, "{header:?}");
        }
    }

    #[tokio::test]
    async fn that_says_not_modified_without_being_asked_is_an_error() {
        let (_, _, _server, origin) = origin(|_| Reply::bytes("HTTP/1.1 304 X\r\netag: \"1\"\r\n\r\n")).await;
        assert_eq!(failure(&origin).await.kind(), ErrorKind::Load);
    }

    #[tokio::test]
    async fn that_is_slow_with_anything_is_left_at_the_deadline() {
        for sent in ["", "HTTP/1.1 200 X\r\ncontent-", "HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nhalf"] {
            let (_, manual, server, origin) = origin(move |_| Reply::Hang(sent.as_bytes().to_vec())).await;
            let origin = origin.timeout(2 * SECOND);
            let turned = async {
                server.arrival().await;
                manual.advance(2 * SECOND);
            };
            let (outcome, ()) = tokio::join!(load(&origin), turned);
            assert_eq!(outcome.map(drop).unwrap_err().kind(), ErrorKind::Timeout, "{sent:?}");
            assert_eq!(manual.clock().now(), Time::ZERO.after(2 * SECOND));
        }
    }

    #[tokio::test]
    async fn that_is_not_there_is_an_error() {
        let (_, _, server, origin) = origin(|_| Reply::answer(200, &[], "")).await;
        drop(server);
        tokio::task::yield_now().await;
        let error = failure(&origin).await;
        assert_eq!(error.kind(), ErrorKind::Load);
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
}

mod a_key {
    use super::*;

    #[tokio::test]
    async fn that_can_not_be_asked_for_is_refused_and_nothing_is_sent() {
        let (_, _, server, origin) = origin(|_| Reply::answer(200, &[], "")).await;
        for key in [".", "..", &"x".repeat(64 * 1024)] {
            let error = origin.load(&key.to_owned()).await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn of_strange_characters_arrives_as_itself() {
        let (_, _, server, origin) = origin(|_| Reply::answer(200, &[], "")).await;
        for key in ["", "a b", "a/b", "a\nb", "a\0b", "a%2Fb", "ä?#"] {
            origin.load(&key.to_owned()).await.unwrap();
        }
        let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths, ["/", "/a%20b", "/a%2Fb", "/a%0Ab", "/a%00b", "/a%252Fb", "/%C3%A4%3F%23"]);
    }

    #[tokio::test]
    async fn among_many_is_answered_in_its_place_and_several_are_asked_for_at_once() {
        let (_, _, server, origin) = origin(|request| match request.path.as_str() {
            "/3" => Reply::answer(404, &[], ""),
            path => Reply::answer(200, &["cache-control: max-age=60"], path),
        })
        .await;
        let keys: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        let answers = origin.load_many(&keys).await.unwrap();
        for (key, answer) in keys.iter().zip(answers) {
            let text = answer.map(|entry| entry.value().text().unwrap().to_owned());
            assert_eq!(text, (key != "3").then(|| format!("/{key}")));
        }
        assert_eq!(server.requests().len(), 20);
    }

    #[tokio::test]
    async fn and_its_secrets_are_in_no_message() {
        let (env, _) = Env::manual();
        let ask = |key: &String| Ask::get("http://127.0.0.1:1").segment(key).header("x", "token");
        let origin = HttpOrigin::new(ask, &env).unwrap();
        let error = origin.load(&"hush".to_owned()).await.map(drop).unwrap_err();
        let told = format!("{error} {error:?} {origin:?} {:?}", ask(&"hush".to_owned()));
        assert!(!["hush", "token"].iter().any(|secret| told.contains(secret)), "{told}");
    }
}

/// Without TLS, and with it before a server that speaks none.
#[tokio::test]
async fn an_https_address_without_tls_on_both_sides_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let refusing = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let (env, _) = Env::manual();
    let origin = HttpOrigin::with_client(client(), move |key: &String| Ask::get(&url).segment(key), &env);
    let kind = failure(&origin).await.kind();
    assert!(matches!(kind, ErrorKind::Load | ErrorKind::Invalid), "{kind:?}");
    refusing.abort();
}
