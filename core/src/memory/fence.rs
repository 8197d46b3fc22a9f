//! A fence whose cost falls on one side.
//!
//! Of two threads that each write something and then read what the other writes, not both must miss it. That takes a
//! fence in each. Where one of them comes a million times as often as the other, the rare one can have the system put a
//! fence into all threads that run (`membarrier` of Linux), and the frequent one needs none of its own.

/// The two sides of such fences.
#[derive(Clone, Copy)]
pub(super) struct Fence {
    /// Whether the system does it. Otherwise both sides have a fence.
    one_sided: bool,
}

#[cfg(not(shuttle))]
impl Fence {
    pub(super) fn new() -> Self {
        Self { one_sided: system::is_ready() }
    }

    /// The frequent side.
    #[inline]
    pub(super) fn light(self) {
        if self.one_sided {
            Self::free();
        } else {
            crate::sync::fence(std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// The frequent side, where it is known that the system does the rest.
    #[inline]
    pub(super) fn free() {
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    }

    /// Whether the frequent side has no fence of its own.
    pub(super) const fn is_one_sided(self) -> bool {
        self.one_sided
    }

    /// The rare side: some microseconds at worst. Whether it was done.
    pub(super) fn heavy(self) -> bool {
        crate::sync::fence(std::sync::atomic::Ordering::SeqCst);
        !self.one_sided || system::fence()
    }
}

/// The checker's atomics need no fences.
#[cfg(shuttle)]
impl Fence {
    pub(super) const fn new() -> Self {
        Self { one_sided: true }
    }

    pub(super) const fn light(self) {}

    pub(super) const fn free() {}

    pub(super) const fn is_one_sided(self) -> bool {
        self.one_sided
    }

    pub(super) const fn heavy(self) -> bool {
        self.one_sided
    }
}

#[cfg(all(target_os = "linux", not(any(miri, shuttle, tsan))))]
mod system {
    use std::sync::LazyLock;

    use rustix::thread::{MembarrierCommand, membarrier};

    /// Whether the system agreed that this process may ask for fences.
    pub(super) fn is_ready() -> bool {
        static READY: LazyLock<bool> =
            LazyLock::new(|| membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok() && fence());
        *READY
    }

    /// Has all threads of the process pass a fence.
    pub(super) fn fence() -> bool {
        membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }
}

#[cfg(all(not(all(target_os = "linux", not(any(miri, tsan)))), not(shuttle)))]
mod system {
    pub(super) const fn is_ready() -> bool {
        false
    }

    pub(super) const fn fence() -> bool {
        false
    }
}
