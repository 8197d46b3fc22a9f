//! The background work of a cache: pruning and checking, for as long as anyone holds it.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Key, Result, Value};

use super::handle::Shared;

/// Prunes and checks every `period` until the cache is stopped or its last handle is gone.
pub(super) fn start<K: Key, V: Value>(cache: &Arc<Shared<K, V>>, period: Duration) -> Result<()> {
    let (env, held) = (cache.env.clone(), Arc::downgrade(cache));
    cache.env.spawn(async move {
        loop {
            env.sleep(period).await;
            match held.upgrade() {
                Some(cache) if cache.is_running() => {
                    cache.memory.prune();
                    cache.check();
                }
                _ => return,
            }
        }
    })
}
