//! Hits and misses, writes and removals.

use larder_core::Store;

use super::Probe;
use super::probe::{demand, done};

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(fresh: &impl AsyncFn() -> Probe<'a, S>) {
    a_new_store_is_empty(&fresh().await).await;
    an_insert_is_seen(&fresh().await).await;
    a_removal_is_seen(&fresh().await).await;
    a_clear_is_seen(&fresh().await).await;
    keys_are_kept_apart(&fresh().await).await;
    flush_and_close_can_be_repeated(&fresh().await).await;
}

async fn a_new_store_is_empty<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let _lease = probe.miss(1, "a key that was never written is a miss").await;
    demand(!probe.remove(1).await, "removing a missing key says that there was nothing");
    probe.clear().await;
    let _lease = probe.miss(1, "a key that was never written is a miss after remove and clear, too").await;
}

async fn an_insert_is_seen<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(10)).await;
    probe.hit(1, 10, "a get after an insert finds the value").await;
    probe.hit(1, 10, "a get doesn't use an entry up").await;
    probe.insert(1, probe.lasting(11)).await;
    probe.hit(1, 11, "an insert replaces the value").await;
}

async fn a_removal_is_seen<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(10)).await;
    let removed = probe.remove(1).await;
    demand(removed || probe.options.lossy, "removing a usable entry says that there was one");
    let _lease = probe.miss(1, "a removed key is a miss").await;
    demand(!probe.remove(1).await, "removing a key again says that there was nothing");
    probe.insert(1, probe.lasting(11)).await;
    probe.hit(1, 11, "a removed key can be inserted again").await;
}

async fn a_clear_is_seen<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    for n in 1..=3 {
        probe.insert(n, probe.lasting(10 + n)).await;
    }
    probe.clear().await;
    for n in 1..=3 {
        let _lease = probe.miss(n, "clear removes every entry").await;
    }
    probe.insert(1, probe.lasting(20)).await;
    probe.hit(1, 20, "a cleared store takes entries again").await;
}

async fn keys_are_kept_apart<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    for n in 0..16 {
        probe.insert(n, probe.lasting(100 + n)).await;
    }
    for n in 0..16 {
        probe.hit(n, 100 + n, "each of 16 keys keeps its own value").await;
    }
    probe.remove(3).await;
    probe.hit(4, 104, "removing one key leaves the others").await;
}

async fn flush_and_close_can_be_repeated<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(10)).await;
    done(probe.store.flush().await, "flush");
    done(probe.store.flush().await, "a second flush");
    probe.hit(1, 10, "flush leaves the entries").await;
    done(probe.store.close().await, "close");
    done(probe.store.close().await, "a second close");
}
