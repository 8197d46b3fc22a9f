//! What an envelope says before its payload, field by field: `write` and `read`.

use std::sync::Arc;

use super::super::label::Label;
use super::parts::Parts;
use super::times::{NONE, Times};

/// The codec, and which fields there are.
const FIXED: usize = 2;

/// The length of a head that has all fields.
const LONGEST: usize = FIXED + 3 * 8 + 1 + (1 + 4) + 8 + 2;

/// A head, up to its stamps.
pub(super) fn write(times: Times, label: &Label) -> Head {
    let mut head = Head { bytes: [0; LONGEST], length: FIXED, bit: 1 };
    head.bytes[0] = label.codec;
    head.put(times.age != 0, times.age.to_le_bytes());
    head.put(times.usable != NONE, times.usable.to_le_bytes());
    head.put(times.fresh != times.usable, times.fresh.to_le_bytes());
    head.put(label.compressor != 0, [label.compressor]);
    let [a, b, c, d] = label.key_id.to_le_bytes();
    head.put(label.cipher != 0 || label.key_id != 0, [label.cipher, a, b, c, d]);
    head.put(label.schema != 0, label.schema.to_le_bytes());
    let stamps = label.written_stamps().len() as u16;
    head.put(stamps != 0, stamps.to_le_bytes());
    head
}

/// The parts of what a checksum covered; `None` if it ends too soon, or has what is not known.
#[inline]
pub(super) fn read(covered: &[u8]) -> Option<Parts<'_>> {
    let (&[codec, has], rest) = covered.split_first_chunk()?;
    let mut fields = Fields { has, rest };
    let age = u64::from_le_bytes(fields.take([0; 8])?);
    let usable = fields.take(NONE.to_le_bytes())?;
    let fresh = u64::from_le_bytes(fields.take(usable)?);
    let [compressor] = fields.take([0])?;
    let [cipher, key_id @ ..] = fields.take([0; 5])?;
    let schema = u64::from_le_bytes(fields.take([0; 8])?);
    let stamps = u16::from_le_bytes(fields.take([0; 2])?);
    let Fields { has: 0, rest } = fields else { return None };
    let (stamps, payload) = rest.split_at_checked(8 * usize::from(stamps))?;
    let stamps = stamps.as_chunks().0;
    let words = || Arc::new(stamps.iter().map(|stamp| u64::from_le_bytes(*stamp)).collect());
    let stamps = (!stamps.is_empty()).then(words);
    let label = Label { codec, compressor, cipher, key_id: u32::from_le_bytes(key_id), schema, stamps };
    Some(Parts { times: Times { age, fresh, usable: u64::from_le_bytes(usable) }, label, payload })
}

/// A head that is being written.
pub(super) struct Head {
    bytes: [u8; LONGEST],
    length: usize,
    /// Of the next field.
    bit: u8,
}

impl Head {
    /// Writes the next field, if it is there.
    fn put<const N: usize>(&mut self, is_there: bool, field: [u8; N]) {
        if is_there {
            self.bytes[1] |= self.bit;
            self.bytes[self.length..self.length + N].copy_from_slice(&field);
            self.length += N;
        }
        self.bit <<= 1;
    }
}

impl std::ops::Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A head that is being read.
struct Fields<'a> {
    /// Which of the fields to come are there; the next one's bit is the lowest.
    has: u8,
    rest: &'a [u8],
}

impl Fields<'_> {
    /// The next field, `absent` if it is not there; `None` if the bytes end before it does.
    #[inline]
    fn take<const N: usize>(&mut self, absent: [u8; N]) -> Option<[u8; N]> {
        let is_there = self.has & 1 == 1;
        self.has >>= 1;
        if !is_there {
            return Some(absent);
        }
        let (field, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*field)
    }
}
