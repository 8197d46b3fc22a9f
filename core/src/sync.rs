//! The locks and atomics of the engine, in one place, so that the model checker can put its own in their stead.

#[cfg(not(shuttle))]
mod real {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

    pub(crate) type CurrentThread = std::thread::ThreadId;

    pub(crate) fn current_thread() -> CurrentThread {
        std::thread::current().id()
    }

    pub(crate) fn wait<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>) {
        condvar.wait(guard);
    }
}

#[cfg(not(shuttle))]
pub(crate) use real::*;
