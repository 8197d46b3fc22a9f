//! What stands before the sealed bytes, in the clear: `Header`. Versions 1 and 2, which differ in how a value ends.

use std::cell::RefCell;

use larder_core::Label;

use crate::cipher::{Kind, TAG};
use crate::derived::{COMMITMENT, SALT};

/// What is sealed ends with a mark, and zeros behind it.
pub(crate) const MARKED: u8 = 1;

/// What is sealed is the value and no more: nothing is encrypted that nobody needs, above all no block for a mark alone.
pub(crate) const EXACT: u8 = 2;

/// ```text
/// 0    the version: MARKED or EXACT
/// 1    the last millisecond since 1970 at which it may be opened (8); 2⁶⁴-1: it never ends; with 2⁶³: earlier than
///      the store was told
/// 9    a sum of its place, to tell a moved value from a forged one (4)
/// 13   the salt of the process (16)
/// 29   the commitment to its key (32)
/// 61   the nonce (24 or 12)
/// …    the sealed bytes
/// …    the tag (16)
/// ```
#[derive(Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) version: u8,
    pub(crate) not_after: u64,
    pub(crate) place: u32,
    pub(crate) salt: &'a [u8; SALT],
    pub(crate) commitment: &'a [u8; COMMITMENT],
}

/// The length of a header without its nonce.
pub(crate) const FIXED: usize = 1 + 8 + 4 + SALT + COMMITMENT;

/// The parts of a sealed value.
pub(crate) struct Parts<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) nonce: &'a [u8],
    pub(crate) sealed: &'a [u8],
    pub(crate) tag: &'a [u8],
}

impl<'a> Header<'a> {
    #[inline]
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let mut bytes = [self.version; FIXED];
        bytes[1..9].copy_from_slice(&self.not_after.to_le_bytes());
        bytes[9..13].copy_from_slice(&self.place.to_le_bytes());
        bytes[13..29].copy_from_slice(self.salt);
        bytes[29..].copy_from_slice(self.commitment);
        to.extend_from_slice(&bytes);
    }

    /// The parts of `bytes`, if they are long enough and of a version that is known.
    #[inline]
    pub(crate) fn read(bytes: &'a [u8], kind: Kind) -> Option<Parts<'a>> {
        let (&[version @ (MARKED | EXACT)], bytes) = bytes.split_first_chunk()? else { return None };
        let (not_after, bytes) = bytes.split_first_chunk()?;
        let (place, bytes) = bytes.split_first_chunk()?;
        let (salt, bytes) = bytes.split_first_chunk()?;
        let (commitment, bytes) = bytes.split_first_chunk()?;
        let (nonce, bytes) = bytes.split_at_checked(kind.nonce())?;
        let (sealed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let (not_after, place) = (u64::from_le_bytes(*not_after), u32::from_le_bytes(*place));
        let header = Header { version, not_after, place, salt, commitment };
        Some(Parts { header, nonce, sealed, tag })
    }

    /// Gives `work` what is authenticated beside the sealed bytes: each field behind its length, so that no two ways of
    /// cutting them give the same. Salt and commitment are bound by the key itself.
    pub(crate) fn bound<R>(
        &self,
        namespace: &[u8],
        key: &[u8],
        label: &Label,
        work: impl FnOnce(&[u8]) -> R,
    ) -> R {
        let mut bound = SCRATCH.try_with(RefCell::take).unwrap_or_default();
        bound.clear();
        self.write_bound(namespace, key, label, &mut bound);
        let done = work(&bound);
        if bound.capacity() <= SCRATCH_BYTES {
            let _ = SCRATCH.try_with(|scratch| *scratch.borrow_mut() = bound);
        }
        done
    }

    /// Its own fields are of fixed lengths: those between the caller's are written at once.
    fn write_bound(&self, namespace: &[u8], key: &[u8], label: &Label, to: &mut Vec<u8>) {
        let length = |bytes: usize| (bytes as u64).to_le_bytes();
        let mut before = [self.version; 8 + 1 + 8];
        before[..8].copy_from_slice(&length(1));
        before[9..].copy_from_slice(&length(namespace.len()));
        to.extend_from_slice(&before);
        to.extend_from_slice(namespace);
        to.extend_from_slice(&length(key.len()));
        to.extend_from_slice(key);
        let mut after = [0; 8 + 8 + 8 + 4];
        after[..8].copy_from_slice(&length(8));
        after[8..16].copy_from_slice(&self.not_after.to_le_bytes());
        after[16..24].copy_from_slice(&length(4));
        after[24..].copy_from_slice(&self.place.to_le_bytes());
        to.extend_from_slice(&after);
        // The last one needs no length: it goes on to the end.
        label.write(to);
    }
}

/// More room is not kept.
const SCRATCH_BYTES: usize = 4 << 10;

thread_local! {
    /// Room for what is bound, so that it isn't allocated each time.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A sum of where a value is kept. Keeps out nobody; tells who reads the counts what has happened.
pub(crate) fn place(namespace: &[u8], key: &[u8]) -> u32 {
    let step = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let over = |sum: u64, bytes: &[u8]| {
        let (words, rest) = bytes.as_chunks::<8>();
        let sum = words.iter().fold(sum, |sum, word| step(sum, u64::from_le_bytes(*word)));
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        step(step(sum, last), bytes.len() as u64)
    };
    let sum = over(over(0, namespace), key);
    (sum >> 32) as u32 ^ sum as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ways_of_cutting_the_fields_bind_the_same() {
        let (salt, commitment) = (&[0; SALT], &[0; COMMITMENT]);
        let header = Header { version: EXACT, not_after: 1, place: 2, salt, commitment };
        let (label, other) = (Label { codec: 1, ..Label::default() }, Label::default());
        let bound = |namespace: &[u8], key: &[u8], label| header.bound(namespace, key, label, <[u8]>::to_vec);
        let one = bound(b"ab", b"c", &label);
        assert_ne!(one, bound(b"a", b"bc", &label));
        assert_ne!(one, bound(b"ab", b"", &label));
        assert_ne!(one, bound(b"ab", b"c", &other));
        assert_eq!(one, bound(b"ab", b"c", &label));
        assert_ne!(one, Header { version: MARKED, ..header }.bound(b"ab", b"c", &label, <[u8]>::to_vec));
        assert!(one.ends_with(&label.to_bytes()));
        assert_ne!(place(b"ab", b"c"), place(b"a", b"bc"));
        assert_ne!(place(b"", b"12345678"), place(b"", b"12345679"));
    }

    #[test]
    fn what_is_cut_short_or_of_another_version_is_not_read() {
        let mut bytes = Vec::new();
        let (salt, commitment) = (&[1; SALT], &[2; COMMITMENT]);
        Header { version: EXACT, not_after: 7, place: 9, salt, commitment }.write(&mut bytes);
        assert_eq!(bytes.len(), FIXED);
        bytes.extend([3; 12 + TAG]);
        let parts = Header::read(&bytes, Kind::Aes256Gcm).expect("it is whole");
        assert_eq!((parts.header.not_after, parts.header.place, parts.sealed.len()), (7, 9, 0));
        assert!(Header::read(&bytes, Kind::XChaCha20Poly1305).is_none());
        assert!((0..bytes.len()).all(|end| Header::read(&bytes[..end], Kind::Aes256Gcm).is_none()));
        for version in 0..=u8::MAX {
            bytes[0] = version;
            assert_eq!(Header::read(&bytes, Kind::Aes256Gcm).is_some(), [MARKED, EXACT].contains(&version));
        }
    }
}
