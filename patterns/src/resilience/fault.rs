//! Which errors say that the store is in trouble, rather than the call.

use larder_core::{Error, ErrorKind};

/// Whether the store failed, can't be reached, or took too long. Not: a bad argument, a bound of our own that was reached, a
/// store that was closed, a panic; asking again gives those again, and they say nothing of the store's health.
pub(super) fn is_fault(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Store | ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::Load | ErrorKind::Write
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_turned_away_or_malformed_is_no_fault_of_the_store() {
        let faulty = |kind| is_fault(&Error::new(kind, "asking"));
        assert!([ErrorKind::Store, ErrorKind::Timeout, ErrorKind::Cancelled].into_iter().all(faulty));
        let own = [ErrorKind::Invalid, ErrorKind::Codec, ErrorKind::Overloaded, ErrorKind::Closed];
        assert!(!own.into_iter().any(faulty));
    }
}
