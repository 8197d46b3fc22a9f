//! A key for one process, derived from a key of the ring, and what commits to it: `Derived`.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::cipher::{Cipher, Kind};
use crate::secret::SecretKey;

/// The length of what a process draws once, in bytes.
pub(crate) const SALT: usize = 16;

/// The length of what commits to a key, in bytes.
pub(crate) const COMMITMENT: usize = 32;

/// What keys are derived for.
const PURPOSE: &[u8] = b"larder-seal 1";

/// A cipher whose key nobody else derives, and the value that belongs to that key only.
///
/// None of the ciphers commits to its key: bytes can be made that open under two. So each value carries what HKDF gives
/// beside the key, and is not opened where another comes out.
pub(crate) struct Derived {
    pub(crate) cipher: Cipher,
    commitment: [u8; COMMITMENT],
}

impl Derived {
    pub(crate) fn new(master: &SecretKey, id: u32, kind: Kind, salt: &[u8; SALT]) -> Self {
        let mut both = Zeroizing::new([0; 32 + COMMITMENT]);
        expand(master.bytes(), salt, &[PURPOSE, &[kind.id()], &id.to_le_bytes()], &mut *both);
        let mut key = Zeroizing::new([0; 32]);
        let mut commitment = [0; COMMITMENT];
        key.copy_from_slice(&both[..32]);
        commitment.copy_from_slice(&both[32..]);
        Self { cipher: Cipher::new(kind, &key), commitment }
    }

    pub(crate) const fn commitment(&self) -> &[u8; COMMITMENT] {
        &self.commitment
    }

    /// Whether bytes with this commitment were sealed under this key. How long it takes tells nobody anything: every value
    /// has its commitment in the clear.
    pub(crate) fn is_committed_to(&self, commitment: &[u8; COMMITMENT]) -> bool {
        self.commitment == *commitment
    }
}

/// HKDF-SHA-256. `out` is at most 8,160 bytes; longer ones stay as they are.
fn expand(secret: &[u8], salt: &[u8], info: &[&[u8]], out: &mut [u8]) {
    let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, out);
    debug_assert!(expanded.is_ok(), "two hashes are not too long");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digits: &str) -> Vec<u8> {
        let pairs = digits.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 5869, A.1.
    #[test]
    fn hkdf_gives_what_its_standard_says() {
        let mut out = [0; 42];
        let (salt, info) = (hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"));
        expand(&[0x0b; 22], &salt, &[&info[..3], &info[3..]], &mut out);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(out.as_slice(), hex(expected));
    }

    /// RFC 5869, A.3: no salt, no info.
    #[test]
    fn hkdf_without_salt_gives_what_its_standard_says() {
        let mut out = [0; 42];
        expand(&[0x0b; 22], &[], &[], &mut out);
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert_eq!(out.as_slice(), hex(expected));
    }

    #[test]
    fn another_key_number_cipher_or_salt_commits_to_something_else() {
        let derived =
            |byte, id, kind, salt| Derived::new(&SecretKey::new([byte; 32]), id, kind, &[salt; SALT]);
        let one = derived(1, 1, Kind::Aes256Gcm, 1);
        assert!(derived(1, 1, Kind::Aes256Gcm, 1).is_committed_to(one.commitment()));
        for other in [
            derived(2, 1, Kind::Aes256Gcm, 1),
            derived(1, 2, Kind::Aes256Gcm, 1),
            derived(1, 1, Kind::Aes256GcmSiv, 1),
            derived(1, 1, Kind::Aes256Gcm, 2),
        ] {
            assert!(!other.is_committed_to(one.commitment()));
        }
    }
}
