//! The cipher libraries as one would use them by hand: a random nonce, one buffer.

use aes_gcm::aead::{AeadInOut, KeyInit};

/// The length of a tag, in bytes.
const TAG: usize = 16;

/// A cipher with its key, and the length of its nonces.
pub(super) struct ByHand<C> {
    cipher: C,
    nonce: usize,
}

pub(super) fn xchacha(key: &[u8; 32]) -> ByHand<chacha20poly1305::XChaCha20Poly1305> {
    ByHand { cipher: chacha20poly1305::XChaCha20Poly1305::new(key.into()), nonce: 24 }
}

pub(super) fn gcm(key: &[u8; 32]) -> ByHand<aes_gcm::Aes256Gcm> {
    ByHand { cipher: aes_gcm::Aes256Gcm::new(key.into()), nonce: 12 }
}

impl<C: AeadInOut> ByHand<C> {
    /// Nonce, sealed bytes, tag.
    pub(super) fn seal(&self, plain: &[u8], bound: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.nonce + plain.len() + TAG);
        bytes.resize(self.nonce, 0);
        getrandom::fill(&mut bytes).ok()?;
        bytes.extend_from_slice(plain);
        let (nonce, sealed) = bytes.split_at_mut(self.nonce);
        let tag =
            self.cipher.encrypt_inout_detached((&*nonce).try_into().ok()?, bound, sealed.into()).ok()?;
        bytes.extend_from_slice(&tag);
        Some(bytes)
    }

    pub(super) fn open(&self, bytes: &[u8], bound: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = bytes.split_at_checked(self.nonce)?;
        let (sealed, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
        let mut plain = sealed.to_vec();
        let (nonce, tag) = (nonce.try_into().ok()?, tag.try_into().ok()?);
        self.cipher.decrypt_inout_detached(nonce, bound, plain.as_mut_slice().into(), tag).ok()?;
        Some(plain)
    }
}
