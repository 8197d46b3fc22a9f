//! What must hold when the faults have ended and nobody writes any more.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Lookup, Result, Store};

use super::history::{Floor, shown};
use super::settings::Settings;
use super::world::World;

/// How often a key is asked that answers with an error: a pattern may back off for a while after a fault.
const ATTEMPTS: usize = 40;

/// Flushes, then reads every key, and accuses the tower if it does not answer as the origin.
pub(super) async fn settle<S: Store<Key = u64, Value = u64>>(
    settings: Settings,
    world: World,
    tower: Arc<S>,
) {
    let keys = 0..world.history.keys();
    let floors: Vec<_> = keys.clone().map(|key| world.history.floor(key)).collect();
    world.history.say("quiet: flush");
    if let Err(reason) = insist(&world, || tower.flush()).await {
        world.history.accuse(&format!("nothing fails any more, but a flush does: {reason}"));
    }
    for (key, floor) in keys.zip(floors) {
        let row = world.history.row(key);
        world.history.judge("in the end the origin has", key, row, floor);
        let _reading = world.history.reading(&[key]);
        match insist(&world, || tower.get(&key)).await {
            Ok(found) => compare(settings, &world, key, found, floor),
            Err(reason) => {
                world.history.accuse(&format!("nothing fails any more, but key {key} does: {reason}"));
            }
        }
    }
}

fn compare(settings: Settings, world: &World, key: u64, found: Lookup<u64>, floor: Floor) {
    let (value, row) = (found.value(), world.history.row(key));
    world.history.say(&format!("quiet: get {key} = {}", shown(value)));
    if value.is_none() && settings.keeps_misses {
        return;
    }
    world.history.judge("in the end one reads", key, value, floor);
    let is_excused = world.is_unsteady() && world.history.is_unsure(key);
    if value != row && !is_excused {
        let (value, row) = (shown(value), shown(row));
        world.history.accuse(&format!("in the end key {key} reads {value}, and the origin has {row}"));
    }
}

/// Calls until it works, for a while.
async fn insist<T, Fut: Future<Output = Result<T>>>(
    world: &World,
    call: impl Fn() -> Fut,
) -> Result<T, String> {
    let mut outcome = call().await;
    for _ in 0..ATTEMPTS {
        if outcome.is_ok() {
            break;
        }
        world.env().sleep(Duration::from_secs(5)).await;
        outcome = call().await;
    }
    outcome.map_err(|error| error.to_string())
}
