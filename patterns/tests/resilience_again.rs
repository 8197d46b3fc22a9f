//! What is asked twice: calls that failed, and look-ups that are slow; and what bounds it.

mod common;

use std::time::Duration;

use common::{kind, poll_once, start};
use larder_core::{Env, Error, ErrorKind, Lookup, Manual, Shared, Store, StoreExt};
use larder_patterns::{Hedge, Hedged, PatternExt, Retried, Retry};
use larder_testkit::{Faulty, MapStore, Op};
use proptest::prelude::{any, proptest};

type Far = Faulty<MapStore<u64, u64>>;

const MS: Duration = Duration::from_millis(1);

fn far() -> (Env, Manual, Far) {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::new(&env), &env);
    (env, manual, far)
}

/// Lets `call` go on, a millisecond at a time, until it ends.
fn ended<T: Send + 'static>(
    env: &Env,
    manual: &Manual,
    call: impl Future<Output = larder_core::Result<T>> + Send + 'static,
) -> Result<T, ErrorKind> {
    let task = start(env, async move { kind(call.await) });
    loop {
        manual.run();
        if let Some(answer) = task.answer() {
            return answer;
        }
        manual.advance(MS);
    }
}

mod a_retry {
    use super::*;

    fn retried(retry: Retry) -> (Env, Manual, Shared<Retried<Far>>) {
        let (env, manual, far) = far();
        let store = far.retried(retry.back_off(8 * MS, 100 * MS), &env).unwrap().shared();
        (env, manual, store)
    }

    fn read(env: &Env, manual: &Manual, store: &Shared<Retried<Far>>) -> Result<Option<u64>, ErrorKind> {
        let reader = store.clone();
        ended(env, manual, async move { reader.value(&1).await })
    }

    #[test]
    fn makes_a_failed_look_up_again_until_it_succeeds() {
        let (env, manual, store) = retried(Retry::attempts(3));
        manual.block_on(store.put(1, 10)).unwrap();
        let failure = store.inner().on(Op::Get).first(2).fail();
        assert_eq!(read(&env, &manual, &store), Ok(Some(10)));
        assert_eq!((failure.injected(), store.stats().retries), (2, 2));
    }

    #[test]
    fn gives_up_after_its_attempts_with_the_last_error() {
        let (env, manual, store) = retried(Retry::attempts(3));
        let failure = store.inner().on(Op::Get).fail();
        assert_eq!(read(&env, &manual, &store), Err(ErrorKind::Store));
        assert_eq!(failure.injected(), 3);
    }

    #[test]
    fn waits_longer_each_time_and_never_quite_as_long_as_it_could() {
        let (env, manual, store) = retried(Retry::attempts(4));
        store.inner().on(Op::Get).fail();
        let began = env.now();
        assert!(read(&env, &manual, &store).is_err());
        let took = env.now().since(began);
        let (least, most) = ((4 + 8 + 16) * MS, (8 + 16 + 32) * MS + 3 * MS);
        assert!(least <= took && took <= most, "{took:?}");
    }

    #[test]
    fn does_not_ask_again_who_turned_it_away_or_found_it_malformed() {
        for refusal in [ErrorKind::Overloaded, ErrorKind::Invalid, ErrorKind::Closed] {
            let (env, manual, store) = retried(Retry::attempts(3));
            let fault = store.inner().on(Op::Get).fail_with(Error::new(refusal, "no"));
            assert_eq!(read(&env, &manual, &store), Err(refusal));
            assert_eq!(fault.injected(), 1);
        }
    }

    #[test]
    fn asks_again_for_what_it_is_told_to() {
        let (env, manual, store) =
            retried(Retry::attempts(2).on(|error| error.kind() == ErrorKind::Overloaded));
        let fault = store.inner().on(Op::Get).fail_with(Error::new(ErrorKind::Overloaded, "no"));
        assert!(read(&env, &manual, &store).is_err());
        assert_eq!(fault.injected(), 2);
    }

    #[test]
    fn concerns_removals_but_neither_fills_nor_inserts() {
        let (env, manual, store) = retried(Retry::attempts(3));
        let Lookup::Miss(lease) = manual.block_on(store.get(&1)).unwrap() else { panic!("nothing is there") };
        let fault = store.inner().faults().on_any().fail();
        let (one, two, three) = (store.clone(), store.clone(), store.clone());
        assert!(ended(&env, &manual, async move { one.fill(1, 10.into(), lease).await }).is_err());
        assert_eq!(fault.injected(), 1);
        assert!(ended(&env, &manual, async move { two.insert_many(vec![(1, 10.into())]).await }).is_err());
        assert_eq!(fault.injected(), 2);
        assert!(ended(&env, &manual, async move { three.remove_many(&[1]).await }).is_err());
        assert_eq!(fault.injected(), 5);
    }

    #[test]
    fn concerns_inserts_if_it_is_told_so() {
        let (env, manual, store) = retried(Retry::attempts(3).inserts());
        let fault = store.inner().on(Op::Insert).first(2).fail();
        let writer = store.clone();
        assert_eq!(ended(&env, &manual, async move { writer.put(1, 10).await }), Ok(()));
        assert_eq!((fault.injected(), manual.block_on(store.value(&1)).unwrap()), (2, Some(10)));
    }

    #[test]
    fn in_an_outage_each_call_is_made_once_when_the_burst_is_spent() {
        let (env, manual, store) = retried(Retry::attempts(3).budget(0.1, 4));
        let fault = store.inner().on(Op::Get).fail();
        (0..100).for_each(|_| assert!(read(&env, &manual, &store).is_err()));
        assert_eq!(fault.injected(), 104);
        assert_eq!(store.stats().out_of_budget, 98);
    }

    #[test]
    fn that_had_not_begun_goes_back_to_the_budget_when_its_caller_gives_up() {
        let (env, manual, store) = retried(Retry::attempts(2).budget(0.0, 1));
        let fault = store.inner().on(Op::Get).fail();
        let mut read_once = Box::pin(store.get(&1));
        assert!(poll_once(&mut read_once).is_pending(), "waits before the second attempt");
        drop(read_once);
        assert_eq!((fault.injected(), store.stats().retries), (1, 0));
        assert!(read(&env, &manual, &store).is_err());
        assert_eq!(fault.injected(), 3, "the retry was still there");
    }

    #[test]
    fn settings_that_can_not_work_are_refused_by_name() {
        let refused = [
            (Retry::attempts(0), "attempts"),
            (Retry::attempts(2).back_off(Duration::ZERO, MS), "back_off"),
            (Retry::attempts(2).back_off(2 * MS, MS), "back_off"),
            (Retry::attempts(2).budget(1.1, 1), "budget"),
            (Retry::attempts(2).budget(f64::NAN, 1), "budget"),
        ];
        for (retry, name) in refused {
            let (env, _, far) = far();
            let error = far.retried(retry, &env).map(drop).unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(name), "{error}");
        }
    }

    proptest! {
        /// Whatever fails: never more retries than the burst and the part of the successes.
        #[test]
        fn the_load_it_adds_stays_within_the_budget(
            fails in proptest::collection::vec(any::<bool>(), 1..60), burst in 0..5_u32, tenths in 0..=10_u32,
        ) {
            let part = f64::from(tenths) / 10.0;
            let (env, manual, store) = retried(Retry::attempts(4).budget(part, burst));
            let (mut attempts, mut calls, mut successes) = (0_usize, 0, 0);
            for fail in fails {
                let far = store.inner();
                let fault = if fail { far.on(Op::Get).fail() } else { far.on(Op::Get).delay(Duration::ZERO) };
                successes += u32::from(read(&env, &manual, &store).is_ok());
                attempts += fault.injected();
                calls += 1;
                fault.lift();
            }
            let bound = f64::from(burst) + part * f64::from(successes);
            assert!((attempts - calls) as f64 <= bound + 1e-3, "{attempts} attempts of {calls} calls");
        }
    }
}

mod a_hedge {
    use super::*;

    fn hedged(hedge: Hedge) -> (Env, Manual, Shared<Hedged<Far>>) {
        let (env, manual, far) = far();
        manual.block_on(far.put(1, 10)).unwrap();
        let store = far.hedged(hedge, &env).unwrap().shared();
        (env, manual, store)
    }

    fn read(env: &Env, manual: &Manual, store: &Shared<Hedged<Far>>) -> Result<Option<u64>, ErrorKind> {
        let reader = store.clone();
        ended(env, manual, async move { reader.value(&1).await })
    }

    #[test]
    fn is_sent_when_the_first_is_slow_and_its_answer_counts() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let slow = store.inner().on(Op::Get).first(1).hang();
        let began = env.now();
        assert_eq!(read(&env, &manual, &store), Ok(Some(10)));
        assert_eq!((env.now().since(began), slow.injected()), (10 * MS, 1));
        let stats = store.stats();
        assert_eq!((stats.hedges, stats.won, stats.out_of_budget), (1, 1, 0));
    }

    #[test]
    fn is_not_sent_when_the_first_is_fast() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let fast = store.inner().on(Op::Get).delay(9 * MS);
        assert_eq!(read(&env, &manual, &store), Ok(Some(10)));
        assert_eq!((fast.injected(), store.stats().hedges), (1, 0));
    }

    #[test]
    fn that_is_slower_still_is_dropped() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let far = store.inner();
        far.on(Op::Get).nth(1).delay(15 * MS);
        let never = far.on(Op::Get).nth(2).hang();
        assert_eq!(read(&env, &manual, &store), Ok(Some(10)));
        assert_eq!((never.injected(), store.stats().won), (1, 0));
        assert_eq!(manual.run(), 0, "nothing is left of it");
    }

    #[test]
    fn makes_up_for_the_failure_of_the_other_one() {
        for failing in [1, 2] {
            let (env, manual, store) = hedged(Hedge::after(10 * MS));
            let far = store.inner();
            far.on(Op::Get).delay(15 * MS);
            far.on(Op::Get).nth(failing).fail();
            assert_eq!(read(&env, &manual, &store), Ok(Some(10)), "number {failing} fails");
        }
    }

    #[test]
    fn leaves_the_first_ones_error_when_both_fail() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let far = store.inner();
        far.on(Op::Get).delay(15 * MS);
        far.on(Op::Get).nth(1).fail();
        far.on(Op::Get).nth(2).fail_with(Error::new(ErrorKind::Closed, "the second"));
        assert_eq!(read(&env, &manual, &store), Err(ErrorKind::Store));
    }

    #[test]
    fn is_not_for_a_failure_that_is_fast() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let fault = store.inner().on(Op::Get).fail();
        assert_eq!(read(&env, &manual, &store), Err(ErrorKind::Store));
        assert_eq!(fault.injected(), 1);
    }

    #[test]
    fn concerns_batches_and_leases_but_no_write() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS));
        let slow = store.inner().faults().on_any().delay(15 * MS);
        let (one, two, three) = (store.clone(), store.clone(), store.clone());
        assert_eq!(
            ended(&env, &manual, async move { one.get_many(&[1, 2]).await.map(|all| all.len()) }),
            Ok(2)
        );
        assert_eq!(slow.injected(), 2);
        assert!(ended(&env, &manual, async move { two.lease(&1).await.map(drop) }).is_ok());
        assert_eq!(slow.injected(), 4);
        assert!(ended(&env, &manual, async move { three.put(1, 11).await }).is_ok());
        assert_eq!(slow.injected(), 5);
    }

    #[test]
    fn never_adds_more_load_than_its_budget() {
        let (env, manual, store) = hedged(Hedge::after(10 * MS).budget(0.1, 2));
        let slow = store.inner().on(Op::Get).delay(15 * MS);
        (0..100).for_each(|_| assert!(read(&env, &manual, &store).is_ok()));
        assert!(slow.injected() <= 100 + 12, "{} look-ups", slow.injected());
        let stats = store.stats();
        assert_eq!(stats.hedges + stats.out_of_budget, 100);
        assert!(stats.hedges >= 11, "what was earned is used");
    }

    #[test]
    fn at_a_percentile_waits_for_as_long_as_most_take() {
        let (env, manual, store) = hedged(Hedge::percentile(0.9));
        let usual = store.inner().on(Op::Get).delay(5 * MS);
        (0..32).for_each(|_| assert!(read(&env, &manual, &store).is_ok()));
        assert_eq!((usual.injected(), store.stats().hedges), (32, 0), "too little was known");
        usual.lift();
        store.inner().on(Op::Get).first(1).hang();
        let began = env.now();
        assert_eq!(read(&env, &manual, &store), Ok(Some(10)));
        assert_eq!((env.now().since(began), store.stats().hedges), (5 * MS, 1));
    }

    #[test]
    fn is_dropped_with_the_first_when_the_caller_gives_up() {
        let (_, manual, store) = hedged(Hedge::after(10 * MS));
        let hang = store.inner().on(Op::Get).hang();
        let mut reading = Box::pin(store.get(&1));
        assert!(poll_once(&mut reading).is_pending());
        manual.advance(10 * MS);
        assert!(poll_once(&mut reading).is_pending());
        assert_eq!(hang.injected(), 2);
        drop(reading);
        hang.lift();
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(10));
    }

    #[test]
    fn settings_that_can_not_work_are_refused_by_name() {
        let refused = [
            (Hedge::percentile(0.0), "percentile"),
            (Hedge::percentile(1.0), "percentile"),
            (Hedge::percentile(f64::NAN), "percentile"),
            (Hedge::after(MS).budget(-0.1, 1), "budget"),
        ];
        for (hedge, name) in refused {
            let (env, _, far) = far();
            let error = far.hedged(hedge, &env).map(drop).unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(name), "{error}");
        }
    }
}
