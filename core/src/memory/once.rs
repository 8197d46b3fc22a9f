//! One call per key: what threads that miss the same key together do about it.

use std::convert::Infallible;

use super::calls::{Lead, Outcome, Role};
use super::engine::Memory;
use crate::{Entry, EvictionPolicy, Key, Lookup, Value};

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// The value of `key`; if there is none, the one that `make` gives, which is stored. Threads that ask for one key
    /// at a time share one call of one of them; the others wait.
    ///
    /// If the call panics, it does so in its own thread only, and one of those that wait calls its own. A write during
    /// the call wins over what the call gives. A `make` that asks for its own key, or for one whose maker waits for this
    /// thread, is answered by its own inner `make`, unshared, instead of a deadlock.
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V {
        match self.try_get_or_insert_with(key, || Ok::<V, Infallible>(make())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The same with a `make` that can fail. Its error goes to the caller whose `make` it was and is not kept; one of
    /// those that wait calls its own.
    pub fn try_get_or_insert_with<X>(&self, key: K, make: impl FnOnce() -> Result<V, X>) -> Result<V, X> {
        self.try_get_or_insert_entry_with(key, || make().map(Entry::new))
    }

    /// The same with a `make` that gives the value a life of its own.
    pub fn try_get_or_insert_entry_with<X>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<Entry<V>, X>,
    ) -> Result<V, X> {
        let mut found = self.lookup(&key);
        loop {
            if let Lookup::Hit(entry) = found {
                return Ok(entry.into_value());
            }
            match self.0.calls.join(self.hash(&key), &key) {
                Role::Follow(call) => match call.wait() {
                    Outcome::Made(value) => return Ok(value),
                    Outcome::Failed => found = self.look_again(&key),
                    Outcome::Circular => return make().map(Entry::into_value),
                },
                Role::Lead(lead) => return self.lead(key, &lead, make),
            }
        }
    }

    fn lead<X>(
        &self,
        key: K,
        lead: &Lead<'_, K, V>,
        make: impl FnOnce() -> Result<Entry<V>, X>,
    ) -> Result<V, X> {
        // Another call may have ended between our miss and our turn.
        let lease = match self.look_again(&key) {
            Lookup::Hit(entry) => return Ok(lead.publish(entry.into_value())),
            Lookup::Miss(lease) => lease,
        };
        let entry = make()?;
        let value = entry.value().clone();
        let _ = self.fill_now(key, entry, lease);
        Ok(lead.publish(value))
    }

    /// A look-up that counts as nothing.
    fn look_again(&self, key: &K) -> Lookup<V> {
        let lease = self.lease_now(key);
        match self.peek(key, |found| Entry::with_life(found.node.value.clone(), found.life())) {
            Some(entry) => Lookup::Hit(entry),
            None => Lookup::Miss(lease),
        }
    }
}
