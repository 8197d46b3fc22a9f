//! The locks and atomics of the engine in one place, so that the model checker can put its own in their stead
//! (`--cfg shuttle`).

#[cfg(not(shuttle))]
pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

#[cfg(not(any(shuttle, tsan)))]
pub(crate) use std::sync::atomic::fence;

/// The thread sanitizer knows no fences (`--cfg tsan`): here all who pass one change the same number.
#[cfg(all(tsan, not(shuttle)))]
pub(crate) fn fence(order: std::sync::atomic::Ordering) {
    static PASSED: AtomicU64 = AtomicU64::new(0);
    PASSED.fetch_add(1, order);
}

#[cfg(shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, fence};

#[cfg(not(shuttle))]
pub(crate) use std::thread::{ThreadId, current, yield_now};

#[cfg(shuttle)]
pub(crate) use shuttle::thread::{ThreadId, current, yield_now};

#[cfg(not(shuttle))]
pub(crate) use plain::{Condvar, Mutex, MutexGuard};

#[cfg(shuttle)]
pub(crate) use checked::{Condvar, Mutex, MutexGuard};

/// Locks that are not poisoned: whoever panics while it holds one has left things as they were.
macro_rules! locks {
    ($name:ident, $of:ident) => {
        pub(crate) mod $name {
            use std::sync::{PoisonError, TryLockError};

            use $of::sync as of;
            pub(crate) use $of::sync::MutexGuard;

            #[derive(Debug, Default)]
            pub(crate) struct Mutex<T>(of::Mutex<T>);

            impl<T> Mutex<T> {
                pub(crate) const fn new(value: T) -> Self {
                    Self(of::Mutex::new(value))
                }

                #[inline]
                pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
                    self.0.lock().unwrap_or_else(PoisonError::into_inner)
                }

                pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
                    match self.0.try_lock() {
                        Ok(guard) => Some(guard),
                        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                        Err(TryLockError::WouldBlock) => None,
                    }
                }

                pub(crate) fn get_mut(&mut self) -> &mut T {
                    self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
                }
            }

            #[derive(Debug)]
            pub(crate) struct Condvar(of::Condvar);

            impl Condvar {
                pub(crate) const fn new() -> Self {
                    Self(of::Condvar::new())
                }

                pub(crate) fn notify_all(&self) {
                    self.0.notify_all();
                }

                /// Waits, having let go of `guard` meanwhile.
                pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
                    self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
                }
            }
        }
    };
}

locks!(plain, std);

#[cfg(shuttle)]
locks!(checked, shuttle);
