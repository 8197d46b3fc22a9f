//! Decimal numbers, eight digits at a time.

/// One bit in each byte of a word.
const LOWEST: u64 = 0x0101_0101_0101_0101;

/// All numbers of so many digits fit into 64 bits.
const FITTING: usize = 19;

const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number that `bytes` begin with, and how many digits it has. `None` if there is no digit, if it may be too large,
/// or if fewer than eight bytes follow its last whole eight digits: then others must look more closely.
#[inline]
pub(super) fn leading(bytes: &[u8]) -> Option<(u64, usize)> {
    let (mut number, mut length) = (0, 0);
    loop {
        let (part, digits) = eight(*bytes.get(length..)?.first_chunk()?);
        length += digits;
        if length > FITTING {
            return None;
        }
        number = number * POWERS[digits] + part;
        if digits < 8 {
            return (length > 0).then_some((number, length));
        }
    }
}

/// The number of the digits before anything else, and how many there are.
#[inline]
fn eight(bytes: [u8; 8]) -> (u64, usize) {
    let values = u64::from_le_bytes(bytes) ^ (LOWEST * u64::from(b'0'));
    // The highest bit of each byte above 9; what carries goes to those behind it, which don't matter.
    let others = (values.wrapping_add(LOWEST * 0x76) | values) & (LOWEST << 7);
    let digits = others.trailing_zeros() / 8;
    // The digits move to the end, zeros before them; then pairs are put together, and pairs of pairs.
    let ones = values.checked_shl(64 - 8 * digits).unwrap_or(0);
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000 << 32 | 1) >> 32, digits as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_read_up_to_whatever_follows_it(
            number in 0..10_u64.pow(19), shift in 0..64_u32, zeros in 0..4_usize, after in any::<[u8; 8]>(),
        ) {
            prop_assume!(!after[0].is_ascii_digit());
            let text = format!("{}{}", "0".repeat(zeros), number >> shift);
            let bytes = [text.as_bytes(), &after].concat();
            let fits = text.len() <= FITTING;
            prop_assert_eq!(leading(&bytes), fits.then_some((number >> shift, text.len())));
        }
    }

    #[test]
    fn what_is_no_number_or_may_be_cut_off_is_left_to_others() {
        for bytes in [
            &b""[..],
            b"1234567",
            b"12345678",
            b"12345678 234567",
            b" 1234567",
            b"-1234567",
            b"/1234567",
            b":1234567",
        ] {
            assert_eq!(leading(bytes), None);
        }
        assert_eq!(leading(b"12345678 2345678"), Some((12_345_678, 8)));
    }
}
