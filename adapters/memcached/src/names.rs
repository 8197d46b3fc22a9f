//! Under which names a namespace keeps its items: no two keys share one, and one that doesn't fit is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use larder_core::{Error, ErrorKind, Result};

/// The longest name that a command may carry, in bytes.
const LONGEST: usize = 250;

/// Makes the names of one namespace: `larder:<length>:<namespace>:`, and `e` for the epoch or `k` and the key.
///
/// The length says where the namespace ends, so nothing needs to be escaped. A name with bytes that a line of the protocol
/// can't carry is sent in base64, which the server undoes.
#[derive(Debug)]
pub(crate) struct Names {
    prefix: Vec<u8>,
}

/// A name as a command carries it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    token: Vec<u8>,
    encoded: bool,
}

impl Names {
    /// An error if the namespace leaves no room for keys.
    pub(crate) fn new(namespace: &str) -> Result<Self> {
        let names = Self { prefix: format!("larder:{}:{namespace}:", namespace.len()).into_bytes() };
        names.key(&[0; 16]).map(|_| names)
    }

    /// The name of the epoch.
    pub(crate) fn epoch(&self) -> Name {
        Name::new([&self.prefix, &b"e"[..]].concat())
    }

    /// The name of `key`, or an error if it is too long.
    pub(crate) fn key(&self, key: &[u8]) -> Result<Name> {
        let name = Name::new([&self.prefix, &b"k"[..], key].concat());
        if name.token.len() <= LONGEST {
            return Ok(name);
        }
        Err(Error::new(ErrorKind::Invalid, "naming a key for memcached").because(
            "with its namespace it is longer than the 250 bytes, 186 if they aren't plain, of a name",
        ))
    }
}

impl Name {
    fn new(bytes: Vec<u8>) -> Self {
        let encoded = !bytes.iter().all(u8::is_ascii_graphic);
        let token = if encoded { STANDARD.encode(bytes).into_bytes() } else { bytes };
        Self { token, encoded }
    }

    /// Writes it as the first argument of a command, with the flag that says how to read it.
    pub(crate) fn write(&self, to: &mut Vec<u8>, between: impl FnOnce(&mut Vec<u8>)) {
        to.extend(&self.token);
        between(to);
        if self.encoded {
            to.extend(b" b");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(name: &Name) -> String {
        let mut bytes = Vec::new();
        name.write(&mut bytes, |_| {});
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn no_two_keys_of_any_two_namespaces_share_a_name(
            one in ("[a:0-9 ]{0,4}", prop::collection::vec(prop::sample::select(b"ek:1 =\n".to_vec()), 0..6)),
            other in ("[a:0-9 ]{0,4}", prop::collection::vec(prop::sample::select(b"ek:1 =\n".to_vec()), 0..6)),
        ) {
            let of = |(namespace, key): &(String, Vec<u8>)| {
                let names = Names::new(namespace).unwrap();
                (names.key(key).unwrap(), names.epoch())
            };
            let ((key, epoch), (other_key, other_epoch)) = (of(&one), of(&other));
            prop_assert_eq!(key == other_key, one == other);
            prop_assert_ne!(&key, &epoch);
            prop_assert_ne!(&key, &other_epoch);
        }

        #[test]
        fn a_name_is_one_word_of_the_protocol(key in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(name) = Names::new("a b").unwrap().key(&key) {
                prop_assert!(name.token.iter().all(u8::is_ascii_graphic));
                prop_assert!(name.token.len() <= LONGEST);
            }
        }
    }

    #[test]
    fn names_are_what_they_were_in_earlier_versions() {
        let names = Names::new("shop").unwrap();
        assert_eq!(token(&names.epoch()), "larder:4:shop:e");
        assert_eq!(token(&names.key(b"user:1").unwrap()), "larder:4:shop:kuser:1");
        assert_eq!(token(&names.key(b"user 1").unwrap()), "bGFyZGVyOjQ6c2hvcDprdXNlciAx b");
    }

    #[test]
    fn what_is_too_long_is_refused_and_never_cut() {
        let names = Names::new("shop").unwrap();
        assert!(names.key(&[b'x'; 235]).is_ok());
        assert_eq!(names.key(&[b'x'; 236]).unwrap_err().kind(), ErrorKind::Invalid);
        assert!(names.key(&[b' '; 171]).is_ok());
        assert_eq!(names.key(&[b' '; 172]).unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(Names::new(&"x".repeat(250)).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
