//! A future that is dropped leaves the old value, the new one or none; never an older one.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use larder_core::{Lookup, Store};

use super::Probe;
use super::probe::demand;

/// The most polls after which a future is dropped. Most end sooner, and with them the check.
const POLLS: usize = 20;

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(fresh: &impl AsyncFn() -> Probe<'a, S>) {
    let probe = fresh().await;
    for polls in 1..=POLLS {
        let key = polls as u64 % 4;
        let mut ended = a_dropped_insert_undoes_nothing(&probe, key, polls).await;
        ended &= a_dropped_fill_undoes_nothing(&probe, key, polls).await;
        ended &= a_dropped_removal_undoes_nothing(&probe, key, polls).await;
        if ended {
            return;
        }
    }
}

async fn a_dropped_insert_undoes_nothing<S>(probe: &Probe<'_, S>, key: u64, polls: usize) -> bool
where
    S: Store<Value: PartialEq>,
{
    probe.insert(key, probe.lasting(10)).await;
    let lease = probe.lease(key).await;
    probe.insert(key, probe.lasting(11)).await;
    let ended = polled(probe.store.insert(probe.key(key), probe.lasting(12)), polls).await;
    let rule = "a dropped insert leaves the old value, the new one or none";
    one_of(probe, key, &[11, 12], rule).await;
    probe.refuses(key, 13, lease, "a dropped insert makes no void lease good again").await;
    one_of(probe, key, &[11, 12], rule).await;
    ended
}

async fn a_dropped_fill_undoes_nothing<S>(probe: &Probe<'_, S>, key: u64, polls: usize) -> bool
where
    S: Store<Value: PartialEq>,
{
    probe.insert(key, probe.lasting(20)).await;
    let void = probe.lease(key).await;
    probe.insert(key, probe.lasting(21)).await;
    let good = probe.lease(key).await;
    let ended = polled(probe.store.fill(probe.key(key), probe.lasting(22), void), polls).await;
    one_of(probe, key, &[21], "a dropped fill under a void lease changes nothing").await;
    let also = polled(probe.store.fill(probe.key(key), probe.lasting(23), good), polls).await;
    one_of(probe, key, &[21, 23], "a dropped fill leaves the old value, the new one or none").await;
    ended && also
}

async fn a_dropped_removal_undoes_nothing<S>(probe: &Probe<'_, S>, key: u64, polls: usize) -> bool
where
    S: Store<Value: PartialEq>,
{
    probe.insert(key, probe.lasting(30)).await;
    probe.insert(key, probe.lasting(31)).await;
    let doomed = probe.key(key);
    let ended = polled(probe.store.remove(&doomed), polls).await;
    one_of(probe, key, &[31], "a dropped removal leaves the old value or none").await;
    probe.insert(key, probe.lasting(32)).await;
    probe.hit(key, 32, "a write after a dropped removal is seen").await;
    ended
}

/// Demands a hit on one of `values`, or a miss.
async fn one_of<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>, key: u64, values: &[u64], rule: &str) {
    if let Lookup::Hit(entry) = probe.get(key).await {
        demand(values.iter().any(|value| *entry.value() == probe.options.value(*value)), rule);
    }
}

/// Polls `future` this often, as it is woken, and drops it. Whether it ended before.
async fn polled(future: impl Future, mut polls: usize) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| {
        polls -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polls == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
