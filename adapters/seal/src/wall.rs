//! The time of day, which processes have in common: `WallClock`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time of day, in milliseconds since 1970. A closure is one, too.
pub trait WallClock: Send + Sync + 'static {
    /// Milliseconds since 1970, UTC.
    fn unix_millis(&self) -> u64;
}

/// The operating system's time of day.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWallClock;

impl WallClock for SystemWallClock {
    fn unix_millis(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl<F: Fn() -> u64 + Send + Sync + 'static> WallClock for F {
    fn unix_millis(&self) -> u64 {
        self()
    }
}
