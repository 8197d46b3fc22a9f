//! Stored keys that tell nothing of the application's: `HmacNames`.

use std::fmt;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use larder_core::Key;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::SecretKey;

/// Names for stored keys, by HMAC-SHA-256: who sees the store can't tell whose values they are, nor guess.
///
/// A name is the prefix, and 64 hexadecimal digits over namespace and key; the prefix stays readable, so that the names of
/// one kind can be scanned. Two keys never share a name but by a collision of SHA-256. Cloned cheaply.
///
/// Take a key of its own, not one of a [`Keyring`](crate::Keyring): names can't be rotated without a flush, as another key gives other
/// names, and all values are misses.
///
/// What still leaks: that two accesses are to the same key, how often each is accessed and when, how many there are, how long
/// the values are, and the prefix.
///
/// ```
/// use larder_core::{Memory, StoreExt};
/// use larder_policies::Lru;
/// use larder_seal::{HmacNames, SecretKey};
///
/// let names = HmacNames::new(SecretKey::random()?, "users", "user:");
/// assert_eq!(names.name(b"ann@example.org").len(), 5 + 64);
/// let users = Memory::<String, u64, _>::new(100, Lru::new).keyed(names.of(|mail: &String| mail.as_bytes().to_vec()));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone)]
pub struct HmacNames {
    mac: Hmac<Sha256>,
    prefix: String,
}

impl HmacNames {
    /// Names by `key` for what is in `namespace`, each behind `prefix`.
    pub fn new(key: SecretKey, namespace: &str, prefix: impl Into<String>) -> Self {
        let mut mac = keyed(key.bytes());
        drop(key);
        mac.update(&(namespace.len() as u64).to_le_bytes());
        mac.update(namespace.as_bytes());
        Self { mac, prefix: prefix.into() }
    }

    /// The name of `key`.
    pub fn name(&self, key: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(key);
        let mut name = String::with_capacity(self.prefix.len() + 64);
        name.push_str(&self.prefix);
        for byte in mac.finalize().into_bytes() {
            // Writing to a string can't fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// What makes names of keys whose bytes `bytes` gives: for [`StoreExt::keyed`](larder_core::StoreExt::keyed). It must be injective.
    pub fn of<K: Key>(
        &self,
        bytes: impl Fn(&K) -> Vec<u8> + Send + Sync + 'static,
    ) -> impl Fn(&K) -> String + Send + Sync + 'static {
        let names = self.clone();
        move |key| names.name(&bytes(key))
    }
}

/// HMAC-SHA-256 by a key of at most 64 bytes: it is filled up with zeros.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::new((&*block).into())
}

impl fmt::Debug for HmacNames {
    /// Shows the prefix only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacNames").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, 4.2 and 4.3.
    #[test]
    fn hmac_gives_what_its_standard_says() {
        let mac = |key: &[u8], text: &[u8]| {
            let mut mac = keyed(key);
            mac.update(text);
            let hex: Vec<_> = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            hex.concat()
        };
        assert_eq!(
            mac(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            mac(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn names_differ_by_secret_namespace_and_key_and_stay_the_same() {
        let names = |byte, namespace| HmacNames::new(SecretKey::new([byte; 32]), namespace, "n:");
        let one = names(1, "a").name(b"key");
        assert!(one.starts_with("n:") && one.len() == 66);
        assert_eq!(one, names(1, "a").name(b"key"));
        for other in [names(2, "a").name(b"key"), names(1, "b").name(b"key"), names(1, "a").name(b"kez")] {
            assert_ne!(one, other);
        }
        assert_ne!(names(1, "a").name(b"bc"), names(1, "ab").name(b"c"));
        assert_eq!(one, "n:62eff052c2e72e7cdada5a1c3fbbd1fd6e399fe635df18b6856ff3ac72f1edbe");
    }

    #[test]
    fn only_the_prefix_is_shown() {
        let names = HmacNames::new(SecretKey::new([0xab; 32]), "space", "n:");
        assert_eq!(format!("{names:?}"), "HmacNames { prefix: \"n:\", .. }");
    }
}
