//! Contexts that are dear to make, kept for each thread.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Does `work` with this thread's context, made by `make` if there is none: on the first call, after a panic in `work`, and
/// while the thread ends.
pub(crate) fn with<T, R>(
    kept: &'static LocalKey<RefCell<Option<T>>>,
    make: impl FnOnce() -> T,
    work: impl FnOnce(&mut T) -> R,
) -> R {
    let taken = kept.try_with(RefCell::take).ok().flatten();
    let mut context = taken.unwrap_or_else(make);
    let done = work(&mut context);
    let _ = kept.try_with(|place| *place.borrow_mut() = Some(context));
    done
}
