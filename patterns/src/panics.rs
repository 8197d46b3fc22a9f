//! A panic of the application's code, held where it happened.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `call` gives; `None` if it panicked.
///
/// State that `call` shares with others must make sense at every point where it can panic: here that is futures that
/// are never polled again, and callbacks.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    let payload = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(done) => return Some(done),
        Err(payload) => payload,
    };
    // What was thrown may panic as it is dropped; what that throws is let go of for good.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    None
}
