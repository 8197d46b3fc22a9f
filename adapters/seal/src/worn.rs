//! How many messages a key has sealed, and when that is enough: `Writer`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use larder_core::{Error, ErrorKind, Result};

use crate::derived::{Derived, SALT};

/// After so many messages another key is taken.
pub(crate) const WORN: u64 = 1 << 31;

/// After so many a random nonce of 96 bits may well come twice: no more are sealed. (NIST SP 800-38D, 8.3.)
pub(crate) const EXHAUSTED: u64 = 1 << 32;

/// The key that this process seals with.
pub(crate) struct Writer {
    pub(crate) salt: [u8; SALT],
    pub(crate) derived: Derived,
    messages: AtomicU64,
}

/// What a key can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Fine,
    /// This message, but better another key.
    Worn,
}

/// A key has sealed 2³² messages, and no other could be had: the [`source`](std::error::Error::source) of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyExhausted;

impl fmt::Display for KeyExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key has sealed all the messages that it may")
    }
}

impl std::error::Error for KeyExhausted {}

impl Writer {
    pub(crate) fn new(salt: [u8; SALT], derived: Derived) -> Self {
        Self { salt, derived, messages: AtomicU64::new(0) }
    }

    /// Counts one more message.
    #[inline]
    pub(crate) fn claim(&self) -> Result<Use> {
        match self.messages.fetch_add(1, Relaxed) {
            0..WORN => Ok(Use::Fine),
            WORN..EXHAUSTED => Ok(Use::Worn),
            EXHAUSTED.. => {
                self.messages.store(EXHAUSTED, Relaxed);
                Err(Error::new(ErrorKind::Overloaded, "sealing a value").because(KeyExhausted))
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn wear(&self, messages: u64) {
        self.messages.store(messages, Relaxed);
    }
}
