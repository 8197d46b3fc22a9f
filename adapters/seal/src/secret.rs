//! 32 bytes that nobody may see: `SecretKey`.

use std::fmt;

use larder_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// A secret of 32 bytes. Wiped when it is dropped; shows nothing of itself.
///
/// Where it is kept between runs is the application's affair: a vault, a file only it can read, never its source.
pub struct SecretKey(Box<Zeroizing<[u8; 32]>>);

impl SecretKey {
    /// The secret that `bytes` are. They must be random: a password is no key. Wipe your own copy.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// A new secret from the operating system's randomness.
    pub fn random() -> Result<Self> {
        let mut key = Self::new([0; 32]);
        random(&mut **key.0)?;
        Ok(key)
    }

    /// The secret that 64 hexadecimal digits stand for; else an error of the kind [`Invalid`](ErrorKind::Invalid), which
    /// doesn't repeat them.
    ///
    /// ```
    /// use larder_seal::SecretKey;
    ///
    /// assert!(SecretKey::from_hex(&"0f".repeat(32)).is_ok());
    /// assert!(SecretKey::from_hex("0f0f").is_err());
    /// ```
    pub fn from_hex(digits: &str) -> Result<Self> {
        let invalid =
            || Error::new(ErrorKind::Invalid, "reading a key").because("it is not 64 hexadecimal digits");
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(invalid());
        }
        let mut key = Self::new([0; 32]);
        for (byte, [high, low]) in key.0.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            let (high, low) = digit(*high).zip(digit(*low)).ok_or_else(invalid)?;
            *byte = (high << 4 | low) as u8;
        }
        Ok(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

/// Where random bytes come from.
pub(crate) type Randomness = fn(&mut [u8]) -> Result<()>;

/// From the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    let filled = getrandom::fill(bytes);
    filled.map_err(|error| Error::new(ErrorKind::Codec, "drawing random bytes").because(error.to_string()))
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    /// Holds at compile time: without the features that wipe, this doesn't build.
    fn wipes<T: ZeroizeOnDrop>() {}

    #[test]
    fn all_that_keeps_a_secret_wipes_it_when_it_goes() {
        wipes::<Zeroizing<[u8; 32]>>();
        wipes::<chacha20poly1305::XChaCha20Poly1305>();
        wipes::<aes_gcm::Aes256Gcm>();
        wipes::<sha2::Sha256>();
        // These say nothing of themselves; what they are made of wipes itself, or there would be nothing to drop.
        assert!(std::mem::needs_drop::<aes_gcm_siv::Aes256GcmSiv>());
        assert!(std::mem::needs_drop::<hmac::Hmac<sha2::Sha256>>());
        assert!(std::mem::needs_drop::<SecretKey>());
    }

    #[test]
    fn digits_are_read_or_refused_without_being_repeated() {
        let key = SecretKey::from_hex(&"0fA0".repeat(16)).unwrap();
        assert_eq!(key.bytes(), [[0x0f, 0xa0]; 16].as_flattened());
        for digits in ["", "0f", &"0".repeat(63), &"0".repeat(65), &"0g".repeat(32), &"é".repeat(32)] {
            let error = SecretKey::from_hex(digits).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(digits.is_empty() || !format!("{error} {error:?}").contains(digits));
        }
    }
}
