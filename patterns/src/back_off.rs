//! How long to wait after a failure: longer each time, never exactly as long as others do.

use std::time::Duration;

/// Exponential back-off whose waits are shortened at random by up to half (the "equal jitter" of Brooker, "Exponential
/// Backoff and Jitter", AWS Architecture Blog, 2015).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BackOff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl BackOff {
    /// The wait after the failure number `failures`, counted from 1. `random` is from 0 to 1.
    pub(crate) fn wait(self, failures: u32, random: f64) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        whole.saturating_sub((whole / 2).mul_f64(random.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_the_longest() {
        let waits = [0, 1, 2, 3, 4, 5, 33, u32::MAX].map(|failures| BACK_OFF.wait(failures, 0.0).as_secs());
        assert_eq!(waits, [1, 1, 2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn chance_takes_off_up_to_half() {
        assert_eq!(BACK_OFF.wait(3, 0.5), Duration::from_secs(3));
        assert_eq!(BACK_OFF.wait(3, 1.0), Duration::from_secs(2));
        let endless = BackOff { first: Duration::MAX, longest: Duration::MAX };
        assert!(endless.wait(u32::MAX, 1.0) >= Duration::MAX / 3, "saturates");
    }
}
