//! An expired entry is a miss, to the tick, and a copy never outlives its original.

use std::time::Duration;

use larder_core::{Entry, Lookup, Store, Time};

use super::Probe;
use super::probe::demand;

const DAY: Duration = Duration::from_hours(24);

pub(super) async fn check<'a, S: Store<Value: PartialEq>>(fresh: &impl AsyncFn() -> Probe<'a, S>) {
    zero_is_expired_at_once(&fresh().await).await;
    the_shortest_life_ends(&fresh().await).await;
    an_entry_lives_as_long_as_it_says(&fresh().await).await;
    a_filled_entry_lives_as_long_as_it_says(&fresh().await).await;
    an_expired_entry_is_not_there_to_remove(&fresh().await).await;
    a_rewrite_brings_its_own_life(&fresh().await).await;
    the_longest_life_is_for_ever(&fresh().await).await;
    the_default_is_for_those_who_say_nothing(&fresh().await).await;
    a_copy_keeps_its_deadline(&fresh().await, &fresh().await).await;
    a_hit_tells_its_life(&fresh().await).await;
}

async fn zero_is_expired_at_once<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.lasting(9)).await;
    probe.insert(1, probe.entry(10).ttl(Duration::ZERO)).await;
    let lease =
        probe.miss(1, "an entry with a life of zero is expired at once, and replaces what was there").await;
    let filled = probe.fill(1, probe.entry(11).ttl(Duration::ZERO), lease).await;
    demand(filled.is_stored(), "an entry with a life of zero can be filled");
    let _lease = probe.miss(1, "a filled entry with a life of zero is expired at once").await;
}

async fn the_shortest_life_ends<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.entry(10).ttl(Duration::from_nanos(1))).await;
    probe.pass(probe.options.tick).await;
    probe.pass(probe.options.rest(Duration::from_nanos(1))).await;
    let _lease = probe.miss(1, "an entry with a life of a nanosecond is gone after a tick").await;
}

async fn an_entry_lives_as_long_as_it_says<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let short = probe.options.short();
    let mut lives = vec![short, short + probe.options.tick];
    if probe.options.now().is_some() {
        lives.extend([Duration::from_millis(1_900), Duration::from_millis(300), DAY * 30]);
    }
    for ttl in lives {
        probe.insert(1, probe.entry(10).ttl(ttl)).await;
        probe.pass(probe.options.before(ttl)).await;
        probe.hit(1, 10, "an entry is there until its life ends").await;
        probe.pass(probe.options.rest(ttl)).await;
        let _lease = probe.miss(1, "an expired entry is a miss").await;
    }
}

async fn a_filled_entry_lives_as_long_as_it_says<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let ttl = probe.options.short();
    let lease = probe.miss(1, "a key that was never written is a miss").await;
    let filled = probe.fill(1, probe.entry(10).ttl(ttl), lease).await;
    demand(filled.is_stored(), "an entry with a life of its own can be filled");
    probe.pass(probe.options.before(ttl)).await;
    probe.hit(1, 10, "a filled entry is there until its life ends").await;
    probe.pass(probe.options.rest(ttl)).await;
    let lease = probe.miss(1, "a filled entry that has expired is a miss").await;
    probe.fills(1, 11, lease, "the lease of an expired entry fills").await;
    probe.hit(1, 11, "an expired entry can be filled anew").await;
}

async fn an_expired_entry_is_not_there_to_remove<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let ttl = probe.options.short();
    probe.insert(1, probe.entry(10).ttl(ttl)).await;
    probe.pass(ttl).await;
    probe.pass(probe.options.rest(ttl)).await;
    demand(!probe.remove(1).await, "removing an expired entry says that there was nothing");
}

async fn a_rewrite_brings_its_own_life<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let ttl = probe.options.short();
    probe.insert(1, probe.entry(10).ttl(ttl)).await;
    probe.insert(1, probe.lasting(11)).await;
    probe.insert(2, probe.lasting(20)).await;
    probe.insert(2, probe.entry(21).ttl(ttl)).await;
    probe.pass(ttl).await;
    probe.pass(probe.options.rest(ttl)).await;
    probe.hit(1, 11, "a rewrite doesn't keep the old, shorter life").await;
    let _lease = probe.miss(2, "a rewrite doesn't keep the old, longer life").await;
}

async fn the_longest_life_is_for_ever<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    probe.insert(1, probe.entry(10).ttl(Duration::MAX)).await;
    probe.insert(2, probe.entry(20).ttl(Duration::from_nanos(u64::MAX))).await;
    probe.insert(3, probe.lasting(30)).await;
    probe.pass(probe.options.default_ttl.unwrap_or_default()).await;
    if probe.options.now().is_some() {
        probe.pass(DAY * 365).await;
    }
    probe.hit(1, 10, "Duration::MAX is for ever").await;
    probe.hit(2, 20, "a life of centuries doesn't wrap").await;
    probe.hit(3, 30, "an entry that never expires is there after any time").await;
}

async fn the_default_is_for_those_who_say_nothing<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let options = probe.options;
    let ttl = options.default_ttl.unwrap_or_else(|| options.short());
    probe.insert(1, probe.entry(10)).await;
    probe.insert(2, probe.lasting(20)).await;
    probe.insert(3, probe.entry(30).ttl(ttl * 3)).await;
    let lease = probe.lease(4).await;
    let filled = probe.fill(4, probe.entry(40), lease).await;
    probe.pass(options.before(ttl)).await;
    probe.hit(1, 10, "an entry is there until the default life ends").await;
    if filled.is_stored() {
        probe.hit(4, 40, "a filled entry is there until the default life ends").await;
    }
    probe.pass(options.rest(ttl)).await;
    if options.default_ttl.is_some() {
        let _lease = probe.miss(1, "an entry without a life of its own has the default").await;
        let _lease = probe.miss(4, "a filled entry without a life of its own has the default").await;
    } else {
        probe.hit(1, 10, "without a default an entry is there for ever").await;
    }
    probe.hit(2, 20, "never_expires overrides the default").await;
    probe.hit(3, 30, "a longer life overrides the default").await;
}

async fn a_copy_keeps_its_deadline<S: Store<Value: PartialEq>>(far: &Probe<'_, S>, near: &Probe<'_, S>) {
    let ttl = far.options.short();
    far.insert(1, far.entry(10).ttl(ttl)).await;
    far.pass(ttl / 4).await;
    let Lookup::Hit(original) = far.get(1).await else {
        return demand(far.options.lossy, "an entry is there until its life ends");
    };
    let stored = original.life().stored();
    let lease = near.miss(1, "a key that was never written is a miss").await;
    let filled = near.fill(1, original.promoted(), lease).await;
    demand(filled.is_stored(), "a copy with a known life can be filled");
    if let Lookup::Hit(copy) = near.get(1).await {
        let slack = slack(near);
        demand(
            near_by(copy.life().stored(), stored, slack),
            "a copy keeps the moment its original was stored",
        );
    }
    near.pass(ttl.saturating_sub(ttl / 4)).await;
    near.pass(near.options.rest(ttl)).await;
    let _lease = near.miss(1, "a copy ends when its original does").await;
}

async fn a_hit_tells_its_life<S: Store<Value: PartialEq>>(probe: &Probe<'_, S>) {
    let Some(now) = probe.options.now() else { return };
    let ttl = probe.options.tick.saturating_mul(1_000);
    let entry: Entry<_> = probe.entry(10).fresh_for(ttl / 2).ttl(ttl);
    probe.insert(1, entry).await;
    probe.insert(2, probe.lasting(20)).await;
    probe.pass(ttl / 4).await;
    let slack = slack(probe);
    if let Lookup::Hit(entry) = probe.get(1).await {
        let life = entry.life();
        demand(near_by(life.stored(), Some(now), slack), "a hit tells when it was stored");
        let usable = life.usable_until().time();
        demand(near_by(usable, Some(now.after(ttl)), slack), "a hit tells until when it is usable");
        let fresh = life.fresh_until().time();
        demand(near_by(fresh, Some(now.after(ttl / 2)), slack), "a hit tells until when it is fresh");
    }
    if let Lookup::Hit(entry) = probe.get(2).await {
        demand(entry.life().usable_until().time().is_none(), "an entry that never expires says so");
    }
}

/// How far apart two tellings of one moment may be.
fn slack<S: Store>(probe: &Probe<'_, S>) -> Duration {
    match probe.options.now() {
        Some(_) => probe.options.tick.saturating_sub(Duration::from_nanos(1)),
        None => probe.options.short() / 4,
    }
}

fn near_by(one: Option<Time>, other: Option<Time>, slack: Duration) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.since(other) <= slack && other.since(one) <= slack,
        (one, other) => one == other,
    }
}
