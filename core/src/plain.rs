//! What any map or cache can do: `Plain`.

use std::future::Future;

use crate::{Entry, Key, Result, Time, Value};

/// Keeps entries by key, and knows nothing of leases: a map, or somebody else's cache. [`Leased`](crate::Leased) makes a
/// [`Store`](crate::Store) of it.
///
/// What is kept is our [`Entry`], value and life in one, so that a rewrite can't leave the old life behind. Lives need not
/// be looked at here: `Leased` does. An engine that can free memory when a life ends may be told of it.
///
/// # The rules
///
/// 1. A `get` that begins after an `insert` or `remove` of its key has ended sees that one, or a later one, or nothing.
/// 2. Any entry may leave at any time, and `insert` may refuse one; **then the old entry of the key is gone, too**.
/// 3. `Leased` makes one change of a key at a time, and none while it clears; reads come at any time.
/// 4. **A future that was dropped does nothing any more.** It leaves the old entry, the new one or none.
///
/// # Why it may wait
///
/// The methods are asynchronous, because a lock that holds one key for the time of a change is cheap without a runtime
/// (see `Leased`), and half of what people run can't be asked otherwise. An engine that never waits answers
/// [`get_now`](Self::get_now), too, and loses nothing.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use larder_core::{Entry, Leased, Plain, Result, Store, StoreExt};
///
/// #[derive(Default)]
/// struct Locked(Mutex<HashMap<u64, Entry<String>>>);
///
/// impl Plain for Locked {
///     type Key = u64;
///     type Value = String;
///
///     async fn get(&self, key: &u64) -> Result<Option<Entry<String>>> {
///         Ok(self.0.lock().unwrap().get(key).cloned())
///     }
///     async fn insert(&self, key: u64, entry: Entry<String>) -> Result<()> {
///         self.0.lock().unwrap().insert(key, entry);
///         Ok(())
///     }
///     async fn remove(&self, key: &u64) -> Result<Option<Entry<String>>> {
///         Ok(self.0.lock().unwrap().remove(key))
///     }
///     async fn clear(&self) -> Result<()> {
///         Ok(self.0.lock().unwrap().clear())
///     }
/// }
///
/// # let (env, manual) = larder_core::Env::manual();
/// # manual.block_on(async {
/// let store = Leased::new(Locked::default()).env(&env);
/// let lease = store.lease(&7).await?;
/// store.remove(&7).await?;
/// assert!(!store.fill(7, Entry::new("too late".into()), lease).await?.is_stored());
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
pub trait Plain: Send + Sync + 'static {
    /// The keys.
    type Key: Key;
    /// The values.
    type Value: Value;

    /// The entry of `key`, whether its life is over or not.
    fn get(&self, key: &Self::Key) -> impl Future<Output = Result<Option<Entry<Self::Value>>>> + Send;

    /// Puts `entry` in the place of what was there. Its life is resolved: its deadlines are moments of the store's clock.
    fn insert(&self, key: Self::Key, entry: Entry<Self::Value>) -> impl Future<Output = Result<()>> + Send;

    /// Takes the entry of `key` out.
    fn remove(&self, key: &Self::Key) -> impl Future<Output = Result<Option<Entry<Self::Value>>>> + Send;

    /// Takes everything out.
    fn clear(&self) -> impl Future<Output = Result<()>> + Send;

    /// What [`get`](Self::get) would say, without waiting; `None`: "ask `get`", the default.
    fn get_now(&self, _key: &Self::Key) -> Option<Option<Entry<Self::Value>>> {
        None
    }

    /// Takes out what is no longer usable at `now`. How many. Does nothing by default: for engines that see to it
    /// themselves, and for those that can't look through their entries.
    fn prune(&self, _now: Time) -> usize {
        0
    }

    /// How many entries there are, for statistics; 0, the default, where nobody knows.
    fn entries(&self) -> u64 {
        0
    }
}
