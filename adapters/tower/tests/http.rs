//! Responses of HTTP: which are kept, for how long, under which key; and bodies of any length.
#![cfg(feature = "http")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, HOST, RANGE, SET_COOKIE, VARY};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use larder_core::{Env, Manual, Store};
use larder_testkit::MapStore;
use larder_tower::{CacheLayer, Http, HttpKey, HttpResponse};
use tower::{Layer, ServiceExt, service_fn};

/// A body that comes in parts, or fails after them.
struct Parts(VecDeque<Result<Frame<Bytes>, &'static str>>);

impl Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.0.pop_front())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

/// What the service answers, whatever it is asked.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, &'static str)>,
    frames: Vec<Result<Bytes, &'static str>>,
    trailers: bool,
}

fn answer(headers: &[(HeaderName, &'static str)], parts: &[&'static str]) -> Answer {
    let frames = parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
    Answer { status: StatusCode::OK, headers: headers.to_vec(), frames, trailers: false }
}

impl Answer {
    fn response(&self) -> Response<Parts> {
        let frames = self.clone().frames.into_iter().map(|frame| frame.map(Frame::data));
        let trailers = self.trailers.then(|| Ok(Frame::trailers(http::HeaderMap::new())));
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, *value);
        }
        response.body(Parts(frames.chain(trailers).collect())).unwrap()
    }
}

struct World {
    manual: Manual,
    layer: CacheLayer<MapStore<HttpKey, HttpResponse>, Http>,
    calls: Arc<AtomicUsize>,
}

/// What a caller sees: the status, the body as far as it came, and how it failed.
type Seen = (StatusCode, String, Option<&'static str>);

impl World {
    fn new(rules: Http) -> Self {
        let (env, manual) = Env::manual();
        let store = MapStore::new(&env).ttl(Duration::from_secs(100));
        Self { manual, layer: CacheLayer::new(store, rules), calls: Arc::default() }
    }

    fn ask(&self, request: Request<Full<Bytes>>, answer: &Answer) -> Seen {
        let (calls, answer) = (Arc::clone(&self.calls), answer.clone());
        let service = service_fn(move |_: Request<Full<Bytes>>| {
            calls.fetch_add(1, Ordering::Relaxed);
            let response = answer.response();
            async move { Ok::<_, Infallible>(response) }
        });
        let cached = self.layer.layer(service);
        self.manual.block_on(async move {
            let response = cached.oneshot(request).await.unwrap();
            let (status, mut body) = (response.status(), response.into_body());
            let (mut text, mut error) = (String::new(), None);
            while let Some(frame) = body.frame().await {
                match frame.map(|frame| frame.into_data().unwrap_or_default()) {
                    Ok(data) => text.push_str(std::str::from_utf8(&data).unwrap()),
                    Err(failed) => error = Some(failed),
                }
            }
            (status, text, error)
        })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::builder().uri(path).header(HOST, "example.org").body(Full::default()).unwrap()
}

/// How often the service is called when it is asked twice.
fn calls_for_two(rules: Http, request: &Request<Full<Bytes>>, answer: &Answer) -> usize {
    let world = World::new(rules);
    let seen = [world.ask(request.clone(), answer), world.ask(request.clone(), answer)];
    assert_eq!(seen[0], seen[1], "a cached answer is the same");
    world.calls()
}

#[test]
fn status_headers_and_body_are_kept_whole() {
    let world = World::new(Http::new(1 << 10));
    let answer = answer(&[(ACCEPT, "x")], &["one ", "two ", "", "three"]);
    for _ in 0..3 {
        assert_eq!(world.ask(get("/a?b=c"), &answer), (StatusCode::OK, "one two three".into(), None));
    }
    assert_eq!(world.calls(), 1);
    let found =
        world.manual.block_on(world.layer.store().get(&HttpKey::of("EXAMPLE.org", "/a?b=c"))).unwrap();
    assert_eq!(found.value().unwrap().headers[ACCEPT], "x");
}

#[test]
fn what_is_no_plain_question_is_not_cached() {
    let plain = answer(&[], &["x"]);
    assert_eq!(calls_for_two(Http::new(9), &get("/"), &plain), 1);
    let with = |name: HeaderName, value: &str| {
        let mut request = get("/");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for request in [with(AUTHORIZATION, "Basic x"), with(RANGE, "bytes=0-1"), with(CACHE_CONTROL, "No-Store")]
    {
        assert_eq!(calls_for_two(Http::new(9), &request, &plain), 2);
    }
    for method in [Method::POST, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let mut request = get("/");
        *request.method_mut() = method;
        assert_eq!(calls_for_two(Http::new(9), &request, &plain), 2);
    }
}

#[test]
fn what_is_personal_or_not_a_success_is_not_cached() {
    for headers in [
        (SET_COOKIE, "session=7"),
        (CACHE_CONTROL, "private"),
        (CACHE_CONTROL, "no-store"),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "cookie"),
    ] {
        assert_eq!(calls_for_two(Http::new(9), &get("/"), &answer(&[headers], &["x"])), 2);
    }
    let mut missing = answer(&[], &["x"]);
    missing.status = StatusCode::NOT_FOUND;
    assert_eq!(calls_for_two(Http::new(9), &get("/"), &missing), 2);
    let told = Http::new(9).statuses([StatusCode::OK, StatusCode::NOT_FOUND]);
    assert_eq!(calls_for_two(told, &get("/"), &missing), 1);
}

#[test]
fn hosts_paths_queries_and_what_varies_are_kept_apart() {
    let world = World::new(Http::new(9).vary([ACCEPT]));
    let varied = answer(&[(VARY, "Accept")], &["x"]);
    let accepting = |accept: &[&'static str]| {
        let mut request = get("/");
        accept.iter().for_each(|one| {
            request.headers_mut().append(ACCEPT, one.parse().unwrap());
        });
        request
    };
    let mut other_host = get("/");
    other_host.headers_mut().insert(HOST, "example.com".parse().unwrap());
    let requests = [
        get("/"),
        get("/?"),
        get("/a"),
        get("/a?b"),
        other_host,
        accepting(&[""]),
        accepting(&["a,b"]),
        accepting(&["a", "b"]),
        accepting(&["b", "a"]),
    ];
    for round in 1..=2 {
        for request in &requests {
            world.ask(request.clone(), &varied);
        }
        assert_eq!(world.calls(), requests.len(), "round {round}");
    }
}

#[test]
fn it_lives_as_long_as_it_says_or_as_the_store_does() {
    for (headers, life) in [(&[(CACHE_CONTROL, "max-age=10")][..], 10), (&[], 100)] {
        let world = World::new(Http::new(9));
        let answer = answer(headers, &["x"]);
        world.ask(get("/"), &answer);
        world.manual.advance(Duration::from_nanos(life * 1_000_000_000 - 1));
        world.ask(get("/"), &answer);
        assert_eq!(world.calls(), 1);
        world.manual.advance(Duration::from_nanos(1));
        world.ask(get("/"), &answer);
        assert_eq!(world.calls(), 2);
    }
}

#[test]
fn a_body_over_the_limit_is_passed_on_whole_and_not_kept() {
    let exact = answer(&[], &["12345", "6789"]);
    assert_eq!(calls_for_two(Http::new(9), &get("/"), &exact), 1);
    for long in
        [answer(&[], &["12345", "67890", "abc"]), answer(&[(CONTENT_LENGTH, "10")], &["12345", "67890"])]
    {
        let world = World::new(Http::new(9));
        let seen = world.ask(get("/"), &long);
        assert!(seen.1.starts_with("1234567890") && seen.2.is_none());
        world.ask(get("/"), &long);
        assert_eq!((world.calls(), world.layer.stats().unkept), (2, 2));
    }
    assert_eq!(calls_for_two(Http::new(0), &get("/"), &answer(&[], &[])), 1, "an empty body fits");
}

#[test]
fn a_body_that_fails_is_passed_on_with_its_failure_and_not_kept() {
    let mut failing = answer(&[], &["half"]);
    failing.frames.push(Err("reset"));
    let world = World::new(Http::new(99));
    for calls in 1..=2 {
        assert_eq!(world.ask(get("/"), &failing), (StatusCode::OK, "half".into(), Some("reset")));
        assert_eq!(world.calls(), calls);
    }
}

#[test]
fn a_body_with_trailers_is_passed_on_and_not_kept() {
    let mut with_trailers = answer(&[], &["whole"]);
    with_trailers.trailers = true;
    assert_eq!(calls_for_two(Http::new(99), &get("/"), &with_trailers), 2);
}
