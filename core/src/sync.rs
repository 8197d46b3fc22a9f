//! The locks and atomics of the engine in one place, so that the model checker can put its own in their stead
//! (`--cfg shuttle`).

#[cfg(not(shuttle))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(shuttle)]
pub(crate) use self::checked::{Condvar, Mutex, MutexGuard};

#[cfg(not(shuttle))]
pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU64, fence};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU64, fence};

#[cfg(not(shuttle))]
pub(crate) use std::thread::{ThreadId, current, yield_now};

#[cfg(shuttle)]
pub(crate) use shuttle::thread::{ThreadId, current, yield_now};

/// The checker's locks with the shape of the real ones: no poisoning.
#[cfg(shuttle)]
mod checked {
    use std::sync::PoisonError;

    pub(crate) use shuttle::sync::MutexGuard;

    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }

    pub(crate) struct Condvar(shuttle::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(shuttle::sync::Condvar::new())
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// Waits for `condvar`, having let go of `guard` meanwhile.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    #[cfg(shuttle)]
    return condvar.wait(guard);
    #[cfg(not(shuttle))]
    {
        let mut guard = guard;
        condvar.wait(&mut guard);
        guard
    }
}
