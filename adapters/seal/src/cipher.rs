//! The three ciphers, by number: `Kind`, and `Cipher`, one of them with its key.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use larder_core::parcel::cipher;

/// The length of what authenticates, in bytes.
pub(crate) const TAG: usize = 16;

/// Which cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// XChaCha20-Poly1305, draft-irtf-cfrg-xchacha.
    XChaCha20Poly1305,
    /// AES-256-GCM, RFC 5116 and NIST SP 800-38D.
    Aes256Gcm,
    /// AES-256-GCM-SIV, RFC 8452.
    Aes256GcmSiv,
}

impl Kind {
    /// Its number on a label.
    pub(crate) const fn id(self) -> u8 {
        match self {
            Self::XChaCha20Poly1305 => cipher::XCHACHA20_POLY1305,
            Self::Aes256Gcm => cipher::AES_256_GCM,
            Self::Aes256GcmSiv => cipher::AES_256_GCM_SIV,
        }
    }

    /// The length of its nonces, in bytes.
    pub(crate) const fn nonce(self) -> usize {
        match self {
            Self::XChaCha20Poly1305 => 24,
            Self::Aes256Gcm | Self::Aes256GcmSiv => 12,
        }
    }
}

/// A cipher with its expanded key. The libraries wipe it when it is dropped.
pub(crate) enum Cipher {
    XChaCha20Poly1305(Box<chacha20poly1305::XChaCha20Poly1305>),
    Aes256Gcm(Box<aes_gcm::Aes256Gcm>),
    Aes256GcmSiv(Box<aes_gcm_siv::Aes256GcmSiv>),
}

impl Cipher {
    pub(crate) fn new(kind: Kind, key: &[u8; 32]) -> Self {
        match kind {
            Kind::XChaCha20Poly1305 => {
                Self::XChaCha20Poly1305(Box::new(chacha20poly1305::XChaCha20Poly1305::new(key.into())))
            }
            Kind::Aes256Gcm => Self::Aes256Gcm(Box::new(aes_gcm::Aes256Gcm::new(key.into()))),
            Kind::Aes256GcmSiv => Self::Aes256GcmSiv(Box::new(aes_gcm_siv::Aes256GcmSiv::new(key.into()))),
        }
    }

    /// Encrypts `plain` into `sealed`, and writes behind it what authenticates it and `bound`. `None` if that is not just as long,
    /// or the lengths are beyond the cipher.
    pub(crate) fn seal(&self, nonce: &[u8], bound: &[u8], plain: &[u8], sealed: &mut [u8]) -> Option<()> {
        let (sealed, tag) = sealed.split_at_mut_checked(plain.len())?;
        let (both, tag) = (InOutBuf::new(plain, sealed).ok()?, tag.try_into().ok()?);
        match self {
            Self::XChaCha20Poly1305(cipher) => seal(&**cipher, nonce, bound, both, tag),
            Self::Aes256Gcm(cipher) => seal(&**cipher, nonce, bound, both, tag),
            Self::Aes256GcmSiv(cipher) => seal(&**cipher, nonce, bound, both, tag),
        }
    }

    /// Decrypts `sealed` into `plain`, if it and `bound` are what was sealed. `None` if not, or if that is not just as long; then
    /// `plain` is of no use.
    pub(crate) fn open(
        &self,
        nonce: &[u8],
        bound: &[u8],
        sealed: &[u8],
        tag: &[u8],
        plain: &mut [u8],
    ) -> Option<()> {
        let both = InOutBuf::new(sealed, plain).ok()?;
        match self {
            Self::XChaCha20Poly1305(cipher) => open(&**cipher, nonce, bound, both, tag),
            Self::Aes256Gcm(cipher) => open(&**cipher, nonce, bound, both, tag),
            Self::Aes256GcmSiv(cipher) => open(&**cipher, nonce, bound, both, tag),
        }
    }
}

/// The bytes before, and room for those after, which may be the same.
type Both<'a> = InOutBuf<'a, 'a, u8>;

fn seal<C: AeadInOut>(
    cipher: &C,
    nonce: &[u8],
    bound: &[u8],
    both: Both<'_>,
    tag: &mut [u8; TAG],
) -> Option<()> {
    let made = cipher.encrypt_inout_detached(nonce.try_into().ok()?, bound, both).ok()?;
    *tag = made.as_slice().try_into().ok()?;
    Some(())
}

fn open<C: AeadInOut>(cipher: &C, nonce: &[u8], bound: &[u8], both: Both<'_>, tag: &[u8]) -> Option<()> {
    let (nonce, tag) = (nonce.try_into().ok()?, tag.try_into().ok()?);
    cipher.decrypt_inout_detached(nonce, bound, both, tag).ok()
}

#[cfg(test)]
mod tests;
