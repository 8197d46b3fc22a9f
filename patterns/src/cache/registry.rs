//! The named caches of the process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use larder_core::{Key, Value};
use parking_lot::Mutex;

use super::Shared;

/// A cache of whatever keys and values.
type AnyCache = Arc<dyn Any + Send + Sync>;

/// Named caches are kept until they are stopped.
static CACHES: LazyLock<Mutex<HashMap<Arc<str>, AnyCache>>> = LazyLock::new(Mutex::default);

/// Enters the cache under `name`; whether that was free.
pub(super) fn enter<K: Key, V: Value>(name: &Arc<str>, cache: &Arc<Shared<K, V>>) -> bool {
    let mut caches = CACHES.lock();
    if caches.contains_key(name) {
        return false;
    }
    caches.insert(Arc::clone(name), Arc::clone(cache) as _);
    true
}

/// The cache called `name`, if it has these keys and values.
pub(super) fn find<K: Key, V: Value>(name: &str) -> Option<Arc<Shared<K, V>>> {
    let found = Arc::clone(CACHES.lock().get(name)?);
    found.downcast().ok()
}

/// Frees `name`, unless it is another cache's by now.
pub(super) fn forget<K: Key, V: Value>(name: &str, cache: &Arc<Shared<K, V>>) {
    let mut caches = CACHES.lock();
    let is_own =
        |entered: &Arc<dyn Any + Send + Sync>| std::ptr::addr_eq(Arc::as_ptr(entered), Arc::as_ptr(cache));
    let freed = caches.get(name).is_some_and(is_own).then(|| caches.remove(name));
    drop(caches);
    drop(freed);
}
