//! A sum that tells damaged bytes from whole ones. It keeps out accidents, not forgers.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum of `bytes` after a sum of what was before them.
///
/// Each word of eight bytes goes through a step that has an inverse, so damage within one word always changes the sum;
/// other damage does but for one chance in 2⁶⁴.
pub(super) fn checksum(before: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let step = |sum: u64, word: u64| ((sum ^ word).wrapping_mul(MULTIPLIER)).rotate_left(29);
    let sum = words.iter().fold(before, |sum, word| step(sum, u64::from_le_bytes(*word)));
    step(step(sum, u64::from_le_bytes(last)), bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_byte_and_every_lost_one_changes_the_sum() {
        let bytes: Vec<u8> = (0..100).collect();
        let whole = checksum(1, &bytes);
        for at in 0..bytes.len() {
            assert_ne!(checksum(1, &bytes[..at]), whole);
            for flip in 1..=u8::MAX {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                assert_ne!(checksum(1, &damaged), whole);
            }
        }
    }

    #[test]
    fn zeros_at_the_end_count() {
        assert_ne!(checksum(0, &[0; 3]), checksum(0, &[0; 4]));
        assert_ne!(checksum(0, &[0; 8]), checksum(0, &[0; 16]));
    }
}
