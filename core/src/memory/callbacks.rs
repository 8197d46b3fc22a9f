//! Code of the application that may panic: its callbacks and destructors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::node::Node;
use crate::report;

/// Drops an entry of a store that is no more. Destructors of the application that panic do so one by one, and are
/// caught: two at once would end the process.
pub(super) fn abandon<K, V>(node: Node<K, V>) {
    let panics = AtomicU64::new(0);
    drop_guarded(node.key, &panics);
    drop_guarded(node.value, &panics);
}

/// Drops what belongs to the application; a panic of its destructor is caught and counted.
pub(super) fn drop_guarded<T>(value: T, panics: &AtomicU64) {
    if std::mem::needs_drop::<T>() {
        guard(panics, || drop(value));
    }
}

/// Runs a callback of the application; a panic is caught and counted.
pub(super) fn guard<T>(panics: &AtomicU64, callback: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(callback));
    if outcome.is_err() {
        panics.fetch_add(1, Ordering::Relaxed);
        report::panicked();
    }
    outcome.ok()
}
