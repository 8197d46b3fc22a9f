//! The named caches of the process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

/// A cache of whatever keys and values.
type AnyCache = Arc<dyn Any + Send + Sync>;

/// Named caches are kept until they are stopped.
static CACHES: LazyLock<Mutex<HashMap<Arc<str>, AnyCache>>> = LazyLock::new(Mutex::default);

/// Enters the cache under `name`; whether that was free.
pub(super) fn enter<C: Any + Send + Sync>(name: &Arc<str>, cache: &Arc<C>) -> bool {
    let mut caches = CACHES.lock();
    if caches.contains_key(name) {
        return false;
    }
    caches.insert(Arc::clone(name), Arc::clone(cache) as _);
    true
}

/// The cache called `name`, if it is of this kind.
pub(super) fn find<C: Any + Send + Sync>(name: &str) -> Option<Arc<C>> {
    let found = Arc::clone(CACHES.lock().get(name)?);
    found.downcast().ok()
}

/// Frees `name`, unless it is another cache's by now.
pub(super) fn forget<C>(name: &str, cache: &Arc<C>) {
    let mut caches = CACHES.lock();
    let is_own =
        |entered: &Arc<dyn Any + Send + Sync>| std::ptr::addr_eq(Arc::as_ptr(entered), Arc::as_ptr(cache));
    let freed = caches.get(name).is_some_and(is_own).then(|| caches.remove(name));
    drop(caches);
    drop(freed);
}
