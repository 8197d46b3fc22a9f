//! What the engine reports as `tracing` events; nothing without the feature.

use crate::Error;

/// A stored value can't be decoded, and is read as a miss.
pub(crate) fn undecodable(error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(%error, "a stored value can't be decoded; read as a miss");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// A listener, weigher or destructor panicked, and was caught.
pub(crate) fn panicked() {
    #[cfg(feature = "tracing")]
    tracing::error!("a listener, weigher or destructor panicked");
}
