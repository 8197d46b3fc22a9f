//! A frame: how one record, or one settlement, lies in a segment so that damage can't pass for it.
//!
//! ```text
//! marker 8 | kind 1 | length 4 | sequence 8 | check of these 8 || payload | check of all 8
//! ```
//!
//! The marker is the salt of the segment: random, so that no value that an application stores can look like a frame.
//! Both checks are bound to the salt and to the place in the file: a frame that was moved is none. The length is used
//! only after its own check.

use twox_hash::XxHash3_64;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The payload is what was appended under the sequence.
    Record = 1,
    /// The payload is a list of sequences.
    Settled = 2,
}

/// The checked part of a frame that comes before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) length: u32,
    pub(crate) sequence: u64,
    check: u64,
}

/// How long a head is.
pub(crate) const HEAD: usize = 29;
/// How long the check after the payload is.
pub(crate) const TAIL: usize = 8;

const KIND: usize = 8;
const LENGTH: usize = 9;
const SEQUENCE: usize = 13;
const CHECK: usize = 21;

impl Head {
    /// The head at the start of `bytes`, if it is whole and belongs to this place.
    pub(crate) fn read(bytes: &[u8], salt: u64, offset: u64) -> Option<Self> {
        let head = bytes.get(..HEAD)?;
        let check = number(head, CHECK)?;
        if number(head, 0)? != salt || check != sum(&head[..CHECK], salt.wrapping_add(offset)) {
            return None;
        }
        let kind = match head[KIND] {
            1 => Kind::Record,
            2 => Kind::Settled,
            _ => return None,
        };
        let length = u32::from_le_bytes(head[LENGTH..SEQUENCE].try_into().ok()?);
        Some(Self { kind, length, sequence: number(head, SEQUENCE)?, check })
    }

    /// The length of the whole frame.
    pub(crate) fn frame_length(&self) -> usize {
        HEAD + self.length as usize + TAIL
    }

    /// The payload of this frame, if `frame` is all of it and whole.
    pub(crate) fn payload<'a>(&self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let (payload, check) = frame.get(HEAD..self.frame_length())?.split_last_chunk::<TAIL>()?;
        (u64::from_le_bytes(*check) == sum(payload, self.check)).then_some(payload)
    }
}

/// Puts a frame at the end of `buffer`. It will lie at `offset`. The payload is shorter than 4 GiB.
pub(crate) fn push(buffer: &mut Vec<u8>, salt: u64, offset: u64, kind: Kind, sequence: u64, payload: &[u8]) {
    let start = buffer.len();
    buffer.extend_from_slice(&salt.to_le_bytes());
    buffer.push(kind as u8);
    buffer.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    buffer.extend_from_slice(&sequence.to_le_bytes());
    let check = sum(&buffer[start..], salt.wrapping_add(offset));
    buffer.extend_from_slice(&check.to_le_bytes());
    buffer.extend_from_slice(payload);
    buffer.extend_from_slice(&sum(payload, check).to_le_bytes());
}

/// A checksum.
pub(crate) fn sum(bytes: &[u8], seed: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, bytes)
}

/// The number at `start`.
pub(crate) fn number(bytes: &[u8], start: usize) -> Option<u64> {
    bytes.get(start..start + 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// A payload that lists sequences, and back.
pub(crate) fn list(sequences: impl Iterator<Item = u64>) -> Vec<u8> {
    sequences.flat_map(u64::to_le_bytes).collect()
}

pub(crate) fn listed(payload: &[u8]) -> impl Iterator<Item = u64> + '_ {
    payload.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, 7, 100, Kind::Record, 3, b"payload");
        bytes
    }

    fn payload(bytes: &[u8], salt: u64, offset: u64) -> Option<Vec<u8>> {
        Head::read(bytes, salt, offset)?.payload(bytes).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_frame_is_read_where_it_was_written_and_nowhere_else() {
        assert_eq!(payload(&frame(), 7, 100).as_deref(), Some(&b"payload"[..]));
        assert_eq!(payload(&frame(), 7, 101), None);
        assert_eq!(payload(&frame(), 8, 100), None);
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unseen() {
        let whole = frame();
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(payload(&damaged, 7, 100), None, "bit {bit}");
        }
        for end in 0..whole.len() {
            assert_eq!(payload(&whole[..end], 7, 100), None, "cut at {end}");
        }
    }
}
