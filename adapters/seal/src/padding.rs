//! Lengths that say less: `Padding`.

use std::borrow::Cow;

/// What a length is rounded up to before a value is sealed, so that it tells less of the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// Not at all: the length of what is sealed can be seen.
    #[default]
    None,
    /// By at most 12 %, less for large values, so that lengths tell only O(log log n) bits (Nikitin et al., "Reducing
    /// Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019).
    Padme,
    /// To the next power of two: at most twice as long, and 30 lengths in all.
    PowersOfTwo,
}

/// Ends a value; what follows are zeros.
const END: u8 = 0x80;

impl Padding {
    /// The length of `length` bytes with their end and their padding, if they have any.
    fn length(self, length: usize) -> usize {
        let marked = length.saturating_add(1);
        match self {
            Self::None => length,
            Self::Padme => padme(marked),
            Self::PowersOfTwo => marked.checked_next_power_of_two().unwrap_or(usize::MAX),
        }
    }

    /// The bytes with their end and their padding; as they are if they have none.
    #[inline]
    pub(crate) fn padded(self, plain: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::None {
            return Cow::Borrowed(plain);
        }
        let length = self.length(plain.len());
        let mut padded = Vec::with_capacity(length);
        padded.extend_from_slice(plain);
        padded.push(END);
        padded.resize(length, 0);
        Cow::Owned(padded)
    }
}

/// Takes end and padding off; `false` if there are none.
pub(crate) fn unpad(bytes: &mut Vec<u8>) -> bool {
    match bytes.iter().rposition(|byte| *byte != 0) {
        Some(end) if bytes[end] == END => {
            bytes.truncate(end);
            true
        }
        _ => false,
    }
}

/// Keeps as many leading bits of a length as its exponent has bits, and rounds up the rest.
fn padme(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| *exponent > 0) else { return length };
    let kept = exponent.ilog2() + 1;
    let mask = (1_usize << (exponent - kept.min(exponent))) - 1;
    length.checked_add(mask).map_or(usize::MAX, |length| length & !mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_as_the_scheme_says() {
        assert_eq!([0, 7, 100].map(|length| Padding::None.length(length)), [0, 7, 100]);
        assert_eq!(
            [0, 2, 3, 4, 1_000].map(|length| Padding::PowersOfTwo.length(length)),
            [1, 4, 4, 8, 1_024]
        );
        assert_eq!([1, 2, 9, 10, 100, 1_000].map(padme), [1, 2, 10, 10, 104, 1_024]);
        assert_eq!(Padding::PowersOfTwo.length(usize::MAX), usize::MAX);
        assert_eq!(Padding::Padme.length(usize::MAX), usize::MAX);
    }

    #[test]
    fn padme_adds_at_most_an_eighth_and_never_takes() {
        for length in 1..100_000 {
            let padded = padme(length);
            assert!(padded >= length && (padded - length) * 8 <= length, "{length} to {padded}");
        }
    }

    #[test]
    fn what_was_padded_comes_back_whatever_its_end() {
        for tail in [&[][..], &[0], &[0x80], &[0x80, 0, 0], &[1]] {
            let value = [b"value".as_slice(), tail].concat();
            for padding in [Padding::Padme, Padding::PowersOfTwo] {
                let mut padded = padding.padded(&value).into_owned();
                assert_eq!(padded.len(), padding.length(value.len()));
                assert!(unpad(&mut padded));
                assert_eq!(padded, value);
            }
            assert_eq!(Padding::None.padded(&value), value);
        }
        assert!(!unpad(&mut Vec::new()) && !unpad(&mut vec![0, 0]) && !unpad(&mut vec![0x80, 1]));
    }
}
