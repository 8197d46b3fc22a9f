//! Who calls the service, who waits, and what is kept: step by step, on a service that answers when the test does.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use larder_core::{Env, ErrorKind, Manual, Store, StoreExt};
use larder_testkit::{Faulty, MapStore, Op, Task};
use larder_tower::{CacheLayer, Cached, Cloned};
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_test::mock::{self, Handle, Mock, SendResponse};

type Error = Box<dyn std::error::Error + Send + Sync>;
type KeyOf = fn(&u64) -> Option<u64>;
type Admits = fn(&u64) -> bool;
type Rules = Cloned<KeyOf, Admits>;
type MockService<S> = Cached<Mock<u64, u64>, S, Rules>;

/// Keys are tens; requests of 1,000 and more have none. Odd responses are not kept.
fn rules() -> Rules {
    Cloned::new(|request| (*request < 1_000).then_some(*request / 10), |response| response % 2 == 0)
}

struct World<S: Store<Key = u64, Value = u64>> {
    env: Env,
    manual: Manual,
    layer: CacheLayer<S, Rules>,
    service: MockService<S>,
    handle: Handle<u64, u64>,
}

fn world() -> World<MapStore<u64, u64>> {
    let (env, manual) = Env::manual();
    let store = MapStore::new(&env);
    world_of(store, env, manual)
}

fn world_of<S: Store<Key = u64, Value = u64>>(store: S, env: Env, manual: Manual) -> World<S> {
    let (mock, handle) = mock::pair();
    let layer = CacheLayer::new(store, rules());
    let service = layer.layer(mock);
    World { env, manual, layer, service, handle }
}

impl<S: Store<Key = u64, Value = u64>> World<S> {
    /// A caller with a clone of the service of his own.
    fn ask(&self, request: u64) -> Task<Result<u64, String>> {
        let service = self.service.clone();
        let ask = async move { service.oneshot(request).await.map_err(|error: Error| error.to_string()) };
        let task = Task::start(&self.env, ask);
        self.manual.run();
        task
    }

    /// The request that the service was called with, if it was.
    fn call(&mut self) -> Option<(u64, SendResponse<u64>)> {
        match self.handle.poll_request() {
            Poll::Ready(call) => call,
            Poll::Pending => None,
        }
    }

    fn called(&mut self) -> (u64, SendResponse<u64>) {
        self.call().unwrap()
    }

    fn is_called(&mut self) -> bool {
        self.call().is_some()
    }

    fn answer(&mut self, request: u64, response: u64) {
        let (called, answer) = self.called();
        assert_eq!(called, request);
        answer.send_response(response);
        self.manual.run();
    }
}

#[test]
fn a_response_is_kept_and_answers_what_has_the_same_key() {
    let mut world = world();
    let first = world.ask(10);
    world.answer(10, 100);
    assert_eq!(first.answer().unwrap(), Ok(100));
    assert_eq!(world.ask(11).answer().unwrap(), Ok(100));
    let other = world.ask(20);
    world.answer(20, 200);
    assert_eq!(other.answer().unwrap(), Ok(200));
    let stats = world.layer.stats();
    assert_eq!((stats.led, stats.hits), (2, 1));
}

#[test]
fn what_has_no_key_or_is_not_admitted_goes_to_the_service_each_time() {
    let mut world = world();
    for _ in 0..2 {
        let unkeyed = world.ask(5_000);
        world.answer(5_000, 100);
        assert_eq!(unkeyed.answer().unwrap(), Ok(100));
        let odd = world.ask(10);
        world.answer(10, 101);
        assert_eq!(odd.answer().unwrap(), Ok(101));
    }
    let stats = world.layer.stats();
    assert_eq!((stats.unkeyed, stats.unkept, stats.hits), (2, 2, 0));
}

#[test]
fn callers_who_miss_together_share_one_call() {
    let mut world = world();
    let callers: Vec<_> = (10..20).map(|request| world.ask(request)).collect();
    world.answer(10, 100);
    assert!(callers.iter().all(|caller| caller.answer().unwrap() == Ok(100)));
    assert!(!world.is_called());
    assert_eq!((world.layer.stats().led, world.layer.stats().shared), (1, 9));
}

#[test]
fn an_error_is_its_callers_and_one_of_those_who_waited_calls_next() {
    let mut world = world();
    let [first, second, third] = [10, 11, 12].map(|request| world.ask(request));
    let (_, answer) = world.called();
    answer.send_error("the origin is down");
    world.manual.run();
    assert_eq!(first.answer().unwrap(), Err("the origin is down".to_owned()));
    let (next, answer) = world.called();
    assert!(!world.is_called(), "one at a time");
    answer.send_response(100);
    world.manual.run();
    assert_eq!((second.answer().unwrap(), third.answer().unwrap()), (Ok(100), Ok(100)));
    assert!(next == 11 || next == 12);
    assert_eq!((world.layer.stats().lost, world.layer.stats().led), (1, 2));
}

#[test]
fn nobody_waits_for_more_than_two_calls_of_others() {
    let mut world = world();
    let callers: Vec<_> = (10..20).map(|request| world.ask(request)).collect();
    for _ in 0..2 {
        let (_, answer) = world.called();
        answer.send_error("down");
        world.manual.run();
    }
    let calls: Vec<_> = std::iter::from_fn(|| world.call()).map(|(_, answer)| answer).collect();
    assert_eq!(calls.len(), 8, "all the others call at once");
    calls.into_iter().for_each(|answer| answer.send_response(100));
    world.manual.run();
    let answers: Vec<_> = callers.iter().map(|caller| caller.answer().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 8);
    assert_eq!(world.layer.stats().alone, 8);
}

#[test]
fn when_a_response_may_not_be_kept_those_who_waited_call_all_at_once() {
    let mut world = world();
    let callers: Vec<_> = (10..15).map(|request| world.ask(request)).collect();
    world.answer(10, 101);
    assert_eq!(callers[0].answer().unwrap(), Ok(101));
    let mut answers: Vec<_> = (0..4).map(|_| world.called().1).collect();
    answers.drain(..).for_each(|answer| answer.send_response(103));
    world.manual.run();
    assert!(callers[1..].iter().all(|caller| caller.answer().unwrap() == Ok(103)));
}

#[test]
fn a_caller_who_gives_up_leaves_the_call_to_the_next() {
    let mut world = world();
    let (first, second) = (world.ask(10), world.ask(11));
    let (_, _abandoned) = world.called();
    first.give_up();
    world.manual.run();
    world.answer(11, 100);
    assert_eq!(second.answer().unwrap(), Ok(100));
    assert_eq!(world.layer.stats().lost, 1);
}

#[test]
fn a_service_that_panics_does_so_in_its_caller_and_the_next_one_calls() {
    let (env, manual) = Env::manual();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let service = service_fn(move |request: u64| {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut polls = 0;
            poll_fn(|context| {
                polls += 1;
                context.waker().wake_by_ref();
                if polls > 3 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            assert!(number > 0, "told to");
            Ok::<_, Infallible>(request * 2)
        }
    });
    let layer = CacheLayer::new(MapStore::new(&env), rules());
    let service = layer.layer(service);
    let (one, other) = (service.clone(), service);
    let waiting = Task::start(&env, async move {
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if calls.load(Ordering::Relaxed) > 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        other.oneshot(11).await
    });
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        manual.block_on(async { one.oneshot(10).await.is_ok() })
    }));
    assert!(panicked.is_err());
    manual.run();
    assert!(matches!(waiting.answer(), Some(Ok(22))));
    assert_eq!(layer.stats().lost, 1);
}

#[test]
fn what_is_removed_while_the_service_works_stays_removed() {
    let mut world = world();
    let (first, waiting) = (world.ask(10), world.ask(11));
    let (_, answer) = world.called();
    world.manual.block_on(world.layer.store().remove(&1)).unwrap();
    answer.send_response(100);
    world.manual.run();
    assert_eq!(first.answer().unwrap(), Ok(100), "it asked before the removal");
    assert_eq!(world.manual.block_on(world.layer.store().value(&1)).unwrap(), None);
    world.answer(11, 102);
    assert_eq!(waiting.answer().unwrap(), Ok(102));
    assert_eq!(world.layer.stats().void, 1);
    assert_eq!(world.ask(12).answer().unwrap(), Ok(102));
}

#[test]
fn who_comes_while_the_store_is_filled_looks_again_instead_of_trusting_the_call() {
    let (env, manual) = Env::manual();
    let store = Faulty::new(MapStore::new(&env), &env);
    let fault = store.on(Op::Fill).hang();
    let mut world = world_of(store, env, manual);
    let first = world.ask(10);
    world.answer(10, 100);
    let late = world.ask(11);
    assert!(first.answer().is_none() && late.answer().is_none(), "the fill is under way");
    fault.release();
    world.manual.run();
    assert_eq!((first.answer().unwrap(), late.answer().unwrap()), (Ok(100), Ok(100)));
    assert_eq!((world.layer.stats().hits, world.layer.stats().shared), (1, 0));
}

#[test]
fn a_store_that_fails_fails_no_request() {
    let (env, manual) = Env::manual();
    let store = Faulty::new(MapStore::new(&env), &env);
    let faults = store.faults();
    let mut world = world_of(store, env, manual);
    faults.on(Op::Fill).fail();
    let unfilled = world.ask(10);
    world.answer(10, 100);
    assert_eq!(unfilled.answer().unwrap(), Ok(100));
    faults.on(Op::Get).fail();
    let unread = world.ask(10);
    world.answer(10, 102);
    assert_eq!(unread.answer().unwrap(), Ok(102));
    assert_eq!(world.layer.stats().store_failures, 2);
    let kind = world.manual.block_on(world.layer.store().get(&1)).map_err(|error| error.kind());
    assert!(matches!(kind, Err(ErrorKind::Store)));
}

#[test]
fn it_is_ready_when_the_service_is_and_uses_the_one_that_became_so() {
    let (env, manual) = Env::manual();
    let (mock, mut handle) = mock::pair::<u64, u64>();
    let mut service = CacheLayer::new(MapStore::new(&env), rules()).layer(ConcurrencyLimit::new(mock, 1));
    handle.allow(0);
    let is_ready = |service: &mut Cached<ConcurrencyLimit<Mock<u64, u64>>, _, _>| {
        manual.block_on(poll_fn(|context| Poll::Ready(service.poll_ready(context).is_ready())))
    };
    assert!(!is_ready(&mut service), "the service isn't");
    handle.allow(2);
    assert!(is_ready(&mut service));
    let call = Task::start(&env, service.call(10));
    manual.run();
    let Poll::Ready(Some((_, answer))) = handle.poll_request() else { panic!("not called") };
    assert!(!is_ready(&mut service), "the limit is one call");
    answer.send_response(100);
    manual.run();
    assert!(matches!(call.answer(), Some(Ok(100))));
    assert!(is_ready(&mut service));
    let hit = Task::start(&env, service.call(10));
    manual.run();
    assert!(matches!(hit.answer(), Some(Ok(100))));
    assert!(is_ready(&mut service), "a hit gives back what it was promised");
}
