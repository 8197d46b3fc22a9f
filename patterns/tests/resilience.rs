//! What the guards promise: a time limit, a circuit breaker, a bulkhead; and every resilient store keeps the contract.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{kind, poll_once, start};
use larder_core::{Env, Error, ErrorKind, MemoryOptions, Shared, Store, StoreExt, Time};
use larder_patterns::{Breaker, Circuit, CircuitState, Guarded, Hedge, PatternExt, Retry};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{Faulty, Manual, MapStore, Op};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

type Far = Faulty<MapStore<u64, u64>>;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn far() -> (Env, Manual, Far) {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::new(&env), &env);
    (env, manual, far)
}

/// What `store` answers for `key`, and how long the reader waited by the clock.
fn timed_read<S: Store<Key = u64, Value = u64>>(
    env: &Env,
    manual: &Manual,
    store: &Shared<S>,
) -> (Result<Option<u64>, ErrorKind>, Duration) {
    let (reader, began) = (store.clone(), env.now());
    let read = start(env, async move { kind(reader.value(&1).await) });
    loop {
        manual.run();
        if let Some(answer) = read.answer() {
            return (answer, env.now().since(began));
        }
        manual.advance(MS);
    }
}

mod every_resilient_store_keeps_the_contract {
    use super::*;

    async fn holds<S: Store<Key = u64, Value = u64>>(manual: &Manual, make: impl AsyncFn() -> S) {
        let options = Options::manual(|n| n, |n| n, manual).coarse_leases();
        Box::pin(conforms(make, &options)).await;
    }

    #[test]
    fn all_of_them_around_memory() {
        let (env, manual) = Env::manual();
        let memory = || MemoryOptions::new(1_000).env(&env).build(Lru::new);
        let breaker = || Breaker::new(0.5, 10);
        manual.block_on(async {
            holds(&manual, async || memory().within(SECOND, &env)).await;
            holds(&manual, async || memory().circuit_broken(breaker(), &env).unwrap()).await;
            holds(&manual, async || memory().bulkheaded(2, 8).unwrap()).await;
            holds(&manual, async || memory().retried(Retry::attempts(3).inserts(), &env).unwrap()).await;
            holds(&manual, async || memory().hedged(Hedge::after(MS), &env).unwrap()).await;
            holds(&manual, async || memory().optional(|_, _| {}, &env)).await;
        });
    }

    #[test]
    fn all_of_them_in_a_row_around_a_store_that_must_be_waited_for() {
        let (env, manual) = Env::manual();
        let make = async || {
            let far = Faulty::new(MapStore::new(&env), &env);
            let limited = far.within(SECOND, &env).hedged(Hedge::percentile(0.9), &env).unwrap();
            let bounded =
                limited.bulkheaded(8, 8).unwrap().circuit_broken(Breaker::new(0.5, 10), &env).unwrap();
            bounded.retried(Retry::attempts(2), &env).unwrap().optional(|_, _| {}, &env)
        };
        manual.block_on(holds(&manual, make));
    }
}

mod a_time_limit {
    use super::*;

    #[test]
    fn ends_a_call_that_hangs_to_the_nanosecond() {
        let (env, manual, far) = far();
        far.on(Op::Get).hang();
        let store = far.within(50 * MS, &env).shared();
        let reader = store.clone();
        let read = start(&env, async move { kind(reader.value(&1).await) });
        manual.run();
        manual.advance(Duration::from_nanos(49_999_999));
        manual.run();
        assert_eq!(read.answer(), None);
        manual.advance(Duration::from_nanos(1));
        manual.run();
        assert_eq!(read.answer(), Some(Err(ErrorKind::Timeout)));
        assert_eq!(store.guard().exceeded(), 1);
    }

    #[test]
    fn bounds_writes_and_batches_too_and_leaves_their_outcome_open() {
        let (env, manual, far) = far();
        far.faults().on_any().delay(SECOND);
        let store = far.within(50 * MS, &env).shared();
        let writer = store.clone();
        let writes = start(&env, async move {
            let insert = kind(writer.put(1, 10).await);
            let batch = kind(writer.remove_many(&[1, 2]).await.map(drop));
            (insert, batch)
        });
        for _ in 0..=101 {
            manual.run();
            manual.advance(MS);
        }
        assert_eq!(writes.answer(), Some((Err(ErrorKind::Timeout), Err(ErrorKind::Timeout))));
    }

    #[test]
    fn asks_for_no_timer_when_the_answer_is_there() {
        let (env, manual, far) = far();
        manual.block_on(far.put(1, 10)).unwrap();
        let store = far.within(Duration::ZERO, &env);
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
        assert_eq!(store.guard().exceeded(), 0);
    }

    #[test]
    fn does_not_bound_the_shutdown() {
        let (env, manual, far) = far();
        far.on(Op::Close).delay(SECOND);
        let store = far.within(MS, &env).shared();
        let closer = store.clone();
        let close = start(&env, async move { kind(closer.close().await) });
        manual.run();
        manual.advance(SECOND);
        manual.run();
        assert_eq!(close.answer(), Some(Ok(())));
    }
}

mod a_circuit_breaker {
    use super::*;

    type Broken = Guarded<Far, Circuit>;

    fn broken(breaker: Breaker) -> (Env, Manual, Broken) {
        let (env, manual, far) = far();
        let store = far.circuit_broken(breaker, &env).unwrap();
        (env, manual, store)
    }

    fn read(manual: &Manual, store: &Broken) -> Result<Option<u64>, ErrorKind> {
        kind(manual.block_on(store.value(&1)))
    }

    #[test]
    fn opens_at_the_failure_rate_and_not_below_the_minimum() {
        let (_, manual, store) = broken(Breaker::new(0.5, 4));
        let failure = store.inner().on(Op::Get).fail();
        assert_eq!([(); 2].map(|()| read(&manual, &store)), [Err(ErrorKind::Store); 2]);
        failure.lift();
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::Closed, "three calls are too few");
        let failure = store.inner().on(Op::Get).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        assert_eq!(store.guard().state(), CircuitState::Open, "three of four failed");
        assert_eq!(read(&manual, &store), Err(ErrorKind::Overloaded));
        assert_eq!(failure.injected(), 1, "who is turned away does not ask");
        let stats = store.guard().stats();
        assert_eq!((stats.passed, stats.failed, stats.refused, stats.opened), (1, 3, 1, 1));
    }

    #[test]
    fn turns_writes_away_too_but_not_the_shutdown() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1));
        store.inner().on(Op::Get).first(1).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        assert_eq!(kind(manual.block_on(store.put(1, 10))), Err(ErrorKind::Overloaded));
        assert_eq!(kind(manual.block_on(store.clear())), Err(ErrorKind::Overloaded));
        assert_eq!(kind(manual.block_on(store.flush())), Ok(()));
        assert_eq!(kind(manual.block_on(store.close())), Ok(()));
    }

    #[test]
    fn closes_when_all_probes_pass_and_opens_again_when_one_fails() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).open_for(5 * SECOND).probes(2));
        let failure = store.inner().on(Op::Get).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(5 * SECOND);
        assert_eq!(store.guard().state(), CircuitState::HalfOpen);
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store), "the probe fails");
        assert_eq!(store.guard().state(), CircuitState::Open);
        manual.advance(5 * SECOND);
        failure.lift();
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::HalfOpen, "one of two probes passed");
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::Closed);
        assert_eq!(store.guard().stats().opened, 2);
    }

    #[test]
    fn lets_no_more_through_than_its_probes_while_they_run() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).open_for(SECOND).probes(2));
        store.inner().on(Op::Get).first(1).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(SECOND);
        let hang = store.inner().on(Op::Get).hang();
        let mut probes = [(); 3].map(|()| Box::pin(store.get(&1)));
        let pending = probes.each_mut().map(|probe| poll_once(probe).is_pending());
        assert_eq!(pending, [true, true, false]);
        assert_eq!(hang.injected(), 2);
    }

    #[test]
    fn a_probe_whose_caller_gives_up_leaves_its_place_to_another() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).open_for(SECOND));
        store.inner().on(Op::Get).first(1).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(SECOND);
        let hang = store.inner().on(Op::Get).hang();
        let mut probe = Box::pin(store.get(&1));
        assert!(poll_once(&mut probe).is_pending());
        assert_eq!(read(&manual, &store), Err(ErrorKind::Overloaded));
        drop(probe);
        hang.lift();
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::Closed);
    }

    #[test]
    fn a_probe_that_hangs_is_followed_by_another_after_a_while() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).open_for(SECOND));
        store.inner().on(Op::Get).first(1).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(SECOND);
        let hang = store.inner().on(Op::Get).first(1).hang();
        let mut probe = Box::pin(store.get(&1));
        assert!(poll_once(&mut probe).is_pending());
        manual.advance(Duration::from_nanos(999_999_999));
        assert_eq!(read(&manual, &store), Err(ErrorKind::Overloaded));
        manual.advance(Duration::from_nanos(1));
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::Closed);
        hang.lift();
        assert!(poll_once(&mut probe).is_ready());
        assert_eq!(store.guard().state(), CircuitState::Closed);
    }

    #[test]
    fn a_failure_from_before_it_opened_does_not_spoil_the_probes() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).open_for(SECOND).probes(2));
        let late = store.inner().on(Op::Lease).hang();
        store.inner().on(Op::Lease).fail();
        let mut slow = Box::pin(store.lease(&1));
        assert!(poll_once(&mut slow).is_pending());
        store.inner().on(Op::Get).first(1).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(SECOND);
        assert_eq!(read(&manual, &store), Ok(None));
        late.release();
        assert!(manual.block_on(slow).is_err());
        assert_eq!(store.guard().state(), CircuitState::HalfOpen, "the old failure counts no more");
        assert_eq!(read(&manual, &store), Ok(None));
        assert_eq!(store.guard().state(), CircuitState::Closed);
    }

    #[test]
    fn failures_that_are_long_ago_count_no_more() {
        let (_, manual, store) = broken(Breaker::new(0.5, 2).window(10 * SECOND));
        let failure = store.inner().on(Op::Get).first(2).fail();
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        manual.advance(11 * SECOND);
        assert_eq!(read(&manual, &store), Err(ErrorKind::Store));
        assert_eq!((failure.injected(), store.guard().state()), (2, CircuitState::Closed));
    }

    #[test]
    fn the_callers_own_mistakes_say_nothing_of_the_store() {
        let (_, manual, store) = broken(Breaker::new(0.1, 1));
        store.inner().on(Op::Get).fail_with(Error::new(ErrorKind::Invalid, "a key that can't be"));
        for _ in 0..10 {
            assert_eq!(read(&manual, &store), Err(ErrorKind::Invalid));
        }
        assert_eq!(store.guard().state(), CircuitState::Closed);
    }

    #[test]
    fn what_is_slow_fails_even_if_its_caller_gives_up() {
        let (_, manual, store) = broken(Breaker::new(1.0, 1).slow_after(100 * MS));
        store.inner().on(Op::Get).hang();
        let mut patient = Box::pin(store.get(&1));
        let mut hasty = Box::pin(store.get(&1));
        assert!(poll_once(&mut hasty).is_pending() && poll_once(&mut patient).is_pending());
        manual.advance(99 * MS);
        drop(hasty);
        assert_eq!(store.guard().state(), CircuitState::Closed);
        manual.advance(MS);
        drop(patient);
        assert_eq!(store.guard().state(), CircuitState::Open);
    }

    #[test]
    fn a_hit_in_a_near_tier_counts_nowhere_and_passes_while_it_is_open() {
        let (env, manual, far) = far();
        let near = MemoryOptions::new(10).env(&env).build(Lru::new);
        near.insert(1, 10);
        let store = far.fronted_by(near).circuit_broken(Breaker::new(1.0, 1), &env).unwrap();
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
        assert_eq!(store.guard().stats().passed, 0);
        store.inner().far().on(Op::Get).fail();
        assert!(manual.block_on(store.value(&2)).is_err());
        assert_eq!(store.guard().state(), CircuitState::Open);
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
        assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
        assert_eq!(store.guard().stats().refused, 0);
    }

    #[test]
    fn settings_that_can_not_work_are_refused_by_name() {
        let good = || Breaker::new(0.5, 1);
        let refused = [
            (Breaker::new(0.0, 1), "failure_rate"),
            (Breaker::new(1.5, 1), "failure_rate"),
            (Breaker::new(f64::NAN, 1), "failure_rate"),
            (Breaker::new(0.5, 0), "minimum"),
            (good().window(Duration::ZERO), "window"),
            (good().open_for(Duration::ZERO), "open_for"),
            (good().probes(0), "probes"),
            (good().slow_after(Duration::ZERO), "slow_after"),
        ];
        for (breaker, name) in refused {
            let (env, _, far) = far();
            let error = far.circuit_broken(breaker, &env).unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(name), "{error}");
        }
    }

    /// A hanging far tier costs a read its deadline until the breaker opens, and then under a hundredth of it.
    #[test]
    fn a_hanging_tier_costs_a_deadline_until_it_opens_and_then_under_a_hundredth() {
        const LIMIT: Duration = Duration::from_millis(100);
        let (env, manual, far) = far();
        far.faults().on_any().hang();
        let breaker = Breaker::new(0.5, 10).open_for(30 * SECOND);
        let store = far.within(LIMIT, &env).circuit_broken(breaker, &env).unwrap().shared();
        for _ in 0..10 {
            assert_eq!(timed_read(&env, &manual, &store), (Err(ErrorKind::Timeout), LIMIT));
        }
        assert_eq!(store.guard().state(), CircuitState::Open);
        let (mut reads, mut waited) = (0_u32, Duration::ZERO);
        let end = env.now().after(120 * SECOND);
        while env.now() < end {
            let (answer, took) = timed_read(&env, &manual, &store);
            assert!(took <= LIMIT && answer.is_err());
            (reads, waited) = (reads + 1, waited + took);
            manual.advance(10 * MS);
        }
        let mean = waited / reads;
        assert!(waited >= LIMIT, "the probes are among them");
        assert!(mean < LIMIT / 100, "{reads} reads waited {mean:?} each");
    }

    /// What the breaker does next, by the book.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Pass,
        Fail,
        Wait(u64),
    }

    proptest! {
        /// Calls one after the other: it refuses exactly while it is open, and is open exactly for as long as it says.
        #[test]
        fn it_is_the_machine_of_the_book(steps in proptest::collection::vec(prop_oneof![
            Just(Step::Pass), Just(Step::Fail), (1..3_000_u64).prop_map(Step::Wait)], 1..120), seed in any::<u64>())
        {
            let (probes, minimum) = (1 + seed % 3, 1 + seed / 3 % 4);
            let settings = Breaker::new(0.5, minimum as u32).window(1_000 * SECOND).open_for(SECOND);
            let (env, manual, store) = broken(settings.probes(probes as u32));
            let (mut passed, mut failed, mut probing) = (0_u64, 0_u64, None::<u64>);
            let mut opened = None::<Time>;
            for step in steps {
                let fails = match step {
                    Step::Wait(millis) => { manual.advance(millis as u32 * MS); continue }
                    Step::Pass => false,
                    Step::Fail => true,
                };
                if opened.is_some_and(|at| env.now().since(at) >= SECOND) {
                    (opened, probing) = (None, Some(0));
                }
                let fault = fails.then(|| store.inner().on(Op::Get).fail());
                let answer = read(&manual, &store);
                if let Some(fault) = fault { fault.lift(); }
                if opened.is_some() {
                    assert_eq!(answer, Err(ErrorKind::Overloaded));
                    continue;
                }
                assert_eq!(answer.is_err(), fails);
                assert_ne!(answer, Err(ErrorKind::Overloaded));
                let opens = match probing {
                    Some(good) if !fails => {
                        probing = (good + 1 < probes).then_some(good + 1);
                        false
                    }
                    Some(_) => true,
                    None => {
                        passed += u64::from(!fails);
                        failed += u64::from(fails);
                        fails && passed + failed >= minimum && failed * 2 >= passed + failed
                    }
                };
                if opens {
                    (opened, probing, passed, failed) = (Some(env.now()), None, 0, 0);
                }
            }
        }
    }
}

mod a_bulkhead {
    use super::*;

    #[test]
    fn runs_so_many_lets_so_many_wait_and_turns_the_rest_away() {
        let (env, manual, far) = far();
        let hang = far.on(Op::Get).hang();
        let store = far.bulkheaded(2, 3).unwrap().shared();
        let reads: Vec<_> = (0..7)
            .map(|key| {
                let reader = store.clone();
                start(&env, async move { kind(reader.value(&key).await) })
            })
            .collect();
        manual.run();
        let stats = store.guard().stats();
        assert_eq!((stats.running, stats.waiting, stats.refused, hang.injected()), (2, 3, 2, 2));
        assert_eq!(reads[5].answer(), Some(Err(ErrorKind::Overloaded)));
        assert_eq!(reads[6].answer(), Some(Err(ErrorKind::Overloaded)));
        hang.release();
        manual.run();
        assert!(reads[..5].iter().all(|read| read.answer() == Some(Ok(None))));
        let stats = store.guard().stats();
        assert_eq!((stats.running, stats.waiting), (0, 0));
    }

    #[test]
    fn who_gives_up_leaves_his_place_running_or_waiting() {
        let (_, manual, far) = far();
        let hang = far.on(Op::Get).first(1).hang();
        let store = far.bulkheaded(1, 1).unwrap();
        let mut running = Box::pin(store.get(&1));
        let mut waiting = Box::pin(store.get(&2));
        assert!(poll_once(&mut running).is_pending() && poll_once(&mut waiting).is_pending());
        assert_eq!(kind(manual.block_on(store.value(&3))), Err(ErrorKind::Overloaded));
        drop(waiting);
        assert_eq!(store.guard().stats().waiting, 0);
        let mut next = Box::pin(store.get(&4));
        assert!(poll_once(&mut next).is_pending(), "there is room in the queue again");
        drop(running);
        assert!(poll_once(&mut next).is_ready());
        drop(next);
        assert_eq!((store.guard().stats().running, hang.injected()), (0, 1));
    }

    #[test]
    fn without_a_queue_nobody_waits() {
        let (_, manual, far) = far();
        far.on(Op::Get).first(1).hang();
        let store = far.bulkheaded(1, 0).unwrap();
        let mut running = Box::pin(store.get(&1));
        assert!(poll_once(&mut running).is_pending());
        assert_eq!(kind(manual.block_on(store.value(&2))), Err(ErrorKind::Overloaded));
    }

    #[test]
    fn a_near_hit_needs_no_place() {
        let (env, manual, far) = far();
        far.on(Op::Get).hang();
        let near = MemoryOptions::new(10).env(&env).build(Lru::new);
        near.insert(1, 10);
        let store = far.fronted_by(near).bulkheaded(1, 0).unwrap();
        let mut running = Box::pin(store.get(&2));
        assert!(poll_once(&mut running).is_pending());
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
    }

    #[test]
    fn no_places_are_refused() {
        let (_, _, far) = far();
        assert_eq!(far.bulkheaded(0, 9).map(drop).map_err(|error| error.kind()), Err(ErrorKind::Invalid));
    }
}

mod the_order_of_composition {
    use super::*;

    /// Inside of the breaker retries are one call to it; around it each attempt counts, and an open breaker ends them.
    #[test]
    fn a_breaker_inside_of_retries_sees_each_attempt_and_ends_them_when_it_opens() {
        let (env, manual, far) = far();
        let failure = far.on(Op::Get).fail();
        let retry = Retry::attempts(5).back_off(MS, MS);
        let store =
            far.circuit_broken(Breaker::new(1.0, 2), &env).unwrap().retried(retry, &env).unwrap().shared();
        assert_eq!(timed_read(&env, &manual, &store).0, Err(ErrorKind::Overloaded));
        assert_eq!(failure.injected(), 2, "the third attempt was turned away, and there was no fourth");
    }

    #[test]
    fn a_breaker_around_retries_lets_each_call_multiply() {
        let (env, manual, far) = far();
        let failure = far.on(Op::Get).fail();
        let retry = Retry::attempts(5).back_off(MS, MS);
        let store =
            far.retried(retry, &env).unwrap().circuit_broken(Breaker::new(1.0, 2), &env).unwrap().shared();
        assert_eq!(timed_read(&env, &manual, &store).0, Err(ErrorKind::Store));
        assert_eq!(failure.injected(), 5);
        assert_eq!(store.guard().state(), CircuitState::Closed, "five failures were one to it");
    }

    #[test]
    fn a_time_limit_around_the_breaker_never_opens_it() {
        let (env, manual, far) = far();
        far.on(Op::Get).hang();
        let store = far.circuit_broken(Breaker::new(1.0, 1), &env).unwrap().within(10 * MS, &env).shared();
        for _ in 0..20 {
            assert_eq!(timed_read(&env, &manual, &store), (Err(ErrorKind::Timeout), 10 * MS));
        }
        assert_eq!(store.inner().guard().state(), CircuitState::Closed);
    }
}

#[test]
fn a_report_of_a_guard_shows_neither_keys_nor_values() {
    let (env, _, far) = far();
    let store = Arc::new(far.within(SECOND, &env).bulkheaded(1, 1).unwrap());
    let shown = format!("{store:?}");
    assert!(shown.contains("TimeLimit") && shown.contains("Bulkhead"), "{shown}");
}
