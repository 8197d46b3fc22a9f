//! Only a good lease fills.

use larder_core::{Lease, Lookup, Store};

use super::Probe;
use super::probe::{demand, done};

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(fresh: &impl AsyncFn() -> Probe<'a, S>) {
    a_lease_fills(&fresh().await).await;
    a_write_voids_leases(&fresh().await).await;
    a_removal_voids_leases(&fresh().await).await;
    a_clear_voids_leases(&fresh().await).await;
    a_batch_write_voids_leases(&fresh().await).await;
    of_two_leases_the_first_to_fill_wins(&fresh().await).await;
    a_lease_taken_without_looking_fills(&fresh().await).await;
    writes_of_other_keys_leave_leases_good(&fresh().await).await;
    the_lease_of_another_key_installs_nothing_older(&fresh().await).await;
    the_lease_of_another_store_is_void(&fresh().await, &fresh().await).await;
    a_forged_lease_is_harmless(&fresh().await).await;
}

async fn a_lease_fills<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let lease = probe.miss(1, "a key that was never written is a miss").await;
    probe.fills(1, 10, lease, "the lease of a miss fills").await;
    probe.hit(1, 10, "what was filled is found").await;
}

async fn a_write_voids_leases<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let by_miss = probe.miss(1, "a key that was never written is a miss").await;
    let asked = probe.lease(1).await;
    probe.insert(1, probe.lasting(10)).await;
    probe.refuses(1, 11, by_miss, "an insert voids the lease of an earlier miss").await;
    probe.refuses(1, 12, asked, "an insert voids a lease that was asked for earlier").await;
    probe.hit(1, 10, "a refused fill changes nothing").await;
    let again = probe.lease(1).await;
    probe.insert(1, probe.lasting(13)).await;
    probe.refuses(1, 14, again, "an insert over an entry voids leases, too").await;
}

async fn a_removal_voids_leases<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let absent = probe.miss(1, "a key that was never written is a miss").await;
    probe.remove(1).await;
    probe.refuses(1, 10, absent, "removing a missing key voids its leases").await;
    let _lease = probe.miss(1, "a fill that was refused after a removal leaves nothing").await;
    probe.insert(1, probe.lasting(11)).await;
    let present = probe.lease(1).await;
    probe.remove(1).await;
    probe.refuses(1, 12, present, "removing a key voids its leases").await;
    let after = probe.miss(1, "a removed key is a miss").await;
    probe.fills(1, 13, after, "a lease taken after the removal fills").await;
}

async fn a_clear_voids_leases<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let absent = probe.miss(1, "a key that was never written is a miss").await;
    probe.insert(2, probe.lasting(20)).await;
    let present = probe.lease(2).await;
    probe.clear().await;
    probe.refuses(1, 10, absent, "clear voids the leases of missing keys").await;
    probe.refuses(2, 21, present, "clear voids the leases of present keys").await;
    let after = probe.miss(1, "a cleared key is a miss").await;
    probe.fills(1, 11, after, "a lease taken after clear fills").await;
}

async fn a_batch_write_voids_leases<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let (one, two) = (probe.lease(1).await, probe.lease(2).await);
    let entries = vec![(probe.key(1), probe.lasting(10)), (probe.key(2), probe.lasting(20))];
    done(probe.store.insert_many(entries).await, "insert_many");
    probe.refuses(1, 11, one, "insert_many voids leases").await;
    probe.refuses(2, 21, two, "insert_many voids leases, the last key's, too").await;
    let (one, two) = (probe.lease(1).await, probe.lease(2).await);
    done(probe.store.remove_many(&[probe.key(1), probe.key(2)]).await, "remove_many");
    probe.refuses(1, 12, one, "remove_many voids leases").await;
    probe.refuses(2, 22, two, "remove_many voids leases, the last key's, too").await;
}

async fn of_two_leases_the_first_to_fill_wins<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let older = probe.lease(1).await;
    let newer = probe.lease(1).await;
    probe.fills(1, 10, newer, "of two leases on a key the first to fill wins").await;
    probe.refuses(1, 11, older, "a fill voids the other leases on its key").await;
    probe.hit(1, 10, "the second fill changes nothing").await;
}

async fn a_lease_taken_without_looking_fills<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(10)).await;
    let lease = probe.lease(1).await;
    probe.fills(1, 11, lease, "a lease taken over an entry replaces it").await;
    probe.hit(1, 11, "a fill over an entry is found").await;
}

async fn writes_of_other_keys_leave_leases_good<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    if probe.options.coarse {
        return;
    }
    let lease = probe.miss(1, "a key that was never written is a miss").await;
    for n in 2..12 {
        probe.insert(n, probe.lasting(n)).await;
        probe.remove(n).await;
    }
    probe.fills(1, 10, lease, "writes of other keys leave a lease good").await;
}

async fn the_lease_of_another_key_installs_nothing_older<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    for n in 2..12 {
        let lease = probe.lease(1).await;
        probe.insert(n, probe.lasting(n)).await;
        probe.refuses(n, 100, lease, "the lease of another key doesn't undo a write").await;
        probe.hit(n, n, "a fill refused for its key's sake changes nothing").await;
        let lease = probe.lease(1).await;
        probe.remove(n).await;
        probe.refuses(n, 100, lease, "the lease of another key doesn't undo a removal").await;
    }
}

async fn the_lease_of_another_store_is_void<S: Store<Value: PartialEq>>(
    probe: &Probe<'_, S>,
    other: &Probe<'_, S>,
) {
    for n in 1..=4 {
        let foreign = other.lease(n).await;
        probe.refuses(n, 100, foreign, "a lease that another store made is void, even on a fresh key").await;
        probe.insert(n, probe.lasting(n)).await;
        let foreign = other.lease(n).await;
        probe.refuses(n, 101, foreign, "a lease that another store made is void").await;
        probe.hit(n, n, "a foreign lease changes nothing").await;
    }
}

/// Whatever its answer: no panic, and the store goes on.
async fn a_forged_lease_is_harmless<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let words = [0, 1, u64::MAX / 2, u64::MAX];
    for first in words {
        for second in words {
            let chain = Lease::new([first, second]).and(Lease::new([second, first]));
            for lease in [Lease::new([first, second]), chain] {
                let _ = probe.store.fill(probe.key(1), probe.lasting(10), lease).await;
            }
        }
    }
    probe.insert(1, probe.lasting(11)).await;
    let found = probe.get(1).await;
    demand(probe.is_hit(&found, 11), "a store goes on after a forged lease");
    let good = probe.lease(2).await;
    let filled = probe.fill(2, probe.lasting(20), good).await;
    demand(filled.is_stored(), "leases go on working after a forged one");
    let found = probe.get(2).await;
    demand(matches!(found, Lookup::Hit(_)) || probe.options.lossy, "fills go on after a forged lease");
}
