//! Which cipher a codec seals with, as a type: `Algorithm`. No other than these.

use crate::cipher::Kind;

/// A cipher that [`Sealed`](crate::Sealed) can use: [`XChaCha`], [`Gcm`] or [`GcmSiv`].
pub trait Algorithm: Known + Send + Sync + 'static {}

/// What keeps the list closed.
pub trait Known {
    /// Which it is.
    const KIND: Kind;
}

/// XChaCha20-Poly1305, draft-irtf-cfrg-xchacha.
#[derive(Clone, Copy, Debug)]
pub struct XChaCha;

/// AES-256-GCM, RFC 5116 and NIST SP 800-38D.
#[derive(Clone, Copy, Debug)]
pub struct Gcm;

/// AES-256-GCM-SIV, RFC 8452.
#[derive(Clone, Copy, Debug)]
pub struct GcmSiv;

impl Algorithm for XChaCha {}
impl Algorithm for Gcm {}
impl Algorithm for GcmSiv {}

impl Known for XChaCha {
    const KIND: Kind = Kind::XChaCha20Poly1305;
}

impl Known for Gcm {
    const KIND: Kind = Kind::Aes256Gcm;
}

impl Known for GcmSiv {
    const KIND: Kind = Kind::Aes256GcmSiv;
}
