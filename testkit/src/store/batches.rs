//! A batch does what its single operations would.

use larder_core::{Entry, Filled, Lease, Lookup, Store};

use super::Probe;
use super::probe::{demand, done};

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(fresh: &impl AsyncFn() -> Probe<'a, S>) {
    empty_batches_do_nothing(&fresh().await).await;
    get_many_answers_each_key_in_order(&fresh().await).await;
    insert_many_writes_all(&fresh().await).await;
    fill_many_honours_each_lease(&fresh().await).await;
    remove_many_counts_what_there_was(&fresh().await).await;
}

async fn empty_batches_do_nothing<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let lease = probe.miss(1, "a key that was never written is a miss").await;
    demand(get_many(probe, &[]).await.is_empty(), "get_many of nothing answers nothing");
    demand(fill_many(probe, Vec::new()).await.is_empty(), "fill_many of nothing answers nothing");
    insert_many(probe, &[]).await;
    demand(remove_many(probe, &[]).await == 0, "remove_many of nothing removes nothing");
    probe.fills(1, 10, lease, "empty batches leave leases good").await;
}

async fn get_many_answers_each_key_in_order<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(10)).await;
    probe.insert(3, probe.lasting(30)).await;
    let found = get_many(probe, &[3, 2, 1, 3]).await;
    demand(found.len() == 4, "get_many gives one answer for each key, the same key twice included");
    for (at, value) in [(0, 30), (2, 10), (3, 30)] {
        demand(probe.is_hit(&found[at], value), "get_many answers in the order of the keys");
    }
    let Some(Lookup::Miss(lease)) = found.into_iter().nth(1) else {
        return demand(false, "get_many says miss for a missing key");
    };
    probe.fills(2, 20, lease, "the lease of a miss in a batch fills").await;
}

async fn insert_many_writes_all<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    insert_many(probe, &[(1, 10), (2, 20), (1, 11), (3, 30)]).await;
    probe.hit(1, 11, "of two writes of a key in one batch the later wins").await;
    probe.hit(2, 20, "insert_many writes every entry").await;
    probe.hit(3, 30, "insert_many writes the last entry").await;
}

async fn fill_many_honours_each_lease<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let leases = [probe.lease(1).await, probe.lease(2).await, probe.lease(3).await, probe.lease(3).await];
    probe.insert(2, probe.lasting(20)).await;
    let [one, two, three, same] = leases;
    let filled = fill_many(probe, vec![(1, 10, one), (2, 21, two), (3, 30, three), (3, 31, same)]).await;
    demand(filled.len() == 4, "fill_many gives one answer for each entry");
    demand(!filled[1].is_stored(), "fill_many refuses a void lease");
    demand(!filled[3].is_stored(), "of two fills of a key in one batch the first wins");
    probe.hit(2, 20, "a refused fill in a batch changes nothing").await;
    if !probe.options.coarse {
        let stored = [filled[0], filled[2]].iter().all(|filled| filled.is_stored());
        demand(stored, "fill_many fills under every good lease");
        probe.hit(1, 10, "what fill_many filled is found").await;
        probe.hit(3, 30, "the last good fill of fill_many is found").await;
    }
}

async fn remove_many_counts_what_there_was<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    for n in 1..=3 {
        probe.insert(n, probe.lasting(n)).await;
    }
    let removed = remove_many(probe, &[1, 9, 3, 1]).await;
    demand(removed == 2 || (probe.options.lossy && removed < 2), "remove_many counts each usable entry once");
    let _lease = probe.miss(1, "remove_many removes every key").await;
    let _lease = probe.miss(3, "remove_many removes the last keys, too").await;
    probe.hit(2, 2, "remove_many leaves the other keys").await;
}

async fn get_many<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>, keys: &[u64]) -> Vec<Lookup<S::Value>> {
    let keys: Vec<_> = keys.iter().map(|n| probe.key(*n)).collect();
    done(probe.store.get_many(&keys).await, "get_many")
}

async fn insert_many<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>, entries: &[(u64, u64)]) {
    let entry = |(key, value): &(u64, u64)| (probe.key(*key), probe.lasting(*value));
    done(probe.store.insert_many(entries.iter().map(entry).collect()).await, "insert_many");
}

async fn fill_many<S: Store<Value: PartialEq>>(
    probe: &Probe<'_, S>,
    entries: Vec<(u64, u64, Lease)>,
) -> Vec<Filled> {
    let entry = |(key, value, lease)| -> (S::Key, Entry<S::Value>, Lease) {
        (probe.key(key), probe.lasting(value), lease)
    };
    done(probe.store.fill_many(entries.into_iter().map(entry).collect()).await, "fill_many")
}

async fn remove_many<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>, keys: &[u64]) -> usize {
    let keys: Vec<_> = keys.iter().map(|n| probe.key(*n)).collect();
    done(probe.store.remove_many(&keys).await, "remove_many")
}
